"""The month on one page for the program team: read, print, write what comes next, and hand out a read-only address."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from vocero.company.queries import company_day, house, main_program
from vocero.lib.clock import now
from vocero.lib.periods import Period, PeriodKind
from vocero.measurement import services
from vocero.measurement.models import ReportLink
from vocero.web.access import manager, signed_in
from vocero.web.month import month_context

_NEW_ADDRESS = "report_address"


@manager
@require_safe
def month(request: HttpRequest, key: str) -> HttpResponse:
    """The page."""
    program, company, at = main_program(), house(), now()
    period = _month(key)
    languages = (request.LANGUAGE_CODE or "en", company.language)
    context = month_context(program, company, period, at=at, languages=languages) | {
        "links": ReportLink.objects.filter(
            program=program, first_on=period.first_on, revoked_at=None, expires_at__gt=at
        ).order_by("-created_at"),
        "address": request.session.pop(_NEW_ADDRESS, ""),
        "earlier": reverse("manager:month", args=[period.previous().key])
        if period.first_on > services.first_day(at)
        else "",
        "later": reverse("manager:month", args=[period.next().key])
        if period.last_on < company_day(company, at)
        else "",
        "results": f"{reverse('manager:results')}?period={period.key}",
    }
    return render(request, "manager/month.html", context)


@manager
@require_POST
def plan(request: HttpRequest, key: str) -> HttpResponse:
    """Keep what comes next."""
    services.plan_month(main_program(), _month(key), text=request.POST.get("text", ""), at=now())
    messages.success(request, _("Saved."))
    return redirect("manager:month", key)


@manager
@require_POST
def hand_out(request: HttpRequest, key: str) -> HttpResponse:
    """Make a read-only address; it is shown once, on the page that follows."""
    company = house()
    token = services.make_report_link(
        main_program(),
        _month(key),
        language=request.LANGUAGE_CODE or company.language,
        by=signed_in(request),
        at=now(),
    )
    request.session[_NEW_ADDRESS] = company.base_url.rstrip("/") + reverse("public:report", args=[token])
    return redirect("manager:month", key)


@manager
@require_POST
def end(request: HttpRequest, key: str, public_id: str) -> HttpResponse:
    """End a read-only address before its time."""
    link = ReportLink.objects.filter(public_id=public_id, program=main_program()).first()
    if link is None:
        raise Http404
    services.end_report_link(link, by=signed_in(request), at=now())
    messages.success(request, _("That address opens nothing any more."))
    return redirect("manager:month", key)


def _month(key: str) -> Period:
    try:
        period = Period.parse(key)
    except ValueError as error:
        raise Http404 from error
    today = company_day(house(), now())
    if period.kind is not PeriodKind.MONTH or period.first_on > today or period.first_on.year < 2000:
        raise Http404
    return period

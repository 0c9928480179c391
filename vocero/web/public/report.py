"""The read-only page of a month, for whoever was given its address, until it expires."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe

from vocero.company.queries import house
from vocero.lib.clock import now
from vocero.lib.periods import Period, PeriodKind
from vocero.measurement.services import report_link
from vocero.web.access import public
from vocero.web.month import month_context


@public
@require_safe
def report(request: HttpRequest, token: str) -> HttpResponse:
    """The page; an address that is over or was ended is not found."""
    at = now()
    link = report_link(token, at=at)
    if link is None:
        raise Http404
    company = house()
    month = Period.of(PeriodKind.MONTH, link.first_on)
    with translation.override(link.language):
        context = month_context(link.program, company, month, at=at, languages=(link.language, company.language)) | {
            "link": link
        }
        response = render(request, "manager/month_sheet.html", context)
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "private, no-store"
    response["Content-Language"] = link.language
    return response

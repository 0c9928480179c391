"""The guideline as everybody reads it, and the one button that accepts it."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import override
from django.views.decorators.http import require_http_methods

from vocero.company.queries import house
from vocero.lib.clock import now
from vocero.lib.text import render_markdown
from vocero.policy import queries, services
from vocero.web.access import advocate, signed_in


@advocate
@require_http_methods(["GET", "HEAD", "POST"])
def guideline(request: HttpRequest) -> HttpResponseBase:
    """Read the guideline in force; accepting it leads back to where one came from."""
    member = signed_in(request)
    current = queries.current_guideline()
    following = _next(request)
    company = house()
    language = text = ""
    if current is not None:
        languages = (request.LANGUAGE_CODE, member.language, company.language)
        language, text = queries.guideline_text(current, languages=languages, company=company.name)
    if request.method == "POST" and current is not None:
        if request.POST.get("version") == str(current.version):
            services.acknowledge(member, current, language=language, at=now())
            messages.success(request, _("Thank you. Now you can share."))
            return redirect(following or "advocate:today")
        messages.warning(request, _("The guideline has just changed. Please read the new one."))
    with override(language or request.LANGUAGE_CODE):
        html = render_markdown(text)
    return render(
        request,
        "advocate/guideline.html",
        {
            "guideline": current,
            "html": html,
            "text_language": language,
            "asks": current is not None and queries.guideline_to_accept(member) is not None,
            "following": following,
            "has_older": current is not None and current.version > 1,
        },
    )


def _next(request: HttpRequest) -> str:
    """Give the page to go back to, if it is one of ours."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()) else ""

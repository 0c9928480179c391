"""Privacy in plain words: what is kept, who sees what, and who could read the database."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from vocero.company.queries import installation
from vocero.web.access import public

_LONGEST_MONTH = 31


@public
def page(request: HttpRequest) -> HttpResponse:
    """The page that every footer leads to."""
    days = settings.VOCERO_RAW_CLICK_DAYS
    context = {
        "company": installation(),
        "raw_days": days,
        "most_days": days + _LONGEST_MONTH,
        "keeps_clicks": settings.VOCERO_OLD_CLICKS == "archive",
    }
    return render(request, "public/privacy.html", context)

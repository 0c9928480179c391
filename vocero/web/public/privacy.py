"""Privacy in plain words: what is kept, who sees what, and who could read the database."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from vocero.company.queries import installation
from vocero.web.access import public


@public
def page(request: HttpRequest) -> HttpResponse:
    """The page that every footer leads to."""
    company = installation()
    return render(
        request, "public/privacy.html", {"raw_days": company.raw_click_days if company else 90, "company": company}
    )

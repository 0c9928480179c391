"""Switches the language of the pages, for whoever reads them."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from vocero.people.models import Member
from vocero.web.access import public
from vocero.web.public.sign_in import next_url

YEAR = 365 * 24 * 3600


@public
@require_POST
def switch(request: HttpRequest) -> HttpResponse:
    """Keep the chosen language in a cookie, and for a member who is signed in also as theirs."""
    response = redirect(next_url(request) or "public:home")
    language = request.POST.get("language", "")
    if language in dict(settings.LANGUAGES):
        if isinstance(request.user, Member):
            Member.objects.filter(pk=request.user.pk).update(language=language)
        keep_language(response, language)
    return response


def keep_language(response: HttpResponse, language: str) -> None:
    """Let this device go on in a language."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        language,
        max_age=YEAR,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )

"""Each page in the reader's own language and time zone."""

import zoneinfo
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from vocero.company.revisions import seen


class PersonalMiddleware:
    """Activate language (member's, cookie's, browser's, company's) and time zone (member's, company's)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.seen = seen()  # type: ignore[attr-defined]
        house = request.seen.installation  # type: ignore[attr-defined]
        language = _language(request, house.language if house else "en")
        zone = getattr(request.user, "time_zone", "") or (house.time_zone if house else "UTC")
        with translation.override(language):
            request.LANGUAGE_CODE = language
            try:
                timezone.activate(zoneinfo.ZoneInfo(zone))
            except (zoneinfo.ZoneInfoNotFoundError, ValueError):
                timezone.deactivate()
            try:
                response = self.get_response(request)
            finally:
                timezone.deactivate()
        response.headers.setdefault("Content-Language", language)
        return response


def _language(request: HttpRequest, fallback: str) -> str:
    offered = dict(settings.LANGUAGES)
    for wanted in (getattr(request.user, "language", ""), request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")):
        if wanted in offered:
            return wanted
    if request.headers.get("Accept-Language"):
        return translation.get_language_from_request(request)
    return fallback if fallback in offered else "en"

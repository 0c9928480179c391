"""Lets a signed-in page leave its visitor's key of the day, so that people's clicks on their own links do not count."""

from collections.abc import Callable
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from vocero.lib import clock
from vocero.people.models import Member
from vocero.tracking.services import remember_visitor
from vocero.tracking.visitors import client_address
from vocero.web.context import seen_by

_MOST_KEPT: Final = 10_000


class OwnVisitMiddleware:
    """Once per session, browser and day it notes the visitor; what it has noted stays in this process's memory only."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        self._noted: set[tuple[str, str, str, int]] = set()

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(request.user, Member) and request.user.is_authenticated:
            self._note(request, request.user)
        return response

    def _note(self, request: HttpRequest, member: Member) -> None:
        at = clock.now()
        address = client_address(
            request.META.get("REMOTE_ADDR", ""),
            request.META.get("HTTP_X_FORWARDED_FOR"),
            settings.ENVIRONMENT.trusted_proxies,
        )
        agent = request.META.get("HTTP_USER_AGENT", "")
        # Every hour anew: the company's day may have changed, and the salt may not have been there yet.
        seen = (request.session.session_key or "", address, agent, int(at.timestamp()) // 3600)
        if seen in self._noted:
            return
        house = seen_by(request).installation
        if house is None:
            return
        if len(self._noted) >= _MOST_KEPT:
            self._noted.clear()
        self._noted.add(seen)
        remember_visitor(house, member, address=address, agent=agent, at=at)

"""How long a sign-in lasts: 90 days on a phone, a working day for those who run the program."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from vocero.lib import clock
from vocero.people.models import Member

AT_MOST: Final = timedelta(hours=12)
IDLE: Final = timedelta(hours=2)
_WRITTEN_EVERY: Final = timedelta(minutes=5)
SIGNED_IN_AT: Final = "signed_in_at"
SEEN_AT: Final = "seen_at"


class SessionLimits:
    """Ends the sessions of owners and managers after 12 hours, or 2 hours without a page; their role is asked each time."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if isinstance(request.user, Member) and request.user.runs_the_program:
            at = clock.now()
            if self._is_over(request, at):
                path = request.get_full_path() if request.method == "GET" else ""
                logout(request)
                messages.info(request, _("You were signed out because some time had passed. Please sign in again."))
                return redirect_to_login(path) if path else redirect("public:sign-in")
        return self.get_response(request)

    @staticmethod
    def _is_over(request: HttpRequest, at: datetime) -> bool:
        began, seen = _moment(request, SIGNED_IN_AT), _moment(request, SEEN_AT)
        if began is None:
            request.session[SIGNED_IN_AT] = request.session[SEEN_AT] = at.isoformat()
            return False
        if at - began > AT_MOST or (seen is not None and at - seen > IDLE):
            return True
        if seen is None or at - seen > _WRITTEN_EVERY:
            request.session[SEEN_AT] = at.isoformat()
        return False


def _moment(request: HttpRequest, name: str) -> datetime | None:
    try:
        return datetime.fromisoformat(request.session[name])
    except (KeyError, ValueError, TypeError):
        return None

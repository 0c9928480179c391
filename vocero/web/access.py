"""Who may open a page: one decorator per audience, which also marks the view so that a test can ask for it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, cast

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from vocero.people.models import Member
from vocero.sharing.feed import reader_of
from vocero.web.context import seen_by

type View = Callable[..., HttpResponseBase]

PUBLIC: Final = "public"
MEMBER: Final = "member"
ADVOCATE: Final = "advocate"
MANAGER: Final = "manager"
OWNER: Final = "owner"


def signed_in(request: HttpRequest) -> Member:
    """Give the member who is signed in; only for views that one of the decorators below guards."""
    return cast(Member, request.user)


def _guarded(audience: str, admits: Callable[[Member], bool], view: View) -> View:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        if not admits(signed_in(request)):
            raise Http404
        return view(request, *args, **kwargs)

    guarded.audience = audience  # type: ignore[attr-defined]
    return guarded


def public(view: View) -> View:
    """Anybody may open it."""

    @wraps(view)
    def open_to_all(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return view(request, *args, **kwargs)

    open_to_all.audience = PUBLIC  # type: ignore[attr-defined]
    return open_to_all


def member(view: View) -> View:
    """Every active member who is signed in, whether taking part or not."""
    return _guarded(MEMBER, lambda _: True, view)


def advocate(view: View) -> View:
    """Every signed-in member who takes part (joined or paused); others are led to the joining page."""

    @wraps(view)
    def enrolled(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        from vocero.people.queries import takes_part

        if not takes_part(signed_in(request)):
            return redirect("public:join")
        return view(request, *args, **kwargs)

    return _guarded(ADVOCATE, lambda _: True, enrolled)


class NotTakingPart(Exception):
    """The member has not joined, or left; raised by what a view of `advocate_by_itself` reads."""


def advocate_by_itself(view: View) -> View:
    """As `advocate`, for a view that reads whether its member takes part itself, together with other things."""
    return _guarded(ADVOCATE, lambda _: True, view)


def reading_advocate(view: View) -> View:
    """As `advocate`, for a view that is handed what was read of its member with the same question: `view(request, reader)`."""

    @wraps(view)
    def enrolled(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        reader = reader_of(signed_in(request), seen_by(request))
        if not reader.takes_part:
            return redirect("public:join")
        return view(request, reader, *args, **kwargs)

    return _guarded(ADVOCATE, lambda _: True, enrolled)


def manager(view: View) -> View:
    """The program team and the owner."""
    return _guarded(MANAGER, lambda who: who.runs_the_program, view)


def owner(view: View) -> View:
    """The owner alone."""
    return _guarded(OWNER, lambda who: who.role == Member.Role.OWNER, view)

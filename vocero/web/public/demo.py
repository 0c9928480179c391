"""The demo's front page: one click signs you in as an advocate, a manager or the owner. Not there outside the demo."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_GET

from vocero.lib import clock
from vocero.lib.tokens import BadToken, sign, unsign
from vocero.people.models import Member
from vocero.web.access import public

PURPOSE: Final = "demo.sign-in"
LIVES: Final = timedelta(days=30)


def sign_in_path(member: Member) -> str:
    """Give the path that signs this member in, for the demo's console and its front page."""
    return reverse("public:demo-sign-in", args=[sign(PURPOSE, member.public_id, at=clock.now())])


def demo_members() -> list[Member]:
    """Give one member for each way to look at the demo: an advocate, a manager, the owner; made by the demo itself."""
    emails = [f"{who}@velora.example" for who in ("advocate", "manager", "owner")]
    found = {member.email: member for member in Member.objects.filter(email__in=emails, is_active=True)}
    return [found[email] for email in emails if email in found]


@public
@require_GET
def choose(request: HttpRequest) -> HttpResponse:
    """Three buttons, one for each role."""
    if not settings.ENVIRONMENT.demo:
        raise Http404
    people = [(member, sign_in_path(member)) for member in demo_members()]
    return render(request, "public/demo.html", {"people": people})


@public
@require_GET
def sign_in(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in as the member of the token."""
    if not settings.ENVIRONMENT.demo:
        raise Http404
    try:
        public_id = unsign(PURPOSE, token, at=clock.now(), max_age=LIVES)
    except BadToken as error:
        raise Http404 from error
    member = next((member for member in demo_members() if member.public_id == public_id), None)
    if member is None:
        raise Http404
    logout(request)
    login(request, member, backend="vocero.web.public.reading.MemberBackend")
    return redirect("public:home")

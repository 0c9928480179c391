"""How django-allauth works here: no sign-up, no messages and mails of its own, people are found by their work e-mail."""

from datetime import timedelta
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from vocero.lib import clock
from vocero.lib.tokens import BadToken, sign, unsign
from vocero.notices import mail
from vocero.people.models import Member

LINK_PURPOSE = "web.sign-in-link"
CODE_MINUTES = 15


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Vocero's side of django-allauth."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody signs up: people are invited, imported or added."""
        return False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Send the one mail that is needed, the sign-in code, our way."""
        if template_prefix != "account/email/login_code":
            raise NotImplementedError(template_prefix)
        member = Member.objects.get(email=email.lower(), is_active=True)
        mail.send(
            member,
            kind="sign_in",
            at=clock.now(),
            context={"code": context["code"], "link": sign_in_link(member), "minutes": CODE_MINUTES},
        )

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing of allauth's own: our pages say what happened."""

    def respond_user_inactive(self, request: HttpRequest, user: Member) -> HttpResponse:
        """Somebody who was deactivated is treated like a stranger."""
        return redirect("public:sign-in")


def sign_in_link(member: Member) -> str:
    """Give the address, good for 15 minutes and one sign-in, whose page has the button that signs in."""
    return mail.base_url() + reverse("public:sign-in-link", args=[sign(LINK_PURPOSE, _state(member), at=clock.now())])


def member_of_link(token: str) -> Member | None:
    """Give the member that a link signs in; None when it is not ours, too old, or used (any sign-in uses all links up)."""
    try:
        state = unsign(LINK_PURPOSE, token, at=clock.now(), max_age=timedelta(minutes=CODE_MINUTES))
    except BadToken:
        return None
    member = Member.objects.filter(public_id=state[0], is_active=True).first() if isinstance(state, list) else None
    return member if member is not None and _state(member) == state else None


def _state(member: Member) -> list[Any]:
    last = member.last_login.isoformat() if member.last_login else ""
    return [member.public_id, member.session_epoch, last]

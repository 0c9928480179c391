"""The mails of invitations and reminders, each in the invited person's language."""

from datetime import datetime

from django.urls import reverse

from vocero.notices import mail
from vocero.notices.models import Mail
from vocero.people import invitations
from vocero.people.models import Invitation
from vocero.people.queries import enrolment_of


def send_invitation(invitation: Invitation, *, at: datetime) -> None:
    """Send an invitation that this worker has claimed; its link and its code are made now and stored as hashes only.

    Who answered in the meantime, or was deactivated, gets no mail; the row looks the same afterwards.
    """
    member = invitation.member
    if not member.is_active or enrolment_of(member, invitation.program) is not None:
        invitations.mark_sent(invitation, at=at)
        return
    key = invitations.give_key(invitation)
    outcome = mail.send(
        member,
        kind="reminder" if invitation.reminds else "invitation",
        at=at,
        context={
            "link": mail.base_url() + reverse("public:welcome", args=[key.token]),
            "code": key.code,
            "code_page": mail.base_url() + reverse("public:welcome-code"),
            "expires_at": invitation.expires_at,
        },
    )
    if outcome.state == Mail.State.REFUSED:
        invitations.mark_bounced(invitation, at=at)
    elif outcome.sent:
        invitations.mark_sent(invitation, at=at)
    else:
        invitations.mark_delayed(invitation, at=at)

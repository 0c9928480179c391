"""Leaving and deactivating a person everywhere: each package below stops what is its own."""

import json
from datetime import datetime
from typing import Final

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import models, transaction
from django.db.models import F, Value
from django.db.models.functions import Concat

from vocero.company import audit
from vocero.company.models import Program
from vocero.content.models import TopicFollow
from vocero.networks import services as networks
from vocero.networks.models import Account, NetworkChoice
from vocero.notices.models import Mail, MailboxMessage, WeeklyChoice, WeeklyMail
from vocero.people import services as people
from vocero.people.models import Enrolment, Invitation, Member, PeopleImport
from vocero.recognition.models import Note, PostThanks
from vocero.sharing import services as sharing
from vocero.sharing.models import Draft, Share
from vocero.tracking.models import OwnVisit

_DELETED: Final[tuple[tuple[type[models.Model], str], ...]] = (
    (NetworkChoice, "member"),
    (TopicFollow, "member"),
    (Draft, "member"),
    (OwnVisit, "member"),
    (Note, "author"),
    (Note, "share__member"),
    (Mail, "member"),
    (WeeklyChoice, "member"),
    (WeeklyMail, "member"),
)


def leave(member: Member, program: Program, *, language: str, at: datetime) -> Enrolment:
    """Let a member leave: the answer is recorded and everything planned is cancelled in one step; links go on working.

    Afterwards the tokens of connected accounts are destroyed. What is on its way at this moment is asked again before it
    is sent. Raises people's NotAllowed when the member does not take part.
    """
    with transaction.atomic():
        enrolment = people.leave(member, program, language=language, at=at)
        sharing.cancel_planned(member, at=at, reason="left")
    networks.disconnect_member(member, at=at)
    return enrolment


def deactivate_member(member: Member, *, actor: str, at: datetime) -> None:
    """Close a member's account: sign-in, invitations and everything planned at once, then the tokens of their accounts.

    Links of earlier shares go on working. Raises people's NotAllowed for the last owner.
    """
    with transaction.atomic():
        people.deactivate(member, actor=actor, at=at)
        sharing.cancel_planned(member, at=at, reason="deactivated")
    networks.disconnect_member(member, at=at)


@transaction.atomic
def _empty(member: Member, *, at: datetime) -> None:
    """Empty the member's row in place and everything else as the register says."""
    email = member.email or ""
    EmailAddress.objects.filter(user=member).delete()
    for model, path in _DELETED:
        model._default_manager.filter(**{path: member}).delete()
    if email:
        MailboxMessage.objects.filter(recipient__icontains=email).delete()
        _forget_in_imports(email)
    Invitation.objects.filter(member=member).update(  # that somebody was invited stays in the headcount of its days
        token_hash=Concat(Value("erased-"), F("pk"), output_field=models.CharField()), code_hash=""
    )
    Account.objects.filter(member=member).update(
        handle="", remote_id=Concat(Value("erased-"), F("pk"), output_field=models.CharField()),
        credentials=None, state=Account.State.DISCONNECTED,
    )  # fmt: skip
    Share.objects.filter(member=member).update(text="", remote_url="")
    PostThanks.objects.filter(author=member).update(text="")
    member.picked_for.clear()
    Member.objects.filter(pk=member.pk).update(
        name="", email=None, team=None, location="", country="", language="", time_zone="", job_title="",
        role=Member.Role.ADVOCATE, is_active=False, erased_at=at, password=make_password(None),
        deactivated_at=member.deactivated_at or at,
    )  # fmt: skip


def erase_member(member: Member, *, actor: str, at: datetime) -> None:
    """Erase a person: nothing is left that says who they were; their links go on working and totals stay as they are.

    Scheduled shares are cancelled and tokens destroyed first. Raises people's NotAllowed for the last owner.
    """
    if member.is_active:
        deactivate_member(member, actor=actor, at=at)
    people.end_sessions(member)
    _empty(member, at=at)
    member.refresh_from_db()
    audit.record("privacy.member_erased", actor=actor, at=at, subject=member.public_id)


def _forget_in_imports(email: str) -> None:
    for done in PeopleImport.objects.exclude(rows=[]):
        kept = [row for row in done.rows if email.lower() not in json.dumps(row, ensure_ascii=False).lower()]
        if len(kept) != len(done.rows):
            done.rows = kept
            done.save(update_fields=["rows"])

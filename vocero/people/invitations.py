"""Ways in: invitations by mail, personal links and printed codes. Opening one never uses it up; its button does."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from vocero.company import audit
from vocero.company.models import Program
from vocero.lib.ids import new_code, new_secret
from vocero.lib.tokens import fingerprint, same
from vocero.people.errors import NotAllowed, NotInvited
from vocero.people.models import Invitation, Member
from vocero.people.queries import member_by_email, unanswered

VALID_FOR: Final = timedelta(days=30)
LEASE: Final = timedelta(minutes=3)
MOST_CODE_ATTEMPTS: Final = 5
MOST_SEND_ATTEMPTS: Final = 20
_LINK: Final = "people.invitation.link"
_CODE: Final = "people.invitation.code"


@dataclass(frozen=True, slots=True)
class Key:
    """The secrets of one invitation, known only while it is being handed over: `token` for the link, six digits."""

    invitation: Invitation
    token: str
    code: str


@transaction.atomic
def invite(members: Iterable[Member], *, program: Program, actor: str, at: datetime) -> int:
    """Queue an invitation by mail for each active member who has an e-mail; gives how many were queued.

    The same for everybody, whether they answered before or not: the mail of those who did is quietly left out later.
    """
    asked = [member for member in members if member.is_active and member.email]
    Invitation.objects.bulk_create(
        [_new(member, program, Invitation.Channel.MAIL, at, due_at=at) for member in asked], batch_size=500
    )
    if asked:
        audit.record("people.invited", actor=actor, at=at, detail={"people": len(asked)})
    return len(asked)


@transaction.atomic
def remind(program: Program, *, actor: str, at: datetime) -> None:
    """Queue the one reminder for everybody who has not answered. Nobody learns who, or how many, they are."""
    Invitation.objects.bulk_create(
        [
            _new(member, program, Invitation.Channel.MAIL, at, due_at=at, reminds=True)
            for member in unanswered(program).iterator(chunk_size=2000)
        ],
        batch_size=500,
    )
    program.reminded_at = at
    program.save(update_fields=["reminded_at"])
    audit.record("people.reminded", actor=actor, at=at)


@transaction.atomic
def personal_link(member: Member, *, program: Program, channel: str, actor: str, at: datetime) -> Key:
    """Make a personal link (or the address of a printed code) that the program team hands over itself.

    Earlier unused ones of the same kind stop working. It is written into the audit log, because whoever holds the link
    can answer for that person. Raises NotAllowed for somebody who is deactivated.
    """
    if not member.is_active:
        raise NotAllowed(_("This person is deactivated. Activate them first."))
    Invitation.objects.filter(member=member, program=program, channel=channel, used_at=None).update(expires_at=at)
    invitation = _new(member, program, channel, at)
    invitation.sent_at = at
    invitation.save()
    audit.record("people.link_made", actor=actor, at=at, subject=member.public_id, detail={"channel": channel})
    return give_key(invitation)


def give_key(invitation: Invitation) -> Key:
    """Give an invitation fresh secrets; the ones before stop working. Only their keyed hashes are stored."""
    token, code = new_secret(), new_code()
    invitation.token_hash = fingerprint(_LINK, token)
    invitation.code_hash = fingerprint(_CODE, f"{invitation.pk}:{code}")
    invitation.code_attempts = 0
    invitation.save(update_fields=["token_hash", "code_hash", "code_attempts"])
    return Key(invitation, token, code)


def find(token: str) -> Invitation | None:
    """Give the invitation that a link belongs to, in whatever state; None for a link that is not ours. Writes nothing."""
    return Invitation.objects.filter(token_hash=fingerprint(_LINK, token)).select_related("member", "program").first()


def is_open(invitation: Invitation, *, at: datetime) -> bool:
    """Whether its button still lets in: not used, not expired, its member active."""
    return invitation.used_at is None and invitation.expires_at > at and invitation.member.is_active


def use(invitation: Invitation, *, at: datetime) -> Member:
    """Use an invitation up and give the member to sign in. Raises NotInvited when it was used, has expired, or both.

    Two presses at the same moment: one of them gets in.
    """
    taken = Invitation.objects.filter(pk=invitation.pk, used_at=None, expires_at__gt=at, member__is_active=True).update(
        used_at=at
    )
    if not taken:
        raise NotInvited(_("This link was used already or is too old. Sign in with a code by mail instead."))
    return invitation.member


def use_code(email: str, code: str, *, at: datetime) -> Member:
    """Use up the invitation of this e-mail whose six digits these are, and give its member.

    Raises NotInvited with one sentence for every reason, so that nobody learns which addresses are known.
    """
    refused = NotInvited(
        _("This code does not fit. Check the six digits in your newest invitation, or sign in with a code by mail."),
        field="code",
    )
    member = member_by_email(email)
    digits = "".join(sign for sign in code if sign.isdigit())
    newest = (
        Invitation.objects.filter(member=member, used_at=None, expires_at__gt=at, sent_at__isnull=False)
        .exclude(code_hash="")
        .order_by("-pk")
        .first()
        if member
        else None
    )
    given = fingerprint(_CODE, f"{newest.pk if newest else 0}:{digits}")
    if newest is None or member is None:
        raise refused
    counted = Invitation.objects.filter(pk=newest.pk, code_attempts__lt=MOST_CODE_ATTEMPTS).update(
        code_attempts=F("code_attempts") + 1
    )
    if not counted or not same(given, newest.code_hash):
        raise refused
    newest.member = member
    return use(newest, at=at)


@transaction.atomic
def renew(invitation: Invitation, *, at: datetime) -> None:
    """Send the member a new invitation because the old one has expired; at most one is on its way at a time.

    Its page says the same whether or not this did anything.
    """
    member = invitation.member
    waiting = Invitation.objects.filter(member=member, program=invitation.program, due_at__isnull=False, sent_at=None)
    fresh = Invitation.objects.filter(
        member=member, program=invitation.program, created_at__gt=at - timedelta(minutes=10)
    )
    if member.is_active and member.email and not waiting.filter(bounced_at=None).exists() and not fresh.exists():
        renewed = _new(member, invitation.program, Invitation.Channel.MAIL, at, due_at=at)
        renewed.renews = True
        renewed.save()


def claim(invitation: Invitation, *, at: datetime) -> bool:
    """Take an invitation whose mail is due, for one worker alone and for three minutes."""
    free = Q(lease_until=None) | Q(lease_until__lte=at)
    taken = Invitation.objects.filter(free, pk=invitation.pk, sent_at=None, bounced_at=None).update(
        lease_until=at + LEASE, attempts=F("attempts") + 1
    )
    return bool(taken)


def mark_sent(invitation: Invitation, *, at: datetime) -> None:
    """Its mail is out (or was left out because the member answered already)."""
    Invitation.objects.filter(pk=invitation.pk).update(sent_at=at, lease_until=None)


def mark_bounced(invitation: Invitation, *, at: datetime) -> None:
    """The member's mail server refused the address for good."""
    Invitation.objects.filter(pk=invitation.pk).update(bounced_at=at, lease_until=None)


def mark_delayed(invitation: Invitation, *, at: datetime) -> None:
    """It did not get out now; it is tried again, later each time (5 minutes, doubled up to 3 hours), then given up."""
    attempts = Invitation.objects.values_list("attempts", flat=True).get(pk=invitation.pk)
    if attempts >= MOST_SEND_ATTEMPTS:
        mark_bounced(invitation, at=at)
        return
    wait = timedelta(minutes=min(5 * 2 ** (attempts - 1), 180))
    Invitation.objects.filter(pk=invitation.pk).update(due_at=at + wait, lease_until=None)


def _new(
    member: Member,
    program: Program,
    channel: str,
    at: datetime,
    *,
    due_at: datetime | None = None,
    reminds: bool = False,
) -> Invitation:
    """An invitation with a secret that nobody knows yet; `give_key` replaces it when it is handed over."""
    return Invitation(
        member=member,
        program=program,
        channel=channel,
        token_hash=fingerprint(_LINK, new_secret()),
        created_at=at,
        due_at=due_at,
        expires_at=at + VALID_FOR,
        reminds=reminds,
    )

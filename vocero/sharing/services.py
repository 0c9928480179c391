"""Writes shares: share, schedule, edit, cancel, confirm a handoff and take down."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from vocero.company.queries import company_day, house
from vocero.content.models import Caption, Post, PostImage
from vocero.lib.errors import Refusal
from vocero.lib.periods import moment_of
from vocero.networks.models import Account
from vocero.networks.registry import get_network
from vocero.people.models import Enrolment, Member
from vocero.sharing import frozen, links
from vocero.sharing.models import Share

UNDO = timedelta(seconds=10)
MOST_DAYS_AHEAD = 31
PRACTICE = "practice"

State = Share.State
Channel = Share.Channel


class NotShared(Refusal):
    """The share could not be made; nothing was stored and nothing was sent."""


class NotNow(Refusal):
    """The share is in a state in which this cannot be done any more."""


class Answer(StrEnum):
    """What an advocate says when asked whether a handoff is out."""

    YES = "yes"
    NOT_NOW = "not_now"
    DID_NOT_POST = "did_not_post"


@dataclass(frozen=True, slots=True)
class Later:
    """When a share is meant to go out: the clock on the wall (without zone) and the zone's name."""

    wall: datetime
    zone: str

    @property
    def moment(self) -> datetime:
        """The moment in UTC: a skipped hour gives the first moment after it, a doubled one counts once."""
        return moment_of(self.wall, ZoneInfo(self.zone))


def share_post(
    member: Member,
    post: Post,
    *,
    network: str,
    text: str,
    at: datetime,
    language: str = "",
    caption: Caption | None = None,
    account: Account | None = None,
    images: Sequence[PostImage] = (),
    later: Later | None = None,
    personalized: bool = False,
    disclosed: bool = True,
) -> Share:
    """Make a share with its frozen columns and its link, and put it in the queue or begin the handoff.

    With an account the share is planned: `at` plus ten seconds to undo, or `later` (at most 31 days ahead, in the
    member's zone, before the post expires). Without one it is a handoff, `started`. On the practice network it is done
    at once, without a link and without a day, so that no figure ever counts it.
    Raises NotShared with a sentence for the person.
    """
    _refuse_outsiders(member, post)
    _refuse_gone(post, at)
    channel = _channel(network, account)
    due_at = _due_at(post, later, at=at) if channel == Channel.API else None
    with transaction.atomic():
        share = Share.objects.create(
            **frozen.dimensions(member, post, language=language or (caption.language if caption else post.language)),
            member=member,
            post=post,
            caption=caption,
            account=account if channel == Channel.API else None,
            network=network,
            channel=channel,
            state={Channel.API: State.PLANNED, Channel.HANDOFF: State.STARTED, Channel.PRACTICE: State.SENT}[channel],
            text=text,
            personalized=personalized,
            disclosed=disclosed,
            created_at=at,
            due_at=due_at,
            due_wall=later.wall.strftime("%Y-%m-%dT%H:%M") if later and due_at else "",
            due_zone=later.zone if later and due_at else "",
            key=get_network(network).new_key(at) if channel == Channel.API else "",
        )
        share.images.set(images)
        if post.url and channel != Channel.PRACTICE:
            links.make_link(share, at=at)
    return share


def cancel_share(share: Share, *, at: datetime) -> None:
    """Cancel a planned share; its record stays. Raises NotNow when it is already on its way."""
    planned = Share.objects.filter(pk=share.pk, state=State.PLANNED)
    if not planned.update(state=State.CANCELLED, ended_at=at, reason="by_member"):
        raise NotNow(_("It is already on its way. Look at it under My shares: you can take it down there."))
    share.refresh_from_db()


def cancel_planned(member: Member, *, at: datetime, reason: str) -> int:
    """Cancel everything that a member has planned (they left, or were deactivated); gives how many there were."""
    return Share.objects.filter(member=member, state=State.PLANNED).update(
        state=State.CANCELLED, ended_at=at, reason=reason
    )


def schedule(share: Share, *, later: Later, at: datetime) -> None:
    """Move a planned share to another time. Raises NotShared for a time that cannot be, NotNow when it is on its way."""
    due_at = _due_at(share.post, later, at=at)
    moved = Share.objects.filter(pk=share.pk, state=State.PLANNED).update(
        due_at=due_at, due_wall=later.wall.strftime("%Y-%m-%dT%H:%M"), due_zone=later.zone
    )
    if not moved:
        raise NotNow(_("It is already on its way, so its time cannot be changed any more."))
    share.refresh_from_db()


def confirm_handoff(share: Share, answer: str, *, at: datetime) -> None:
    """Record what the advocate says about a handoff: it is out (self-reported), not now, or did not post."""
    waiting = Share.objects.filter(pk=share.pk, channel=Channel.HANDOFF, state__in=[State.STARTED, State.NOT_POSTED])
    match Answer(answer):
        case Answer.YES:
            _count(waiting, Share.Certainty.SELF_REPORTED, at=at)
        case Answer.DID_NOT_POST:
            waiting.update(state=State.NOT_POSTED, asked_at=at, ended_at=at)
        case Answer.NOT_NOW:
            waiting.filter(state=State.STARTED).update(asked_at=at)
    share.refresh_from_db()


def confirm_by_click(share: Share, *, at: datetime) -> bool:
    """Take a valid click that is not the advocate's own as proof that a share is out; gives whether that was new.

    A handoff that nobody confirmed, and a sending whose outcome was unclear, become measured shares at the click's
    moment. Calling it again, or for a share that is out already, changes nothing.
    """
    unproven = Share.objects.filter(
        Q(channel=Channel.HANDOFF, state__in=[State.STARTED, State.NOT_POSTED])
        | Q(channel=Channel.API, state=State.UNCONFIRMED),
        pk=share.pk,
    )
    return _count(unproven, Share.Certainty.MEASURED, at=at)


def _count(shares: QuerySet[Share], certainty: str, *, at: datetime) -> bool:
    """Make a share that is known to be out one that counts, from this moment and day on."""
    return bool(
        shares.update(
            state=State.SENT,
            certainty=certainty,
            out_at=at,
            day_on=company_day(house(), at),
            ended_at=None,
            reason="",
        )
    )


def _channel(network: str, account: Account | None) -> Share.Channel:
    if network == PRACTICE:
        return Channel.PRACTICE
    return Channel.API if account is not None else Channel.HANDOFF


def _refuse_outsiders(member: Member, post: Post) -> None:
    enrolment = Enrolment.objects.filter(member=member, program=post.program).first()
    if enrolment is None or enrolment.state not in {Enrolment.State.JOINED, Enrolment.State.PAUSED}:
        raise NotShared(_("Join first, then you can share."))
    if enrolment.state == Enrolment.State.PAUSED:
        raise NotShared(_("You are taking a break. End it under Me, then share. Your text is kept."))
    if not member.is_active:
        raise NotShared(_("This account is closed."))


def _refuse_gone(post: Post, at: datetime) -> None:
    if post.state != Post.State.OFFERED or (post.expires_at is not None and post.expires_at <= at):
        raise NotShared(_("This post is not offered any more. Your text is kept in case it returns."))


def _due_at(post: Post, later: Later | None, *, at: datetime) -> datetime:
    if later is None:
        return at + UNDO
    if later.moment <= at:
        raise NotShared(_("This moment is over. Choose a later one, or share it now."), field="when")
    if later.moment > at + timedelta(days=MOST_DAYS_AHEAD):
        raise NotShared(_("Choose a moment within the next %(days)s days."), field="when", days=MOST_DAYS_AHEAD)
    if post.expires_at is not None and later.moment >= post.expires_at:
        raise NotShared(_("This post ends before that. Choose an earlier moment."), field="when")
    return later.moment

"""Writes what becomes of shares: cancelled, confirmed, cleared up and taken down."""

from datetime import datetime
from enum import StrEnum

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from vocero.company.queries import company_day, house
from vocero.networks import services as networks
from vocero.networks.base import NetworkError, Reconnect, Refused
from vocero.networks.queries import label_of
from vocero.people.models import Member
from vocero.sharing.models import Share
from vocero.sharing.refusals import NotNow

State = Share.State
Channel = Share.Channel


class Answer(StrEnum):
    """What an advocate says when asked whether a handoff is out."""

    YES = "yes"
    NOT_NOW = "not_now"
    DID_NOT_POST = "did_not_post"


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


def clear_up(share: Share, *, is_out: bool, at: datetime) -> None:
    """Record what the advocate saw of a share whose sending was unclear: it is there (self-reported), or it is not."""
    unclear = Share.objects.filter(pk=share.pk, state=State.UNCONFIRMED)
    if is_out:
        _count(unclear, Share.Certainty.SELF_REPORTED, at=at)
    else:
        unclear.update(state=State.FAILED, ended_at=at, reason="not_there")
    share.refresh_from_db()


def doubt_what_was_due(*, until: datetime) -> int:
    """In a restored copy: call every planned share that was due by now not confirmed; gives how many.

    Since the copy was made it may have gone out. Nobody can tell, so it is not sent, and its advocate is asked to look.
    """
    due = Share.objects.filter(channel=Channel.API, state=State.PLANNED, due_at__lte=until)
    return due.update(state=State.UNCONFIRMED, lease_until=None, reason="")


def withdraw_share(share: Share, *, at: datetime) -> None:
    """Take a share down: on the network where it lets us, else on the advocate's word that they did it themselves.

    Its link goes on leading to the post, its clicks stay counted. Raises NotNow with what to do when the network does
    not answer, wants the account connected again, or does not let us.
    """
    if share.state not in {State.SENT, State.UNCONFIRMED}:
        raise NotNow(_("There is nothing to take down."))
    if share.channel == Channel.API and share.remote_id:
        _take_down(share, at)
    Share.objects.filter(pk=share.pk).update(state=State.WITHDRAWN, ended_at=at, engagement_due_at=None)
    share.refresh_from_db()


def _take_down(share: Share, at: datetime) -> None:
    network = label_of(share.network)
    try:
        networks.withdraw(share.network, account=share.account, remote_id=share.remote_id, at=at)
    except Reconnect as error:
        raise NotNow(
            _(
                "%(network)s does not let us in any more. Connect your account again under Me, or delete it there yourself."
            ),
            network=network,
        ) from error
    except Refused as error:
        if error.reason == "gone":
            return
        raise NotNow(
            _("%(network)s does not let us delete it. Open it there and delete it yourself."), network=network
        ) from error
    except NetworkError as error:
        raise NotNow(_("%(network)s does not answer just now. Try again in a few minutes."), network=network) from error

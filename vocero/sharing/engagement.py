"""Reads how a share is received, once a day, in totals only; it ends two weeks after the last change."""

import logging
from datetime import datetime, timedelta
from typing import Final

from vocero.company.models import Installation
from vocero.company.queries import company_day, house
from vocero.networks import services as networks
from vocero.networks.base import Engagement, Reconnect, Refused, TryLater, Unclear
from vocero.networks.models import Account
from vocero.networks.registry import UnknownNetwork
from vocero.sharing.models import EngagementReading, Share

logger = logging.getLogger(__name__)

EVERY: Final = timedelta(days=1)
QUIET: Final = timedelta(days=14)
"""After so long without a change nothing more is asked (Haiilo's habit, H9 of our research)."""
AGAIN: Final = timedelta(hours=2)
BATCH: Final = 50


def read_due(at: datetime) -> int:
    """Read the totals of up to 50 shares whose turn it is; gives how many were asked about.

    A server that does not answer is left alone for the rest of the batch.
    """
    company = house()
    due = Share.objects.filter(
        engagement_due_at__lte=at, state=Share.State.SENT, account__state=Account.State.CONNECTED
    )
    asked, silent = 0, set[tuple[str, str]]()
    for share in due.select_related("account").order_by("engagement_due_at")[:BATCH]:
        account = share.account
        if account is None or not _take(share, at):
            continue
        asked += 1
        if (account.network, account.instance) in silent:
            _ask_again(share, at + AGAIN)
        elif not _read(share, account, company, at):
            silent.add((account.network, account.instance))
    return asked


def _take(share: Share, at: datetime) -> bool:
    """Claim the reading by moving the row's next one; of many workers one succeeds."""
    mine = Share.objects.filter(pk=share.pk, engagement_due_at=share.engagement_due_at)
    return bool(mine.update(engagement_due_at=at + EVERY))


def _read(share: Share, account: Account, company: Installation, at: datetime) -> bool:
    """Ask about one share and keep the answer; gives whether its server answered."""
    try:
        told = networks.read_engagement(share.network, account=account, remote_id=share.remote_id, at=at)
    except (TryLater, Unclear) as error:
        after = getattr(error, "after", None) or AGAIN
        _ask_again(share, at + max(after, AGAIN))
        return False
    except Reconnect:
        return True
    except (Refused, UnknownNetwork) as error:
        logger.info("no more readings of a share on %s: %s", share.network, type(error).__name__)
        _ask_again(share, None)
        return True
    if told is not None:
        _keep(share, told, company, at)
    _rest(share, at)
    return True


def _keep(share: Share, told: Engagement, company: Installation, at: datetime) -> None:
    """Store the day's reading, and when the totals last changed."""
    totals = {"reactions": told.reactions, "comments": told.comments, "reshares": told.reshares}
    last = share.engagement_readings.order_by("-day_on").values("reactions", "comments", "reshares").first()
    if last != totals and (last is not None or any(totals.values())):
        share.engagement_changed_at = at
        Share.objects.filter(pk=share.pk).update(engagement_changed_at=at)
    EngagementReading.objects.update_or_create(
        share=share, day_on=company_day(company, at), defaults={**totals, "read_at": at}
    )


def _rest(share: Share, at: datetime) -> None:
    """Ask no more once nothing has changed for two weeks."""
    last = share.engagement_changed_at or share.out_at
    if last is not None and at - last >= QUIET:
        _ask_again(share, None)


def _ask_again(share: Share, at: datetime | None) -> None:
    Share.objects.filter(pk=share.pk).update(engagement_due_at=at)

"""Due work of networks: keep connections alive, read followers, destroy the tokens of people who are gone."""

import logging
from datetime import datetime, timedelta

from django.db.models import Q

from vocero.networks import services
from vocero.networks.base import NetworkError, Reconnect, Unclear
from vocero.networks.models import Account
from vocero.networks.registry import UnknownNetwork, networks
from vocero.networks.services import REFRESH_FLOOR, disconnect_account, read_audience, refresh_account

logger = logging.getLogger(__name__)

REFRESH_BEFORE = timedelta(days=45)
"""A connection that ends within this time is refreshed, so that one that is never used stays alive too."""
RETRY_REFRESH = timedelta(days=1)
READ_FOLLOWERS = timedelta(days=1)
_BATCH = 20


def refresh_due_tokens(at: datetime) -> int:
    """Refresh connections that would end within 45 days, each at most once a day; gives how many were tried."""
    tried_before = Q(refresh_started_at=None) | Q(refresh_started_at__lte=at - max(RETRY_REFRESH, REFRESH_FLOOR))
    due = Account.objects.filter(
        tried_before, state=Account.State.CONNECTED, expires_at__lte=at + REFRESH_BEFORE, member__is_active=True
    ).order_by("expires_at")[:_BATCH]
    accounts = list(due)
    for account in accounts:
        try:
            refresh_account(account, at=at)
        except (NetworkError, UnknownNetwork) as error:
            logger.info("a connection to %s was not refreshed: %s", account.network, type(error).__name__)
    return len(accounts)


def read_followers(at: datetime) -> int:
    """Ask networks once a day for the followers of connected accounts; gives how many were asked."""
    telling = [network.name for network in networks() if network.tells_followers]
    is_due = Q(followers_due_at=None) | Q(followers_due_at__lte=at)
    due = Account.objects.filter(is_due, state=Account.State.CONNECTED, network__in=telling, member__is_active=True)
    asked = 0
    for account in due.select_related("member").order_by("followers_due_at", "pk")[:_BATCH]:
        claimed = Account.objects.filter(is_due, pk=account.pk).update(followers_due_at=at + READ_FOLLOWERS)
        if not claimed:
            continue
        asked += 1
        try:
            read_audience(account, at=at)
        except NetworkError as error:
            if not isinstance(error, Reconnect | Unclear):
                logger.info("%s did not tell its followers: %s", account.network, type(error).__name__)
    return asked


def disconnect_departed(at: datetime) -> int:
    """Destroy the tokens of members who were deactivated or erased; gives how many accounts there were."""
    gone = Q(member__is_active=False) | Q(member__erased_at__isnull=False)
    accounts = list(Account.objects.filter(gone).exclude(state=Account.State.DISCONNECTED)[:_BATCH])
    for account in accounts:
        disconnect_account(account, at=at)
    return len(accounts)


def rotate_keys(at: datetime) -> int:
    """Move credentials to the newest key of the ring, so that older ones can be taken off it; gives how many moved."""
    return services.rotate_keys()

"""Act on networks with a member's account: post, look, take down, read; credentials are refreshed on the way."""

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from django.db.models import Q

from vocero.networks import vault
from vocero.networks.base import (
    ATTEMPT_SECONDS,
    Channel,
    Draft,
    Engagement,
    Login,
    Published,
    Reconnect,
    Refused,
    TryLater,
    Unclear,
)
from vocero.networks.models import Account, Audience
from vocero.networks.registry import get_network
from vocero.networks.services.audience import keep_followers

REFRESH_FLOOR = timedelta(minutes=10)
"""Between two refreshes of an account: a network that keeps saying "expired" must not become a loop."""
_REFRESH_RUNS = timedelta(seconds=90)
_SOON = timedelta(seconds=30)
_READING_SECONDS = 10.0  # one slow server must not hold up what is read from others


def publish(
    network: str, *, account: Account | None, draft: Draft, key: str, at: datetime, ends: float | None = None
) -> Published:
    """Post a draft within 30 seconds, and not after `ends` (of `time.monotonic`). Raises TryLater, Reconnect, Refused or Unclear.

    `account` is None on the practice network only. A lapsed token is refreshed on the way; an account that must be
    connected again is marked so.
    """
    adapter = get_network(network)
    return act(network, account, lambda login: adapter.publish(login, draft, key), at=at, ends=ends)


def find(
    network: str,
    *,
    account: Account | None,
    draft: Draft,
    key: str,
    first_sent_at: datetime,
    at: datetime,
    ends: float | None = None,
) -> Published | None:
    """Say what became of an unclear attempt: the post, or None when it is certainly not there.

    Raises Unclear when that cannot (any more) be told, else as `publish`. Not to be asked before
    `retry.settles_after` has passed since the attempt began.
    """
    adapter = get_network(network)
    if not adapter.retry.can_find(first_sent_at=first_sent_at, at=at):
        raise Unclear
    return act(network, account, lambda login: adapter.find(login, draft, key), at=at, ends=ends)


def withdraw(network: str, *, account: Account | None, remote_id: str, at: datetime) -> None:
    """Take a post down. Raises TryLater, Reconnect, or Refused("unsupported") where the network does not let us."""
    adapter = get_network(network)
    if not adapter.withdraws:
        raise Refused("unsupported")
    act(network, account, lambda login: adapter.withdraw(login, remote_id), at=at)


def read_engagement(network: str, *, account: Account | None, remote_id: str, at: datetime) -> Engagement | None:
    """Read a post's totals, None when the network does not tell (now). Raises as `publish`; Refused("gone")."""
    adapter = get_network(network)
    if not adapter.tells_engagement:
        return None
    return act(network, account, lambda login: adapter.engagement(login, remote_id), at=at, seconds=_READING_SECONDS)


def read_audience(account: Account, *, at: datetime) -> Audience | None:
    """Ask the network for an account's followers and record the number; None when it does not tell. As `publish`."""
    adapter = get_network(account.network)
    if not adapter.tells_followers:
        return None
    number = act(account.network, account, adapter.followers, at=at, seconds=_READING_SECONDS)
    return None if number is None else keep_followers(account.member, account.network, number, at=at)


def refresh_account(account: Account, *, at: datetime) -> Login:
    """Trade an account's credentials for fresh ones, once, however many ask for it at the same time.

    The intent is stored before the call, its moment is the fence: a worker that woke up late saves nothing. Two
    refreshes are at least ten minutes apart. Raises TryLater or Reconnect (the account is then marked).
    """
    free = Q(refresh_started_at=None) | Q(refresh_started_at__lte=at - REFRESH_FLOOR)
    mine = Account.objects.filter(free, pk=account.pk, state=Account.State.CONNECTED).update(refresh_started_at=at)
    account.refresh_from_db()
    login = vault.login_of(account, at=at)
    adapter = get_network(account.network)
    if not mine:
        if account.refreshed_at and account.refreshed_at == account.refresh_started_at and not adapter.is_stale(login):
            return login  # somebody else has just done it
        raise TryLater(_until_free(account, at))
    try:
        connected = adapter.refresh(login)
    except Reconnect:
        ask_to_reconnect(account, at=at)
        raise
    except TryLater as error:
        _release(account, started_at=at, after=max(error.after or _SOON, _SOON))
        raise
    except (Unclear, Refused) as error:
        raise TryLater(REFRESH_FLOOR) from error
    saved = Account.objects.filter(pk=account.pk, refresh_started_at=at, state=Account.State.CONNECTED).update(
        credentials=vault.seal_account(account, connected.credentials),
        refreshed_at=at,
        expires_at=at + connected.lives_for if connected.lives_for else None,
    )
    if not saved:
        raise TryLater(_SOON)
    account.refresh_from_db()
    return vault.login_of(account, at=at)


def ask_to_reconnect(account: Account, *, at: datetime) -> None:
    """Mark an account that its network no longer lets us use and destroy its tokens; the member is asked by mail."""
    Account.objects.filter(pk=account.pk, state=Account.State.CONNECTED).update(
        state=Account.State.RECONNECT, credentials=None, expires_at=None, reconnect_asked_at=None
    )
    account.refresh_from_db()


def note_reconnect_asked(account: Account, *, at: datetime) -> None:
    """Remember that the member was asked to connect this account again."""
    Account.objects.filter(pk=account.pk).update(reconnect_asked_at=at)


def act[T](
    network: str,
    account: Account | None,
    do: Callable[[Login], T],
    *,
    at: datetime,
    seconds: float = ATTEMPT_SECONDS,
    ends: float | None = None,
) -> T:
    """Do something with an account's credentials, refreshed before when they lapse, once more when they had lapsed.

    It is over after `seconds`, or at `ends` (of `time.monotonic`) where that is earlier.
    """
    if account is None:
        if get_network(network).channel is not Channel.PRACTICE:
            raise Reconnect
        return do(Login("", "", "", {}, at))
    latest = time.monotonic() + seconds
    ends = latest if ends is None else min(ends, latest)
    try:
        login = vault.login_of(account, at=at)
        if get_network(network).is_stale(login):
            login = refresh_account(account, at=at)
        try:
            return do(replace(login, seconds=ends - time.monotonic()))
        except TryLater as error:
            if not error.stale:
                raise
        _refuse_loop(account, at)
        login = refresh_account(account, at=at)
        return do(replace(login, seconds=ends - time.monotonic()))
    except TryLater as error:
        if not error.stale:
            raise
        ask_to_reconnect(account, at=at)  # fresh, and still not taken
        raise Reconnect from error
    except Reconnect:
        ask_to_reconnect(account, at=at)
        raise


def _refuse_loop(account: Account, at: datetime) -> None:
    """A token that was refreshed a moment ago and is called lapsed will not get better by another refresh."""
    account.refresh_from_db()
    if account.refreshed_at and at - account.refreshed_at < REFRESH_FLOOR:
        raise TryLater(stale=True)


def _until_free(account: Account, at: datetime) -> timedelta:
    started_at = account.refresh_started_at or at
    running = account.refreshed_at != started_at and at - started_at < _REFRESH_RUNS
    return _SOON if running else max(started_at + REFRESH_FLOOR - at, _SOON)


def _release(account: Account, *, started_at: datetime, after: timedelta) -> None:
    """Let the next refresh begin after a while; certainly nothing was used up by this one."""
    Account.objects.filter(pk=account.pk, refresh_started_at=started_at).update(
        refresh_started_at=started_at - REFRESH_FLOOR + min(after, REFRESH_FLOOR)
    )

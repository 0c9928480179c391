"""The outbox: which shares are due, who may work on one, and what became of an attempt; all by conditional updates.

A claim stores the intent (a numbered attempt with a lease) before anything leaves. Results count only while the attempt
is still the share's latest. Whoever takes over a lapsed lease asks the network first what became of it.
"""

import random
import threading
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from vocero.company.models import Installation
from vocero.company.queries import company_day
from vocero.networks.base import Published, Retry, RetryKind
from vocero.networks.registry import UnknownNetwork, get_network
from vocero.sharing.models import Attempt, Share

State = Share.State
LONGEST_LEASE = timedelta(hours=25)
"""A server's own word on when to come back counts for a day at most; nothing is put off for longer."""
FIRST_READING = timedelta(hours=1)
"""How long after a share is out its reactions are asked for the first time."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How the publisher works. A lease lasts at least three times as long as an attempt.

    `at_once`: how many calls of one worker may be under way. `latest`: how long after its moment a share may still
    leave; later it would surprise everybody. `unclear_for`: how long we go on asking what became of an attempt before a
    person is told. Waits double from `first_wait`, with jitter.
    `rules_for`: how old rules and guideline may be; the stop, the people and the post are read for every single send.
    """

    lease: timedelta = timedelta(seconds=120)
    attempt: timedelta = timedelta(seconds=30)
    at_once: int = 128
    first_wait: timedelta = timedelta(seconds=20)
    longest_wait: timedelta = timedelta(minutes=30)
    latest: timedelta = timedelta(hours=24)
    unclear_for: timedelta = timedelta(hours=3)
    rules_for: timedelta = timedelta(seconds=1)

    @property
    def per_server(self) -> int:
        """How many may be on their way to one server: a quarter of all."""
        return max(1, self.at_once // 4)

    def wait(self, attempt: int) -> timedelta:
        """Give how long to wait after an attempt of this number: doubled each time, half of it left to chance."""
        whole = min(self.first_wait * (1 << min(attempt - 1, 16)), self.longest_wait)
        return whole / 2 + whole / 2 * random.random()  # noqa: S311  only spreads the load


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a share until the lease ends; `look_first`: an earlier attempt may have got through.

    `share` is as it was read for the claim: good for what never changes, not for its state.
    """

    share: Share = field(repr=False, compare=False)
    attempt: int
    lease_until: datetime
    look_first: bool

    @property
    def share_id(self) -> int:
        """The share's key."""
        return self.share.pk

    def after_looking(self) -> "Claim":
        """The same right once it is certain that nothing of an earlier attempt is out."""
        return replace(self, look_first=False)


class Outcome:
    """What became of an attempt, as stored: CERTAIN ones left nothing on the network."""

    OUT = "out"
    FOUND = "found"
    LATER = "later"
    HELD = "held"
    RECONNECT = "reconnect"
    REFUSED = "refused"
    STOPPED = "stopped"
    UNCLEAR = "unclear"
    LATE = "late"
    CERTAIN = (LATER, HELD, RECONNECT, REFUSED, STOPPED)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A share that somebody may claim now, with where it would go."""

    share_id: int
    account_id: int | None
    server: tuple[str, str]


def waiting(
    at: datetime,
    *,
    most: int,
    full: Collection[tuple[str, str]] = (),
    busy: Collection[int] = (),
    lapsed: bool = True,
    planned: bool = True,
) -> list[Waiting]:
    """Give shares that may be claimed now, oldest first: on their way with a `lapsed` lease, then `planned` and due.

    `full` names servers and `busy` accounts that get nothing more now. Two queries, because each of them can then follow
    an index to the first few of very many.
    """
    wanted = []
    if lapsed:
        wanted.append(Share.objects.filter(_has_lapsed(at), state=State.SENDING).order_by("lease_until", "pk"))
    if planned:
        wanted.append(Share.objects.filter(_is_free(at), state=State.PLANNED, due_at__lte=at).order_by("due_at", "pk"))
    found: list[Waiting] = []
    for shares in wanted:
        some = shares.filter(channel=Share.Channel.API)
        for network, instance in full:
            some = some.exclude(network=network, account__instance=instance)
        if busy:
            some = some.exclude(account__in=busy)
        rows = some.values_list("pk", "account_id", "network", "account__instance")[: most - len(found)]
        found += [Waiting(pk, account, (network, instance or "")) for pk, account, network, instance in rows]
        if len(found) >= most:
            break
    return found


def is_due(at: datetime) -> Q:
    """Give the condition for being due; whoever reads a row to claim it must ask for it in that very query."""
    planned = Q(state=State.PLANNED, due_at__lte=at) & _is_free(at)
    return (planned | (_has_lapsed(at) & Q(state=State.SENDING))) & Q(channel=Share.Channel.API)


def _is_free(at: datetime) -> Q:
    return Q(lease_until=None) | _has_lapsed(at)


def _has_lapsed(at: datetime) -> Q:
    """A lease that ends later than any could was given before the clock was set back: it says nothing any more."""
    return Q(lease_until__lte=at) | Q(lease_until__gt=at + LONGEST_LEASE)


class Overtaken(Exception):
    """Somebody else claimed some of these shares at this very moment; nothing was claimed."""


def claim(shares: Sequence[Share], *, at: datetime, pace: Pace) -> list[Claim]:
    """Claim shares read as due: store intent and lease of each, those that are alike with one conditional update.

    Shares that somebody else was faster with are left out. Raises Overtaken when that is so for a part of those that are
    alike; it cannot be where they were read under a lock. Call it inside a transaction.
    """
    alike: dict[tuple[Any, ...], list[Share]] = defaultdict(list)
    for share in shares:
        until = at + max(pace.lease, retry_of(share).settles_after + pace.attempt)
        alike[share.state, share.attempt, share.lease_until, share.first_sent_at, until].append(share)
    claims: list[Claim] = []
    for (state, attempt, lease_until, first_sent_at, until), some in alike.items():
        look_first = [state == State.SENDING or (attempt > 0 and _may_be_out(share)) for share in some]
        taken = Share.objects.filter(
            pk__in=[share.pk for share in some], state=state, attempt=attempt, lease_until=lease_until
        ).update(
            state=State.SENDING, attempt=attempt + 1, lease_until=until, first_sent_at=first_sent_at or at, reason=""
        )
        if not taken:
            continue
        if taken < len(some):
            raise Overtaken
        for share, looks in zip(some, look_first, strict=True):
            share.first_sent_at = first_sent_at or at
            claims.append(Claim(share, attempt + 1, until, looks))
    Attempt.objects.bulk_create(Attempt(share_id=made.share_id, number=made.attempt, started_at=at) for made in claims)
    return claims


def extend(claim: Claim, *, at: datetime, until: datetime, outcome: str, reason: str = "") -> bool:
    """Leave a share on its way: nobody knows what became of it, and after `until` somebody asks the network."""
    return _close(claim, at=at, outcome=outcome, lease_until=until, reason=reason)


def put_back(claim: Claim, *, at: datetime, until: datetime, outcome: str, reason: str = "") -> bool:
    """Put a share back in the queue: certainly nothing of this attempt is out; not to be tried before `until`."""
    unsure = Attempt.objects.filter(share_id=claim.share_id, number__lt=claim.attempt).exclude(
        outcome__in=Outcome.CERTAIN
    )
    values: dict[str, Any] = {} if unsure.exists() else {"first_sent_at": None}
    return _close(claim, at=at, outcome=outcome, state=State.PLANNED, lease_until=until, reason=reason, **values)


def close_out(claim: Claim, published: Published, house: Installation, *, at: datetime, outcome: str) -> bool:
    """Record that a share is out, with the network's id for it and where people see it."""
    return _close(
        claim,
        at=at,
        outcome=outcome,
        state=State.SENT,
        certainty=Share.Certainty.PUBLISHED,
        out_at=at,
        day_on=company_day(house, at),
        remote_id=published.remote_id[:255],
        remote_url=published.url[:500],
        engagement_due_at=at + FIRST_READING if published.remote_id else None,
        lease_until=None,
        reason="",
    )


def close_unconfirmed(claim: Claim, *, at: datetime, outcome: str, reason: str) -> bool:
    """Record that nobody can tell whether a share is out; its advocate is asked to look."""
    return _close(claim, at=at, outcome=outcome, state=State.UNCONFIRMED, lease_until=None, reason=reason)


def close_failed(claim: Claim, *, at: datetime, outcome: str, reason: str, state: str = State.FAILED) -> bool:
    """Record that a share is certainly not out and will not be tried again."""
    return _close(claim, at=at, outcome=outcome, state=state, ended_at=at, lease_until=None, reason=reason)


def retry_of(share: Share) -> Retry:
    """Give what the share's network offers for clearing up; one that is no longer installed offers nothing."""
    try:
        return get_network(share.network).retry
    except UnknownNetwork:
        return Retry(RetryKind.NONE)


def _may_be_out(share: Share) -> bool:
    """Say whether an earlier attempt may have left something on the network."""
    return share.attempts.exclude(outcome__in=Outcome.CERTAIN).exists()


class _Finished(threading.local):
    """The attempts of this thread that are finished together, by outcome and moment; None: each at once."""

    attempts: dict[tuple[str, datetime], list[Claim]] | None = None


_finished = _Finished()


@contextmanager
def together() -> Iterator[None]:
    """Finish the attempts of all that is closed inside the block with one update for each outcome at its end.

    Call it inside a transaction.
    """
    _finished.attempts = defaultdict(list)
    try:
        yield
        for (outcome, at), claims in _finished.attempts.items():
            _finish(claims, outcome, at)
    finally:
        _finished.attempts = None


def _finish(claims: Sequence[Claim], outcome: str, at: datetime) -> None:
    by_number: dict[int, list[int]] = defaultdict(list)
    for made in claims:
        by_number[made.attempt].append(made.share_id)
    for number, shares in by_number.items():
        Attempt.objects.filter(share__in=shares, number=number).update(finished_at=at, outcome=outcome)


def _close(claim: Claim, *, at: datetime, outcome: str, **values: Any) -> bool:
    """Store what became of an attempt; the share changes only while this attempt is its latest. Gives whether it did."""
    with transaction.atomic(savepoint=False):
        ours = Share.objects.filter(pk=claim.share_id, state=State.SENDING, attempt=claim.attempt)
        changed = bool(ours.update(**values))
        told = outcome if changed else Outcome.LATE
        if _finished.attempts is None:
            _finish([claim], told, at)
        else:
            _finished.attempts[told, at].append(claim)
    return changed

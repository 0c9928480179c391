"""The outbox: which shares are due, who may work on one, and what became of an attempt; all by conditional updates.

A claim stores the intent (a numbered attempt with a lease) before anything leaves. Results count only while the attempt
is still the share's latest. Whoever takes over a lapsed lease asks the network first what became of it.
"""

import random
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from vocero.company.models import Installation
from vocero.company.queries import company_day
from vocero.networks.base import Published, Retry, RetryKind
from vocero.networks.registry import UnknownNetwork, get_network
from vocero.sharing import statements
from vocero.sharing.gate import Facts
from vocero.sharing.models import Attempt, Share
from vocero.sharing.outgoing import Parcel

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
    at_once: int = 256
    first_wait: timedelta = timedelta(seconds=20)
    longest_wait: timedelta = timedelta(minutes=30)
    latest: timedelta = timedelta(hours=24)
    unclear_for: timedelta = timedelta(hours=3)
    rules_for: timedelta = timedelta(seconds=1)

    @property
    def per_server(self) -> int:
        """How many may be on their way to one server: an eighth of all."""
        return max(1, self.at_once // 8)

    def wait(self, attempt: int) -> timedelta:
        """Give how long to wait after an attempt of this number: doubled each time, half of it left to chance."""
        whole = min(self.first_wait * (1 << min(attempt - 1, 16)), self.longest_wait)
        return whole / 2 + whole / 2 * random.random()  # noqa: S311  only spreads the load


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to work on a share until the lease ends; `look_first`: an earlier attempt may have got through.

    `parcel` was packed for the claim: good for what never changes.
    """

    parcel: Parcel = field(repr=False, compare=False)
    attempt: int
    lease_until: datetime
    look_first: bool

    @property
    def share(self) -> Share:
        """The share, as it was packed."""
        return self.parcel.share

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
    """A share that somebody may claim now, with where it would go; `lapsed`: it is on its way, and nobody's any more."""

    share_id: int
    account_id: int | None
    server: tuple[str, str]
    lapsed: bool


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
        wanted.append((Share.objects.filter(_has_lapsed(at), state=State.SENDING).order_by("lease_until", "pk"), True))
    if planned:
        due = Share.objects.filter(_is_free(at), state=State.PLANNED, due_at__lte=at)
        wanted.append((due.order_by("due_at", "pk"), False))
    found: list[Waiting] = []
    for shares, is_lapsed in wanted:
        some = shares.filter(channel=Share.Channel.API)
        for network, instance in full:
            some = some.exclude(network=network, account__instance=instance)
        if busy:
            some = some.exclude(account__in=busy)
        rows = some.values_list("pk", "account_id", "network", "account__instance")[: most - len(found)]
        found += [Waiting(pk, account, (network, instance or ""), is_lapsed) for pk, account, network, instance in rows]
        if len(found) >= most:
            break
    return found


def is_due(facts: Facts, at: datetime) -> bool:
    """Say whether a share, as it was read, may be claimed at this moment."""
    lapsed = facts.lease_until is not None and not at < facts.lease_until <= at + LONGEST_LEASE
    if facts.state == State.SENDING:
        return lapsed
    due = facts.state == State.PLANNED and facts.due_at is not None and facts.due_at <= at
    return due and (facts.lease_until is None or lapsed)


def _is_free(at: datetime) -> Q:
    return Q(lease_until=None) | _has_lapsed(at)


def _has_lapsed(at: datetime) -> Q:
    """A lease that ends later than any could was given before the clock was set back: it says nothing any more."""
    return Q(lease_until__lte=at) | Q(lease_until__gt=at + LONGEST_LEASE)


def claim(due: Iterable[tuple[Facts, Parcel]], *, at: datetime, pace: Pace) -> list[Claim]:
    """Claim shares whose facts say that they are due: store intent and lease of each, alike ones with one statement.

    A share that is not as its facts say any more, because somebody else was faster or it was put off, is left out. Call
    it inside a transaction.
    """
    alike: dict[tuple[Any, ...], list[Parcel]] = defaultdict(list)
    for facts, parcel in due:
        until = at + max(pace.lease, retry_of(parcel.share).settles_after + pace.attempt)
        alike[facts.state, facts.attempt, facts.lease_until, until].append(parcel)
    claims: list[Claim] = []
    for (state, attempt, lease_until, until), some in alike.items():
        unsure = {one.share.pk: state == State.SENDING or (attempt > 0 and _may_be_out(one.share)) for one in some}
        ours = statements.take(list(unsure), state, attempt, lease_until, at=at, until=until)
        for parcel in some:
            share = parcel.share
            if share.pk in ours:
                share.first_sent_at = share.first_sent_at or at
                claims.append(Claim(parcel, attempt + 1, until, unsure[share.pk]))
    if claims:
        statements.begin([(made.share_id, made.attempt) for made in claims], at=at)
    return claims


@dataclass(frozen=True, slots=True)
class Closing:
    """What is to be stored of an attempt that is over: its outcome, and the share's new values.

    `begins_anew`: if nothing of earlier attempts can be out either, the next one is the first that counts.
    """

    claim: Claim
    outcome: str
    values: Mapping[str, Any]
    begins_anew: bool = False


def as_under_way(claim: Claim, *, until: datetime, outcome: str, reason: str = "") -> Closing:
    """Leave a share on its way: nobody knows what became of it, and after `until` somebody asks the network."""
    return Closing(claim, outcome, {"lease_until": until, "reason": reason})


def as_planned(claim: Claim, *, until: datetime, outcome: str, reason: str = "") -> Closing:
    """Put a share back in the queue: certainly nothing of this attempt is out; not to be tried before `until`."""
    values = {"state": State.PLANNED, "lease_until": until, "reason": reason}
    return Closing(claim, outcome, values, begins_anew=True)


def as_out(claim: Claim, published: Published, *, outcome: str) -> Closing:
    """Record that a share is out, with the network's id for it and where people see it."""
    values = {"state": State.SENT, "remote_id": published.remote_id[:255], "remote_url": published.url[:500]}
    return Closing(claim, outcome, values)


def as_unconfirmed(claim: Claim, *, outcome: str, reason: str) -> Closing:
    """Record that nobody can tell whether a share is out; its advocate is asked to look."""
    return Closing(claim, outcome, {"state": State.UNCONFIRMED, "lease_until": None, "reason": reason})


def as_failed(claim: Claim, *, at: datetime, outcome: str, reason: str, state: str = State.FAILED) -> Closing:
    """Record that a share is certainly not out and will not be tried again."""
    return Closing(claim, outcome, {"state": state, "ended_at": at, "lease_until": None, "reason": reason})


def close(closings: Iterable[Closing], house: Installation, *, at: datetime) -> set[int]:
    """Store what became of attempts, all or none; a share changes only while its attempt is the latest.

    Gives the keys of the shares that did change.
    """
    closings = list(closings)
    if not closings:
        return set()
    with transaction.atomic(savepoint=False):
        out = [one for one in closings if one.values.get("state") == State.SENT]
        changed = _set_out(out, house, at) if out else set()
        for one in closings:
            if one.values.get("state") != State.SENT and _close(one):
                changed.add(one.claim.share_id)
        ends = [(one.claim.share_id, one.claim.attempt, one.outcome) for one in closings]
        statements.finish(
            [(share, number, told if share in changed else Outcome.LATE) for share, number, told in ends], at=at
        )
    return changed


def _set_out(closings: Sequence[Closing], house: Installation, at: datetime) -> set[int]:
    told = [
        (one.claim.share_id, one.claim.attempt, one.values["remote_id"], one.values["remote_url"]) for one in closings
    ]
    return statements.set_out(told, at=at, day_on=company_day(house, at), engagement_due_at=at + FIRST_READING)


def _close(closing: Closing) -> bool:
    claim, values = closing.claim, dict(closing.values)
    earlier = Attempt.objects.filter(share_id=claim.share_id, number__lt=claim.attempt)
    if closing.begins_anew and (claim.attempt <= 1 or not earlier.exclude(outcome__in=Outcome.CERTAIN).exists()):
        values["first_sent_at"] = None
    ours = Share.objects.filter(pk=claim.share_id, state=State.SENDING, attempt=claim.attempt)
    return bool(ours.update(**values))


def retry_of(share: Share) -> Retry:
    """Give what the share's network offers for clearing up; one that is no longer installed offers nothing."""
    try:
        return get_network(share.network).retry
    except UnknownNetwork:
        return Retry(RetryKind.NONE)


def _may_be_out(share: Share) -> bool:
    """Say whether an earlier attempt may have left something on the network."""
    return share.attempts.exclude(outcome__in=Outcome.CERTAIN).exists()

"""Publishing, exactly once in effect: claim, ask the gate, look first where an attempt may have got through, send.

One thread does all the work with the database, in small batches; a crew of threads talks to the networks meanwhile.
"""

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from itertools import batched

from django.db import DatabaseError, connection, transaction

from vocero.company.queries import house as the_house
from vocero.networks.base import Draft, NetworkError, Reconnect, Refused, RetryKind, TryLater, Unclear
from vocero.policy.queries import stop_in_force
from vocero.sharing import gate, outbox
from vocero.sharing.backlog import Backlog
from vocero.sharing.crew import Crew, Done, Job, carry
from vocero.sharing.gate import Book, Facts, Verdict, Word
from vocero.sharing.models import Share
from vocero.sharing.outbox import Claim, Closing, Outcome, Pace, Waiting
from vocero.sharing.outgoing import Parcel, outgoing
from vocero.sharing.packing import packed
from vocero.sharing.traffic import BREAKER, Breaker, Traffic

logger = logging.getLogger(__name__)

type Now = Callable[[], datetime]

ASKS_BY_SENDING = frozenset({RetryKind.KEY, RetryKind.RECORD_KEY})
"""With these, `find` may send the same key again: so it needs the gate's word as sending does."""
_HELD_FOR = timedelta(minutes=1)
_LOOK_AGAIN = 0.5  # seconds
_BATCH, _LOOKS = gate.BATCH, 12
_KNOWN, _MORE = 64, 8
"""For each place so many that wait are looked for at first, and fewer of other servers where those were not all."""
_LOOKING, _SOONEST, _LATEST = 0.05, 0.05, 2.0
"""A part of the time is spent with looking for what waits, within these seconds between two looks. A claim asks in any
case whether a share still waits."""
_IN_VAIN = 3
"""How often in a row others may be faster before what is on its way is seen to again."""
_TOLD_TRIES = 3
"""As often a server's own word on when to come back is taken exactly; after that our waits grow all the same."""
State = Share.State


def anything_waits(at: datetime) -> bool:
    """Say whether a share waits that may be sent at this moment, or whose sending may be taken over."""
    return bool(outbox.waiting(at, most=1, planned=stop_in_force() is None))


def _never() -> bool:
    return False


class Publisher:
    """Sends what is due, many shares at once; any number of publishers on any number of machines may run."""

    def __init__(
        self,
        *,
        now: Now,
        pace: Pace | None = None,
        breaker: Breaker = BREAKER,
        ending: Callable[[], bool] = _never,
        takes_over: bool = True,
    ) -> None:
        self._now = now
        self._pace = pace or Pace()
        self._breaker = breaker
        self._ending = ending
        self._takes_over = takes_over
        self._traffic = Traffic(self._pace, breaker)
        self._house = the_house()
        self._kept: tuple[float, Book] | None = None
        self._passed: set[int] = set()
        self._backlog = Backlog()
        self._look_again = float("-inf")
        self._in_company = False

    def run(self) -> int:
        """Claim and deliver until nothing is due any more, or `ending` says so; gives how many shares were handled."""
        if connection.in_atomic_block:  # other threads would not see what this transaction holds
            return self._run_alone()
        handled, crew, again = 0, Crew(), list[Claim]()
        try:
            while True:
                room = 0 if self._ending() else min(self._traffic.free, _BATCH)
                claims = self._claim(room) if room else []
                handled += len(claims)
                for job in self._ready([*again, *claims]):
                    crew.take(job)
                if not crew.under_way:
                    return handled
                more = bool(claims) and self._traffic.free > 0
                again = self._record(crew.done(0.0 if more else _LOOK_AGAIN))
        finally:
            crew.end()

    def _run_alone(self) -> int:
        handled = 0
        while claims := self._claim(1):
            handled += 1
            self.deliver(claims[0])
        return handled

    def deliver(self, claim: Claim) -> None:
        """Do one claimed attempt in this thread: look first where one may have got through, ask, send, record."""
        claims = [claim]
        while claims:
            claims = self._record([carry(job) for job in self._ready(claims)])

    # Claiming

    def _claim(self, most: int) -> list[Claim]:
        """Claim what is due and may leave; what may not is closed or held at once. Empty when nothing is due."""
        claims: list[Claim] = []
        in_vain = 0
        while not claims and in_vain < _IN_VAIN:
            at = self._now()
            keys = self._choose(most, at)
            if not keys:
                break
            claims, turned_away = self._claim_these(keys, at)
            in_vain = 0 if turned_away else in_vain + 1
            self._in_company |= len(claims) + turned_away < len(keys)
        for claim in claims:
            self._traffic.begin(claim.share.account)
        return claims

    def _choose(self, most: int, at: datetime) -> list[int]:
        """Choose of those that wait; they are looked for again now and then, and where nothing may go or is on its way."""
        began = time.monotonic()
        keys = self._traffic.choose(self._backlog, most=most, at=at) if began < self._look_again else []
        if began >= self._look_again or not (keys or self._traffic.under_way):
            self._backlog = Backlog(self._look(at))
            ended = time.monotonic()
            self._look_again = ended + min(max((ended - began) / _LOOKING, _SOONEST), _LATEST)
            keys = self._traffic.choose(self._backlog, most=most, at=at)
        return keys

    def _look(self, at: datetime) -> list[Waiting]:
        """Look for what waits longest, lapsed leases first; among them chance decides once others are seen at work.

        So two publishers seldom want the same share, and what a person shares still leaves in order. Where very many
        wait, servers that have enough of them are left out of further looks, so that they do not hide those for others.
        """
        found: dict[int, Waiting] = {}
        most, planned, busy, enough = (
            _KNOWN * self._pace.at_once,
            stop_in_force() is None,
            self._traffic.busy_accounts(at),
            self._traffic.closed_servers(at),
        )
        for _ in range(_LOOKS):
            some = outbox.waiting(at, most=most, full=enough, busy=busy, planned=planned, lapsed=self._takes_over)
            known = len(found)
            found |= {one.share_id: one for one in some}
            servers = Counter(one.server for one in found.values())
            enough |= {server for server, many in servers.items() if many >= self._pace.per_server}
            may_go = sum(min(many, self._pace.per_server) for many in servers.values())
            if len(some) < most or len(found) == known or may_go >= self._pace.at_once:
                break
            most = _MORE * self._pace.at_once
        if not self._in_company:
            return list(found.values())
        chance = random.getrandbits(32)
        return sorted(found.values(), key=lambda one: (not one.lapsed, hash((chance, one.account_id))))

    def _claim_these(self, keys: Sequence[int], at: datetime) -> tuple[list[Claim], int]:
        """Claim these shares as far as they may leave and nobody was faster; gives how many were turned away, too.

        What a stop holds back stays as it is.
        """
        book = self._book()
        due = {facts.share_id: facts for facts in gate.facts_of(keys, book) if outbox.is_due(facts, at)}
        free = [key for key in keys if key in due and not (due[key].stopped and due[key].state == State.PLANNED)]
        passed, turned_away = [], []
        for parcel in packed(free, book):
            facts = due[parcel.share.pk]
            word = gate.GO if facts.state == State.SENDING else self._ask(facts, parcel, book, at)
            if word.verdict is Verdict.GO:
                passed.append((facts, parcel))
            else:
                turned_away.append((facts, word))
        if not passed and not turned_away:
            return [], 0
        with transaction.atomic():
            for facts, word in turned_away:
                _turn_away(facts, word, at)
            return outbox.claim(passed, at=at, pace=self._pace), len(turned_away)

    def _book(self) -> Book:
        """Give what holds for all shares, read anew each second: the stop and the people are asked for every send."""
        if self._kept is None or time.monotonic() - self._kept[0] >= self._pace.rules_for.total_seconds():
            self._kept = (time.monotonic(), gate.open_book(self._house))
            self._passed.clear()
        return self._kept[1]

    def _ask(self, facts: Facts, claimed: Parcel, book: Book, at: datetime) -> Word:
        """Ask the gate; a text is checked once by each book, so between claim and call mostly not again."""
        passed = facts.share_id in self._passed
        word = gate.ask(facts, book, claimed=claimed, at=at, latest=self._pace.latest, text_passed=passed)
        if word.verdict is Verdict.GO:
            self._passed.add(facts.share_id)
        return word

    # Between claim and call

    def _ready(self, claims: Iterable[Claim]) -> list[Job]:
        """Make the jobs of claims: everything is prepared, then the gate is asked about all of them a last time."""
        prepared: list[tuple[Claim, Draft]] = []
        closings: list[Closing] = []
        for claim in claims:
            if claim.look_first and not self._can_look(claim):
                closings.append(_lost(claim))
            else:
                prepared.append((claim, outgoing(claim.share, self._house, images=claim.parcel.images)))
        at, ends = self._now(), time.monotonic() + self._pace.attempt.total_seconds()
        words = self._ask_now([claim for claim, _draft in prepared if _puts_out(claim)], at)
        jobs = []
        for claim, draft in prepared:
            word = words.get(claim.share_id) if _puts_out(claim) else gate.GO
            if word is not None and word.verdict is Verdict.GO:
                jobs.append(Job(claim, draft, looks=claim.look_first, at=at, ends=ends))
            elif word is not None:
                closings.append(_stopped(claim, word, at))
        outbox.close(closings, self._house, at=at)
        begun = {job.claim.share_id for job in jobs}
        for claim in claims:
            if claim.share_id not in begun:
                self._traffic.end(claim.share.account)
        return jobs

    def _can_look(self, claim: Claim) -> bool:
        """Say whether the network can tell what became of an earlier attempt; where it cannot, a person has to look."""
        at, share = self._now(), claim.share
        first = share.first_sent_at or at
        return share.account is not None and outbox.retry_of(share).can_find(first_sent_at=first, at=at)

    def _ask_now(self, claims: Sequence[Claim], at: datetime) -> dict[int, Word]:
        """Ask the gate about claimed shares as they are at this moment; claims that do not hold any more are left out.

        Somebody else has those, or will take them over when the lease lapses.
        """
        book, words = self._book(), dict[int, Word]()
        for some in batched(claims, gate.BATCH, strict=False):
            fresh = {facts.share_id: facts for facts in gate.facts_of([claim.share_id for claim in some], book)}
            for claim in some:
                facts = fresh.get(claim.share_id)
                if facts is not None and self._is_ours(facts, claim, at):
                    words[claim.share_id] = self._ask(facts, claim.parcel, book, at)
        return words

    def _is_ours(self, facts: Facts, claim: Claim, at: datetime) -> bool:
        """Say whether this attempt is still the latest, with a whole attempt's time before its lease ends."""
        latest = facts.state == State.SENDING and facts.attempt == claim.attempt
        return latest and claim.lease_until - at >= self._pace.attempt

    # After the call

    def _record(self, done: Sequence[Done]) -> list[Claim]:
        """Store what came back, all in one transaction; gives the claims that have to be sent after looking in vain."""
        for one in done:
            self._note(one)
        at = self._now()
        closings = [closing for one in done if (closing := self._closing(one, at)) is not None]
        try:
            outbox.close(closings, self._house, at=at)
        except DatabaseError:
            if len(closings) <= 1:
                raise
            for closing in closings:
                self._close_alone(closing, at)
        again = []
        for one in done:
            if one.certainly_not_there:
                again.append(one.job.claim.after_looking())
            else:
                self._traffic.end(one.job.claim.share.account)
        return again

    def _close_alone(self, closing: Closing, at: datetime) -> None:
        try:
            outbox.close([closing], self._house, at=at)
        except DatabaseError as error:  # the lease lapses, and somebody asks the network
            logger.error("share %s was not stored: %s", closing.claim.share_id, type(error).__qualname__)

    def _note(self, done: Done) -> None:
        """Take note of how the server did, and of an account that is to be left alone for a while."""
        account, at = done.job.claim.share.account, self._now()
        if account is None or (done.error is not None and not isinstance(done.error, NetworkError)):
            return
        self._breaker.note(account, failed=isinstance(done.error, TryLater | Unclear), at=at)
        if isinstance(done.error, TryLater) and done.error.after is not None:
            self._breaker.rest(account, until=at + done.error.after)

    def _closing(self, done: Done, at: datetime) -> Closing | None:
        """Say what to store of what came back; nothing where it has to be sent now, or nobody knows what happened."""
        claim = done.job.claim
        if done.published is not None:
            return outbox.as_out(claim, done.published, outcome=Outcome.FOUND if done.job.looks else Outcome.OUT)
        if not isinstance(done.error, NetworkError):
            return None
        return (self._after_looking if done.job.looks else self._after_sending)(done.error, claim, at)

    def _after_looking(self, error: NetworkError, claim: Claim, at: datetime) -> Closing:
        """The look at the network failed: look again later, or let a person look."""
        if isinstance(error, TryLater | Unclear):
            return self._ask_again(claim, at, after=getattr(error, "after", None))
        return _lost(claim)

    def _after_sending(self, error: NetworkError, claim: Claim, at: datetime) -> Closing | None:
        """Put one of the four errors into the share's state."""
        match error:
            case Unclear():
                return self._ask_again(claim, at) if self._can_look(claim) else _lost(claim)
            case TryLater():
                return self._later(claim, at, error.after)
            case Reconnect():
                until = at + _HELD_FOR
                return outbox.as_planned(claim, until=until, outcome=Outcome.RECONNECT, reason="reconnect")
            case Refused():
                return outbox.as_failed(claim, at=at, outcome=Outcome.REFUSED, reason=error.reason)
        return None

    def _later(self, claim: Claim, at: datetime, after: timedelta | None) -> Closing:
        """Put a share back until the server's own moment, else ours; give up when it would leave a day late."""
        due_at = claim.share.due_at
        if after is None:
            wait = self._pace.wait(claim.attempt)
        else:
            wait = after if claim.attempt <= _TOLD_TRIES else max(after, self._pace.wait(claim.attempt))
        if due_at is not None and at + wait - due_at > self._pace.latest:
            return outbox.as_failed(claim, at=at, outcome=Outcome.LATER, reason="network_down")
        return outbox.as_planned(claim, until=at + wait, outcome=Outcome.LATER, reason="later")

    def _ask_again(self, claim: Claim, at: datetime, *, after: timedelta | None = None) -> Closing:
        """Leave it on its way until the network has settled, then look again; tell a person when that takes too long."""
        first = claim.share.first_sent_at
        settles = outbox.retry_of(claim.share).settles_after
        until = at + max(settles, after or timedelta(0), self._pace.wait(claim.attempt))
        if first is not None and until - first > self._pace.unclear_for:
            return _lost(claim)
        return outbox.as_under_way(claim, until=until, outcome=Outcome.UNCLEAR)


def _lost(claim: Claim) -> Closing:
    """Nobody can tell any more whether it is out."""
    return outbox.as_unconfirmed(claim, outcome=Outcome.UNCLEAR, reason="unclear")


def _stopped(claim: Claim, word: Word, at: datetime) -> Closing:
    """The gate closed between claim and call.

    Of a sending nothing has left, so the share is put back or closed; of a look that may itself put the post out a
    person has to see what became, unless the gate opens again.
    """
    holds = word.verdict is Verdict.HOLD
    if claim.look_first:
        until = at + _HELD_FOR
        return (
            outbox.as_under_way(claim, until=until, outcome=Outcome.UNCLEAR, reason=word.reason)
            if holds
            else _lost(claim)
        )
    if holds:
        return outbox.as_planned(claim, until=at + _HELD_FOR, outcome=Outcome.HELD, reason=word.reason)
    return outbox.as_failed(claim, at=at, outcome=Outcome.STOPPED, reason=word.reason, state=_end_state(word))


def _puts_out(claim: Claim) -> bool:
    """Say whether doing this attempt may put the post out: sending does, and looking where `find` sends."""
    return not claim.look_first or outbox.retry_of(claim.share).kind in ASKS_BY_SENDING


def _turn_away(facts: Facts, word: Word, at: datetime) -> None:
    """Close or hold a planned share that the gate does not let pass, if it is still as we read it."""
    as_read = Share.objects.filter(
        pk=facts.share_id, state=State.PLANNED, attempt=facts.attempt, lease_until=facts.lease_until
    )
    if word.verdict is Verdict.HOLD:
        as_read.update(lease_until=at + _HELD_FOR, reason=word.reason)
    else:
        as_read.update(state=_end_state(word), ended_at=at, lease_until=None, reason=word.reason)


def _end_state(word: Word) -> str:
    return State.CANCELLED if word.verdict is Verdict.CANCEL else State.FAILED

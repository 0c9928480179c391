"""Publishing, exactly once in effect: claim, ask the gate, look first where an attempt may have got through, send.

One thread does all the work with the database, in small batches; a crew of threads talks to the networks meanwhile.
"""

import contextlib
import logging
import time
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta

from django.db import DatabaseError, connection, transaction

from vocero.company.queries import house as the_house
from vocero.networks.base import NetworkError, Reconnect, Refused, RetryKind, TryLater, Unclear
from vocero.policy.queries import stop_in_force
from vocero.sharing import gate, outbox
from vocero.sharing.crew import Crew, Done, Job, carry
from vocero.sharing.gate import Book, Verdict, Word
from vocero.sharing.models import Share
from vocero.sharing.outbox import Claim, Outcome, Overtaken, Pace
from vocero.sharing.outgoing import outgoing
from vocero.sharing.traffic import BREAKER, Breaker, Traffic

logger = logging.getLogger(__name__)

type Now = Callable[[], datetime]

ASKS_BY_SENDING = frozenset({RetryKind.KEY, RetryKind.RECORD_KEY})
"""With these, `find` may send the same key again: so it needs the gate's word as sending does."""
_HELD_FOR = timedelta(minutes=1)
_LOOK_AGAIN = 0.5  # seconds
_BATCH, _WINDOW = 32, 4
_TOLD_TRIES = 3
"""As often a server's own word on when to come back is taken exactly; after that our waits grow all the same."""
State = Share.State


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
        while not claims:
            at = self._now()
            found = outbox.waiting(
                at,
                most=most * _WINDOW,
                full=self._traffic.full_servers(at),
                busy=self._traffic.busy_accounts(at),
                planned=stop_in_force() is None,
                lapsed=self._takes_over,
            )
            keys = self._traffic.choose(found, most=most, at=at)
            if not keys:
                break
            claims, turned_away = self._claim_these(keys, at)
            if not turned_away:
                break
        for claim in claims:
            self._traffic.begin(claim.share.account)
        return claims

    def _claim_these(self, keys: Sequence[int], at: datetime) -> tuple[list[Claim], int]:
        """Claim these shares as far as they may leave and nobody was faster; gives how many were turned away, too."""
        book = self._book()
        read = gate.with_gate(book).filter(outbox.is_due(at), pk__in=keys).prefetch_related("images__file")
        turned_away, passed = 0, []
        with contextlib.suppress(Overtaken), transaction.atomic():
            for share in read.order_by("due_at", "pk").select_for_update(skip_locked=True, of=("self",)):
                word = gate.GO if share.state == State.SENDING else self._ask(share, share, book, at)
                if word.verdict is Verdict.GO:
                    passed.append(share)
                else:
                    _turn_away(share, word, at)
                    turned_away += 1
            return outbox.claim(passed, at=at, pace=self._pace), turned_away
        return [], 0

    def _book(self) -> Book:
        """Give what holds for all shares, read anew each second: the stop and the people are asked for every send."""
        if self._kept is None or time.monotonic() - self._kept[0] >= self._pace.rules_for.total_seconds():
            self._kept = (time.monotonic(), gate.open_book(self._house))
            self._passed.clear()
        return self._kept[1]

    def _ask(self, fresh: Share, claimed: Share, book: Book, at: datetime) -> Word:
        """Ask the gate; a text is checked once by each book, so between claim and call mostly not again."""
        passed = claimed.pk in self._passed
        word = gate.ask(fresh, book, claimed=claimed, at=at, latest=self._pace.latest, text_passed=passed)
        if word.verdict is Verdict.GO:
            self._passed.add(claimed.pk)
        return word

    # Between claim and call

    def _ready(self, claims: Iterable[Claim]) -> list[Job]:
        """Make the jobs of claims: everything is prepared, then the gate is asked about all of them a last time."""
        looking, sending = [], []
        for claim in claims:
            if claim.look_first:
                if self._can_look(claim):
                    looking.append((claim, outgoing(claim.share, self._house)))
            else:
                sending.append((claim, outgoing(claim.share, self._house)))
        at, ends = self._now(), time.monotonic() + self._pace.attempt.total_seconds()
        asking = [claim for claim, _draft in sending] + [claim for claim, _draft in looking if _asks_by_sending(claim)]
        words = self._ask_now(asking, at)
        jobs = []
        for claim, draft in sending:
            if self._may_send(claim, words.get(claim.share_id), at):
                jobs.append(Job(claim, draft, looks=False, at=at, ends=ends))
        for claim, draft in looking:
            if not _asks_by_sending(claim) or self._may_look(claim, words.get(claim.share_id), at):
                jobs.append(Job(claim, draft, looks=True, at=at, ends=ends))
        begun = {job.claim.share_id for job in jobs}
        for claim in claims:
            if claim.share_id not in begun:
                self._traffic.end(claim.share.account)
        return jobs

    def _can_look(self, claim: Claim) -> bool:
        """Say whether the network can tell what became of an earlier attempt; where it cannot, a person has to look."""
        at, share = self._now(), claim.share
        retry = outbox.retry_of(share)
        if share.account is not None and retry.can_find(first_sent_at=share.first_sent_at or at, at=at):
            return True
        self._lost(claim, at, "unclear")
        return False

    def _ask_now(self, claims: Sequence[Claim], at: datetime) -> dict[int, Word]:
        """Ask the gate about claimed shares as they are at this moment; claims that do not hold any more are left out."""
        if not claims:
            return {}
        book = self._book()
        fresh = gate.read_again(book).in_bulk([claim.share_id for claim in claims])
        return {
            claim.share_id: self._ask(fresh[claim.share_id], claim.share, book, at)
            for claim in claims
            if claim.share_id in fresh and self._is_ours(fresh[claim.share_id], claim, at)
        }

    def _is_ours(self, share: Share, claim: Claim, at: datetime) -> bool:
        """Say whether this attempt is still the latest, with a whole attempt's time before its lease ends."""
        latest = share.state == State.SENDING and share.attempt == claim.attempt
        return latest and claim.lease_until - at >= self._pace.attempt

    def _may_send(self, claim: Claim, word: Word | None, at: datetime) -> bool:
        """Put a share back or close it where the gate closed between claim and sending: nothing of this attempt has left."""
        if word is None:
            return False  # somebody else has it, or will take it over when the lease lapses
        if word.verdict is Verdict.HOLD:
            outbox.put_back(claim, at=at, until=at + _HELD_FOR, outcome=Outcome.HELD, reason=word.reason)
        elif word.verdict is not Verdict.GO:
            outbox.close_failed(claim, at=at, outcome=Outcome.STOPPED, reason=word.reason, state=_end_state(word))
        return word.verdict is Verdict.GO

    def _may_look(self, claim: Claim, word: Word | None, at: datetime) -> bool:
        """Heed the gate before a look that may itself put the post out; where it closes, a person has to look."""
        if word is None:
            return False
        if word.verdict is Verdict.HOLD:
            outbox.extend(claim, at=at, until=at + _HELD_FOR, outcome=Outcome.UNCLEAR, reason=word.reason)
        elif word.verdict is not Verdict.GO:
            self._lost(claim, at, "unclear")
        return word.verdict is Verdict.GO

    # After the call

    def _record(self, done: Sequence[Done]) -> list[Claim]:
        """Store what came back, all in one transaction; gives the claims that have to be sent after looking in vain."""
        for one in done:
            self._note(one)
        try:
            with transaction.atomic(), outbox.together():
                at = self._now()
                again = [one for one in done if self._store(one, at)]
        except DatabaseError:
            if len(done) <= 1:
                raise
            again = [one for one in done if self._store_alone(one)]
        sent_again = {id(one) for one in again}
        for one in done:
            if id(one) not in sent_again:
                self._traffic.end(one.job.claim.share.account)
        return [one.job.claim.after_looking() for one in again]

    def _store_alone(self, done: Done) -> bool:
        try:
            return self._store(done, self._now())
        except DatabaseError as error:  # the lease lapses, and somebody asks the network
            logger.error("share %s was not stored: %s", done.job.claim.share_id, type(error).__qualname__)
            return False

    def _note(self, done: Done) -> None:
        """Take note of how the server did, and of an account that is to be left alone for a while."""
        account, at = done.job.claim.share.account, self._now()
        if account is None or (done.error is not None and not isinstance(done.error, NetworkError)):
            return
        self._breaker.note(account, failed=isinstance(done.error, TryLater | Unclear), at=at)
        if isinstance(done.error, TryLater) and done.error.after is not None:
            self._breaker.rest(account, until=at + done.error.after)

    def _store(self, done: Done, at: datetime) -> bool:
        """Put what came back into the share's state; gives whether it has to be sent now."""
        claim, error = done.job.claim, done.error
        if error is None and done.published is None:
            return True
        if error is None and done.published is not None:
            outcome = Outcome.FOUND if done.job.looks else Outcome.OUT
            outbox.close_out(claim, done.published, self._house, at=at, outcome=outcome)
        elif isinstance(error, NetworkError):
            (self._store_looking if done.job.looks else self._store_sending)(error, claim, at)
        return False

    def _store_looking(self, error: NetworkError, claim: Claim, at: datetime) -> None:
        """The look at the network failed: look again later, or let a person look."""
        if isinstance(error, TryLater | Unclear):
            self._ask_again(claim, at, after=getattr(error, "after", None))
        else:
            self._lost(claim, at, "unclear")

    def _store_sending(self, error: NetworkError, claim: Claim, at: datetime) -> None:
        """Put one of the four errors into the share's state."""
        match error:
            case Unclear():
                first = claim.share.first_sent_at or at
                if outbox.retry_of(claim.share).can_find(first_sent_at=first, at=at):
                    self._ask_again(claim, at)
                else:
                    self._lost(claim, at, "unclear")
            case TryLater():
                self._later(claim, at, error.after)
            case Reconnect():
                until = at + _HELD_FOR
                outbox.put_back(claim, at=at, until=until, outcome=Outcome.RECONNECT, reason="reconnect")
            case Refused():
                outbox.close_failed(claim, at=at, outcome=Outcome.REFUSED, reason=error.reason)

    def _later(self, claim: Claim, at: datetime, after: timedelta | None) -> None:
        """Put a share back until the server's own moment, else ours; give up when it would leave a day late."""
        due_at = claim.share.due_at
        if after is None:
            wait = self._pace.wait(claim.attempt)
        else:
            wait = after if claim.attempt <= _TOLD_TRIES else max(after, self._pace.wait(claim.attempt))
        if due_at is not None and at + wait - due_at > self._pace.latest:
            outbox.close_failed(claim, at=at, outcome=Outcome.LATER, reason="network_down")
        else:
            outbox.put_back(claim, at=at, until=at + wait, outcome=Outcome.LATER, reason="later")

    def _ask_again(self, claim: Claim, at: datetime, *, after: timedelta | None = None) -> None:
        """Leave it on its way until the network has settled, then look again; tell a person when that takes too long."""
        first = claim.share.first_sent_at
        settles = outbox.retry_of(claim.share).settles_after
        until = at + max(settles, after or timedelta(0), self._pace.wait(claim.attempt))
        if first is not None and until - first > self._pace.unclear_for:
            self._lost(claim, at, "unclear")
        else:
            outbox.extend(claim, at=at, until=until, outcome=Outcome.UNCLEAR)

    def _lost(self, claim: Claim, at: datetime, reason: str) -> None:
        """Nobody can tell any more whether it is out."""
        outbox.close_unconfirmed(claim, at=at, outcome=Outcome.UNCLEAR, reason=reason)


def _asks_by_sending(claim: Claim) -> bool:
    return outbox.retry_of(claim.share).kind in ASKS_BY_SENDING


def _turn_away(share: Share, word: Word, at: datetime) -> None:
    """Close or hold a planned share that the gate does not let pass, if it is still as we read it."""
    as_read = Share.objects.filter(
        pk=share.pk, state=State.PLANNED, attempt=share.attempt, lease_until=share.lease_until
    )
    if word.verdict is Verdict.HOLD:
        as_read.update(lease_until=at + _HELD_FOR, reason=word.reason)
    else:
        as_read.update(state=_end_state(word), ended_at=at, lease_until=None, reason=word.reason)


def _end_state(word: Word) -> str:
    return State.CANCELLED if word.verdict is Verdict.CANCEL else State.FAILED

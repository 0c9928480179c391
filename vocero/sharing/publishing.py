"""Publishing, exactly once in effect: claim, ask the gate, look first where an attempt may have got through, send."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue
from time import monotonic

from django.db import connection, connections

from vocero.company.queries import house as the_house
from vocero.networks import services as networks
from vocero.networks.base import Network, Reconnect, Refused, RetryKind, TryLater, Unclear
from vocero.networks.models import Account
from vocero.networks.registry import UnknownNetwork, get_network
from vocero.policy.queries import stop_in_force
from vocero.sharing import gate, outbox
from vocero.sharing.gate import Book, Verdict, Word
from vocero.sharing.models import Share
from vocero.sharing.outbox import Claim, Outcome, Pace
from vocero.sharing.outgoing import outgoing

logger = logging.getLogger(__name__)

type Now = Callable[[], datetime]

ASKS_BY_SENDING = frozenset({RetryKind.KEY, RetryKind.RECORD_KEY})
"""With these, `find` may send the same key again: so it needs the gate's word as sending does."""
_HELD_FOR = timedelta(minutes=1)
_LOOK_AGAIN, _LONGEST_RUN = 0.5, 60.0  # seconds
_OPENS_AFTER = 5
_OPEN_FOR = timedelta(minutes=1)
State = Share.State


@dataclass
class Breaker:
    """Leaves a server alone for a minute after five failures in a row, so that all others go on."""

    failures: dict[tuple[str, str], int] = field(default_factory=dict)
    open_until: dict[tuple[str, str], datetime] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, account: Account, *, failed: bool, at: datetime) -> None:
        """Take note of how a call to an account's server went."""
        server = (account.network, account.instance)
        with self.lock:
            self.failures[server] = self.failures.get(server, 0) + 1 if failed else 0
            if self.failures[server] >= _OPENS_AFTER:
                self.open_until[server] = at + _OPEN_FOR
                self.failures[server] = _OPENS_AFTER - 1  # the next call decides again

    def open(self, at: datetime) -> set[tuple[str, str]]:
        """Give the servers that are left alone at this moment."""
        with self.lock:
            return {server for server, until in self.open_until.items() if until > at}


BREAKER = Breaker()


class Publisher:
    """Sends what is due, several shares at once; any number of publishers on any number of machines may run."""

    def __init__(self, *, now: Now, pace: Pace | None = None, breaker: Breaker = BREAKER) -> None:
        self._now = now
        self._pace = pace or Pace()
        self._breaker = breaker
        self._house = the_house()
        self._kept: tuple[float, Book] | None = None

    def run(self) -> int:
        """Claim and deliver until nothing is due any more; gives how many shares were handled."""
        if connection.in_atomic_block:  # other threads would not see what this transaction holds
            return self._run_alone()
        handled, busy, began = 0, 0, monotonic()
        work: SimpleQueue[Claim | None] = SimpleQueue()
        done: SimpleQueue[None] = SimpleQueue()
        crew: list[threading.Thread] = []
        try:
            while True:
                free = self._pace.at_once - busy if monotonic() - began < _LONGEST_RUN else 0
                claims = self._claim(free) if free else []
                handled, busy = handled + len(claims), busy + len(claims)
                while len(crew) < busy:
                    crew.append(threading.Thread(target=self._work, args=(work, done), name="publish"))
                    crew[-1].start()
                for claim in claims:
                    work.put(claim)
                if not busy:
                    return handled
                busy -= _wait_for_some(done)
        finally:
            for _ in crew:
                work.put(None)
            for thread in crew:
                thread.join()

    def _run_alone(self) -> int:
        handled = 0
        while claims := self._claim(1):
            handled += 1
            self.deliver(claims[0])
        return handled

    def _work(self, work: SimpleQueue[Claim | None], done: SimpleQueue[None]) -> None:
        """One thread of the crew: delivers claims until there are no more."""
        try:
            while (claim := work.get()) is not None:
                try:
                    self.deliver(claim)
                except Exception as error:  # noqa: BLE001  the lease lapses, and somebody asks the network
                    logger.error("delivering share %s failed with %s", claim.share_id, type(error).__qualname__)
                finally:
                    done.put(None)
        finally:
            connections.close_all()

    def _claim(self, most: int) -> list[Claim]:
        """Claim what is due and may leave; what may not is closed or held at once. Empty when nothing is due."""
        claims: list[Claim] = []
        while not claims:
            at = self._now()
            due = outbox.due(at, but_not=self._breaker.open(at))
            if stop_in_force() is not None:
                due = due.filter(state=State.SENDING)
            keys = list(due.order_by("due_at", "pk").values_list("pk", flat=True)[:most])
            if not keys:
                break
            book = self._book()
            read = gate.with_gate(book).filter(outbox.is_due(at), pk__in=keys).prefetch_related("images__file")
            with outbox.WRITER.turn():
                passed = []
                for share in read.order_by("due_at", "pk"):
                    word = gate.GO if share.state == State.SENDING else self._ask(share, share, book, at)
                    if word.verdict is Verdict.GO:
                        passed.append(share)
                    else:
                        _turn_away(share, word, at)
                claims = outbox.claim(passed, at=at, pace=self._pace)
        return claims

    def _book(self) -> Book:
        """Give what holds for all shares, read anew each second: the stop and the people are asked for every send."""
        if self._kept is None or monotonic() - self._kept[0] >= self._pace.rules_for.total_seconds():
            self._kept = (monotonic(), gate.open_book(self._house))
        return self._kept[1]

    def _ask(self, fresh: Share, claimed: Share, book: Book, at: datetime) -> Word:
        return gate.ask(fresh, book, claimed=claimed, at=at, latest=self._pace.latest)

    def deliver(self, claim: Claim) -> None:
        """Do one claimed attempt: look whether an earlier one got through, ask the gate again, send, record."""
        try:
            network = get_network(claim.share.network)
        except UnknownNetwork:
            self._lost(claim, self._now(), "no_network")
            return
        if claim.look_first:
            self._clear_up(network, claim.share, claim)
        else:
            self._send(network, claim.share, claim)

    def _ask_now(self, claim: Claim, at: datetime) -> Word | None:
        """Ask the gate about a claimed share as it is at this moment; None when the claim does not hold any more."""
        book = self._book()
        fresh = gate.read_again(book).get(pk=claim.share_id)
        return self._ask(fresh, claim.share, book, at) if self._is_ours(fresh, claim, at) else None

    def _is_ours(self, share: Share, claim: Claim, at: datetime) -> bool:
        """Say whether this attempt is still the latest, with a whole attempt's time before its lease ends."""
        latest = share.state == State.SENDING and share.attempt == claim.attempt
        return latest and claim.lease_until - at >= self._pace.attempt

    def _clear_up(self, network: Network, share: Share, claim: Claim) -> None:
        """Ask the network what became of an earlier attempt; send again only when certainly nothing is there."""
        at = self._now()
        first = share.first_sent_at or at
        if share.account is None or not network.retry.can_find(first_sent_at=first, at=at):
            self._lost(claim, at, "unclear")
            return
        draft = outgoing(share, self._house)
        account = share.account
        if network.retry.kind in ASKS_BY_SENDING and not self._may_still(claim, at):
            return
        try:
            found = networks.find(
                network.name, account=account, draft=draft, key=share.key, first_sent_at=first, at=self._now()
            )
        except (TryLater, Unclear) as error:
            self._breaker.note(account, failed=True, at=self._now())
            self._ask_again(claim, share, after=getattr(error, "after", None))
            return
        except (Reconnect, Refused):
            self._lost(claim, self._now(), "unclear")
            return
        self._breaker.note(account, failed=False, at=self._now())
        if found is not None:
            outbox.close_out(claim, found, self._house, at=self._now(), outcome=Outcome.FOUND)
        else:
            self._send(network, share, claim)

    def _may_still(self, claim: Claim, at: datetime) -> bool:
        """Ask the gate before a look that may itself put the post out; where it closes, a person has to look."""
        word = self._ask_now(claim, at)
        if word is None:
            return False
        if word.verdict is Verdict.HOLD:
            outbox.extend(claim, at=at, until=at + _HELD_FOR, outcome=Outcome.UNCLEAR, reason=word.reason)
        elif word.verdict is not Verdict.GO:
            self._lost(claim, at, "unclear")
        return word.verdict is Verdict.GO

    def _send(self, network: Network, share: Share, claim: Claim) -> None:
        """Prepare everything, ask the gate a last time, and let it leave."""
        account = share.account
        draft = outgoing(share, self._house)
        at = self._now()
        word = self._ask_now(claim, at)
        if account is None or word is None:
            return  # somebody else has it, or will take it over when the lease lapses
        if word.verdict is not Verdict.GO:
            self._stop(claim, word, at)
            return
        try:
            published = networks.publish(network.name, account=account, draft=draft, key=share.key, at=at)
        except (TryLater, Reconnect, Refused, Unclear) as error:
            self._note_failure(error, claim, share)
            return
        self._breaker.note(account, failed=False, at=self._now())
        outbox.close_out(claim, published, self._house, at=self._now(), outcome=Outcome.OUT)

    def _note_failure(self, error: Exception, claim: Claim, share: Share) -> None:
        """Put one of the four errors into the share's state."""
        at = self._now()
        if share.account is not None:
            self._breaker.note(share.account, failed=isinstance(error, TryLater | Unclear), at=at)
        match error:
            case Unclear():
                if get_network(share.network).retry.can_find(first_sent_at=share.first_sent_at or at, at=at):
                    self._ask_again(claim, share)
                else:
                    self._lost(claim, at, "unclear")
            case TryLater():
                wait = max(error.after or timedelta(0), self._pace.wait(claim.attempt))
                if share.due_at is not None and at + wait - share.due_at > self._pace.latest:
                    outbox.close_failed(claim, at=at, outcome=Outcome.LATER, reason="network_down")
                else:
                    outbox.put_back(claim, at=at, until=at + wait, outcome=Outcome.LATER, reason="later")
            case Reconnect():
                until = at + _HELD_FOR
                outbox.put_back(claim, at=at, until=until, outcome=Outcome.RECONNECT, reason="reconnect")
            case Refused():
                outbox.close_failed(claim, at=at, outcome=Outcome.REFUSED, reason=error.reason)

    def _ask_again(self, claim: Claim, share: Share, *, after: timedelta | None = None) -> None:
        """Leave it on its way until the network has settled, then look again; tell a person when that takes too long."""
        at = self._now()
        settles = get_network(share.network).retry.settles_after
        until = at + max(settles, after or timedelta(0), self._pace.wait(claim.attempt))
        if share.first_sent_at is not None and until - share.first_sent_at > self._pace.unclear_for:
            self._lost(claim, at, "unclear")
        else:
            outbox.extend(claim, at=at, until=until, outcome=Outcome.UNCLEAR)

    def _lost(self, claim: Claim, at: datetime, reason: str) -> None:
        """Nobody can tell any more whether it is out."""
        outbox.close_unconfirmed(claim, at=at, outcome=Outcome.UNCLEAR, reason=reason)

    def _stop(self, claim: Claim, word: Word, at: datetime) -> None:
        """The gate closed between claim and sending: nothing of this attempt has left."""
        if word.verdict is Verdict.HOLD:
            outbox.put_back(claim, at=at, until=at + _HELD_FOR, outcome=Outcome.HELD, reason=word.reason)
        else:
            outbox.close_failed(claim, at=at, outcome=Outcome.STOPPED, reason=word.reason, state=_end_state(word))


def _wait_for_some(done: SimpleQueue[None]) -> int:
    """Wait until something is done, but not for long: meanwhile others may be due; gives how many were done."""
    try:
        done.get(timeout=_LOOK_AGAIN)
    except Empty:
        return 0
    many = 1
    while not done.empty():
        done.get()
        many += 1
    return many


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

"""Who may be called now: how many at once in all, on one server and for one account, and which servers are left alone."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice

from vocero.networks.models import Account
from vocero.sharing.backlog import Backlog, Server
from vocero.sharing.outbox import Pace, Waiting

_OPENS_AFTER = 5
_OPEN_FOR = timedelta(minutes=1)
_MOST_RESTING = 10_000


@dataclass(slots=True)
class Speed:
    """How long a server's answers take: what all its calls took so far, those on their way included, over those that ended."""

    ended: int = 0
    spent: float = 0.0
    many: int = 0
    since: float = 0.0

    def count(self, by: int) -> None:
        """Note that a call began or ended."""
        self._pass()
        self.many += by
        self.ended += by < 0

    def seconds(self) -> float:
        """Give the seconds of a call, about a second while little is known."""
        self._pass()
        return (self.spent + 1.0) / (self.ended + 1)

    def _pass(self) -> None:
        now = time.monotonic()
        self.spent += self.many * (now - self.since)
        self.since = now


@dataclass
class Breaker:
    """Leaves a server alone for a minute after five failures in a row, so that all others go on; then one call tries it.

    An account that was asked to come back later is left alone until then.
    """

    failures: dict[Server, int] = field(default_factory=dict)
    open_until: dict[Server, datetime] = field(default_factory=dict)
    resting: dict[int, datetime] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, account: Account, *, failed: bool, at: datetime) -> None:
        """Take note of how a call to an account's server went."""
        server = (account.network, account.instance)
        with self.lock:
            if not failed:
                self.failures.pop(server, None)
                self.open_until.pop(server, None)
                return
            self.failures[server] = self.failures.get(server, 0) + 1
            if self.failures[server] >= _OPENS_AFTER:
                self.open_until[server] = at + _OPEN_FOR

    def rest(self, account: Account, *, until: datetime) -> None:
        """Leave an account alone until then: its server asked for it."""
        with self.lock:
            if len(self.resting) >= _MOST_RESTING:
                self.resting.clear()
            self.resting[account.pk] = until

    def open(self, at: datetime) -> set[Server]:
        """Give the servers that are left alone at this moment."""
        with self.lock:
            return {server for server, until in self.open_until.items() if until > at}

    def on_trial(self, at: datetime) -> set[Server]:
        """Give the servers whose minute is over and that have not answered well since: one call at a time."""
        with self.lock:
            return {server for server, until in self.open_until.items() if until <= at}

    def at_rest(self, at: datetime) -> set[int]:
        """Give the accounts that are left alone at this moment."""
        with self.lock:
            self.resting = {account: until for account, until in self.resting.items() if until > at}
            return set(self.resting)

    def forget(self) -> None:
        """Begin anew, as a process that has just started."""
        with self.lock:
            for kept in (self.failures, self.open_until, self.resting):
                kept.clear()


class Traffic:
    """What one publisher has on its way, and what more it may take.

    One server gets at most an eighth of all places, so that a slow one leaves the others theirs; an account gets one, so
    that what a person shares arrives in order.
    """

    def __init__(self, pace: Pace, breaker: Breaker) -> None:
        self._pace = pace
        self._breaker = breaker
        self._servers: Counter[Server] = Counter()
        self._speeds: defaultdict[Server, Speed] = defaultdict(Speed)
        self._accounts: Counter[int] = Counter()
        self.under_way = 0

    @property
    def free(self) -> int:
        """How many more may be on their way."""
        return max(0, self._pace.at_once - self.under_way)

    def begin(self, account: Account | None) -> None:
        """Take a place."""
        self._count(account, 1)

    def end(self, account: Account | None) -> None:
        """Give a place back."""
        self._count(account, -1)

    def _count(self, account: Account | None, by: int) -> None:
        self.under_way += by
        if account is not None:
            server = (account.network, account.instance)
            _add(self._servers, server, by)
            self._speeds[server].count(by)
            _add(self._accounts, account.pk, by)

    def closed_servers(self, at: datetime) -> set[Server]:
        """Give the servers that get nothing more now, because they failed."""
        on_trial = {server for server in self._breaker.on_trial(at) if self._servers[server]}
        return self._breaker.open(at) | on_trial

    def busy_accounts(self, at: datetime) -> set[int]:
        """Give the accounts that get nothing more now."""
        return self._breaker.at_rest(at) | set(self._accounts)

    def choose(self, backlog: Backlog, *, most: int, at: datetime) -> list[int]:
        """Choose whom to take next of those that wait, within the limits, out of the backlog; gives their keys."""
        servers, accounts, chosen = Counter(self._servers), self.busy_accounts(at), list[int]()
        closed, on_trial = self._breaker.open(at), self._breaker.on_trial(at)

        def has_room(server: Server) -> bool:
            room = 0 if server in closed else 1 if server in on_trial else self._pace.per_server
            return servers[server] < room

        def may_go(one: Waiting) -> bool:
            return one.account_id not in accounts

        def to_go(server: Server) -> float:
            return backlog.many(server) * self._speeds[server].seconds()

        for one in islice(backlog.take(has_room=has_room, may_go=may_go, to_go=to_go), most):
            chosen.append(one.share_id)
            if one.account_id is not None:
                accounts.add(one.account_id)
                servers[one.server] += 1
        return chosen


def _add[K: Hashable](counter: Counter[K], key: K, by: int) -> None:
    counter[key] += by
    if not counter[key]:
        del counter[key]


BREAKER = Breaker()
"""Of this process: how servers answer is known to all its publishers."""

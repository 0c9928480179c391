"""The threads that talk to networks for a publisher: each carries one job out, without a database, and hands the answer back."""

import logging
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime
from queue import Empty, SimpleQueue

from django.db import connections

from vocero.networks import services as networks
from vocero.networks.base import Draft, NetworkError, Published
from vocero.sharing.outbox import Claim

logger = logging.getLogger(__name__)

_GATHER_SECONDS = 0.03
_GATHER_MOST = 32


@dataclass(frozen=True, slots=True)
class Job:
    """One call for a claim: look whether an earlier attempt got through (`looks`), or send.

    `at` is the moment of the gate's word, `ends` the last moment (of `time.monotonic`) at which anything may leave: it
    counts from that word on, so that a process that was frozen in between sends nothing.
    """

    claim: Claim
    draft: Draft = field(repr=False)
    looks: bool
    at: datetime
    ends: float


@dataclass(frozen=True, slots=True)
class Done:
    """What came back: a post, nothing (certainly not there), or an error; one that is not a network's says nothing."""

    job: Job
    published: Published | None = None
    error: Exception | None = None

    @property
    def certainly_not_there(self) -> bool:
        """Whether an earlier attempt was looked for in vain, so that the share may be sent."""
        return self.error is None and self.published is None


class Crew:
    """Takes jobs and gives back what came of them, in the order in which they end; threads begin when they are needed."""

    def __init__(self) -> None:
        self.under_way = 0
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._done: SimpleQueue[Done] = SimpleQueue()
        self._threads: list[threading.Thread] = []

    def take(self, job: Job) -> None:
        """Begin a job."""
        self.under_way += 1
        if len(self._threads) < self.under_way:
            self._threads.append(threading.Thread(target=self._work, name="publish"))
            self._threads[-1].start()
        self._jobs.put(job)

    def done(self, seconds: float) -> list[Done]:
        """Wait until something is done, at most for a while, and a moment longer for what ends together with it."""
        found: list[Done] = []
        gather = _GATHER_SECONDS if self.under_way >= _GATHER_MOST else 0.0
        until = time.monotonic() + seconds
        while len(found) < _GATHER_MOST:
            left = until - time.monotonic()
            try:
                found.append(self._done.get(timeout=left) if left > 0 else self._done.get_nowait())
            except Empty:
                break
            if len(found) == 1:
                until = time.monotonic() + gather
        self.under_way -= len(found)
        return found

    def end(self) -> None:
        """Let every thread end after its job."""
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            try:
                done = carry(job)
            finally:
                connections.close_all()  # opened only when a token had to be refreshed
            self._done.put(done)


def carry(job: Job) -> Done:
    """Carry a job out in this thread."""
    claim, share = job.claim, job.claim.share
    try:
        if job.looks:
            first = share.first_sent_at or job.at
            found = networks.find(
                share.network, account=share.account, draft=job.draft, key=share.key,
                first_sent_at=first, at=job.at, ends=job.ends,
            )  # fmt: skip
            return Done(job, published=found)
        published = networks.publish(
            share.network, account=share.account, draft=job.draft, key=share.key, at=job.at, ends=job.ends
        )
        return Done(job, published=published)
    except NetworkError as error:
        return Done(job, error=error)
    except Exception as error:  # noqa: BLE001  the lease lapses, and somebody asks the network
        logger.error("delivering share %s failed with %s", claim.share_id, type(error).__qualname__)
        return Done(job, error=error)

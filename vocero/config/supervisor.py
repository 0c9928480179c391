"""`vocero serve`: pages, links, ingest and worker as one tree of processes that starts, restarts and ends together."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from types import FrameType

from vocero.lib.processes import end_with_parent, give_way

PAGE_THREADS = 16
BESIDE_LINKS = 19  # with a links process in the tree, how much nicer the others are: a visitor who clicks goes first
_SHORTEST_LIFE = 10.0
_LONGEST_PAUSE = 30.0
_LOOK_EVERY = 0.2
_GRACE = 15.0


def granian(interface: str, target: str, *, host: str, port: int, workers: int, threads: int) -> list[str]:
    """The command of a granian server; it restarts its own workers and reads a request's head in at most ten seconds."""
    return [
        *(sys.executable, "-m", "granian", "--interface", interface, "--host", host, "--port", str(port)),
        *("--workers", str(workers), "--blocking-threads", str(threads), "--http", "1", "--no-ws"),
        *("--http1-header-read-timeout", "10000", "--respawn-failed-workers", "--respawn-interval", "0.2"),
        *("--workers-kill-timeout", "10", "--log-level", "error", target),
    ]


def command(*words: str) -> list[str]:
    """The command of one of Vocero's own processes."""
    return [sys.executable, "-m", "vocero", *words]


@dataclass
class Child:
    """One process of the tree: what it is called, how it is started, and how its life has gone.

    `gives_way` is how much nicer than the others it is when the processor does not suffice for all.
    """

    name: str
    words: list[str]
    environ: dict[str, str] = field(default_factory=lambda: dict(os.environ))
    gives_way: int = 0
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    start_again: float = 0.0
    failures: int = 0

    def start(self, now: float) -> None:
        """Start the process; it is told when this one is gone."""
        self.process = subprocess.Popen(
            self.words,
            env=self.environ,
            stdin=subprocess.DEVNULL,
            preexec_fn=self._begin,  # noqa: PLW1509  this process has one thread
        )
        self.started = now

    def _begin(self) -> None:
        end_with_parent()
        give_way(self.gives_way)

    def look(self, now: float) -> str:
        """Start the process again when it has ended, later and later when it ends soon; gives what to tell, or nothing."""
        if self.process is not None:
            status = self.process.poll()
            if status is None:
                return ""
            self.process = None
            self.failures = self.failures + 1 if now - self.started < _SHORTEST_LIFE else 0
            pause = min(_LONGEST_PAUSE, 2.0**self.failures) if self.failures else 0.0
            self.start_again = now + pause
            if not pause:
                self.start(now)
            return f"{self.name} ended with {status}; starting it again" + (f" in {pause:.0f} s." if pause else ".")
        if now >= self.start_again:
            self.start(now)
        return ""

    def signal(self, number: int) -> None:
        """Send a signal, if the process still runs."""
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(number)


class Supervisor:
    """Keeps a set of processes running until SIGTERM or SIGINT, then ends them all."""

    def __init__(
        self, children: list[Child], *, tell: Callable[[str], None], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.children = children
        self._tell = tell
        self._clock = clock
        self._ending = threading.Event()

    def run(self, when_started: Callable[[], bool] | None = None) -> None:
        """Start everything and keep it running; returns after everything has ended.

        `when_started` is asked at every look until it gives True: it may say that the tree answers.
        """
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        for child in self.children:
            child.start(self._clock())
        waiting = when_started
        while not self._ending.is_set():
            time.sleep(_LOOK_EVERY)
            for child in self.children:
                if not self._ending.is_set() and (news := child.look(self._clock())):
                    self._tell(news)
            if waiting is not None and not self._ending.is_set() and waiting():
                waiting = None
        self._end_all()

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._ending.set()

    def _end_all(self) -> None:
        for child in self.children:
            child.signal(signal.SIGTERM)
        latest = self._clock() + _GRACE
        for child in self.children:
            if child.process is not None:
                try:
                    child.process.wait(max(0.1, latest - self._clock()))
                except subprocess.TimeoutExpired:
                    self._tell(f"{child.name} did not end by itself.")
                    child.signal(signal.SIGKILL)
                    child.process.wait()

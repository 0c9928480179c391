"""Makes many days again in several processes at once: each takes the next few days when it has done those before.

Every day is a transaction of its own, and the days are given out in order: after an end at any moment the days that were
told of are done, and going on from the first one that was not costs nothing twice.
"""

import logging
import multiprocessing
import os
from collections.abc import Callable, Sequence
from datetime import date
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from typing import Any, Final

from django.db import connection, connections

_STRETCH: Final = 7
_TURNS: Final = 4

type Work = Callable[[Sequence[date], Callable[[date], None]], None]
"""Does its work for some days in order, and tells of each one that is done."""

type Making = Callable[[], Work]
"""Gives the work; called once in each process, so that work can keep what it needs from one day to the next."""

logger = logging.getLogger(__name__)


class NotFinished(Exception):
    """A process ended before its days were done; the text says how."""


def cores() -> int:
    """Give how many processes can work at once on this machine."""
    return len(os.sched_getaffinity(0))


def work_through(
    days: Sequence[date], making: Making, *, processes: int = 1, tell: Callable[[date], None] = lambda _day: None
) -> None:
    """Do the work for all days, in this process or in some at once; `tell` hears here of each day that is done.

    Inside a transaction other processes would not see what it has written, so everything is done here then. Raises
    NotFinished when one of the processes fails; the days that the others are at are taken back.
    """
    each = max(1, min(_STRETCH, len(days) // (processes * _TURNS)))
    stretches = [days[begin : begin + each] for begin in range(0, len(days), each)]
    if processes < 2 or len(stretches) < 2 or connection.in_atomic_block:
        making()(days, tell)
        return
    connections.close_all()  # a connection must not be used on both sides of a fork
    crew = _Crew(making)
    try:
        for _ in range(min(processes, len(stretches))):
            crew.start()
        crew.give_out(stretches, tell)
    finally:
        crew.end()


class _Crew:
    """The processes, and the ends of the pipes that lead to them."""

    def __init__(self, making: Making) -> None:
        self._context = multiprocessing.get_context("fork")
        self._making = making
        self._members: dict[Connection, ForkProcess] = {}

    def start(self) -> None:
        here, there = self._context.Pipe()
        others = [*self._members, here]
        process = self._context.Process(target=_serve, args=(there, others, self._making), daemon=True)
        process.start()
        there.close()
        self._members[here] = process

    def give_out(self, stretches: Sequence[Sequence[date]], tell: Callable[[date], None]) -> None:
        left = list(reversed(stretches))
        busy: set[Connection] = set()
        for pipe in self._members:
            if left:
                pipe.send(left.pop())
                busy.add(pipe)
        while busy:
            ready = wait(list(busy))
            for pipe in [pipe for pipe in busy if pipe in ready]:
                match self._hear(pipe):
                    case date() as day:
                        tell(day)
                    case str() as reason:
                        raise NotFinished(reason)
                    case _ if left:
                        pipe.send(left.pop())
                    case _:
                        busy.discard(pipe)

    def _hear(self, pipe: Connection) -> Any:
        try:
            return pipe.recv()
        except EOFError:
            process = self._members[pipe]
            process.join()
            return f"a process ended by itself ({process.exitcode})"

    def end(self) -> None:
        """Let those who wait for more go home, and end those who are still at work."""
        for pipe, process in self._members.items():
            pipe.close()
            if process.is_alive():
                process.terminate()
            process.join()


def _serve(pipe: Connection, others: Sequence[Connection], making: Making) -> None:
    """Work through what comes through a pipe; a broken one means that nobody waits for the answer any more."""
    for other in others:
        other.close()  # or this process would keep them open when the first one is killed
    try:
        work = making()
        while True:
            work(pipe.recv(), pipe.send)
            pipe.send(None)
    except (EOFError, BrokenPipeError, ConnectionResetError, KeyboardInterrupt):
        pass
    except Exception as error:
        logger.exception("days could not be worked through")
        pipe.send(f"{type(error).__name__}: {error}")
    finally:
        connections.close_all()

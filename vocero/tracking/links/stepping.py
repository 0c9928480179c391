"""Answers a visit on the thread that granian hands it over on, and goes on wherever what it waits for is done.

Granian's RSGI hands each request to a thread of its own, which has the loop's thread make a task of it. For a click that
is looked up in memory the loop, the task, its future and the change of threads cost more than the click. Here the
request's coroutine is begun where it arrives. When it waits, whoever has made safe what it waits for goes on with it.
"""

import asyncio
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Future
from functools import partial
from types import CoroutineType
from typing import Any, Protocol


class Waited(Protocol):
    """What a visit waits for: done some time, and then it calls those who want to know, from any thread."""

    @property
    def done(self) -> bool:
        """Whether it is done."""

    def then(self, wake: Callable[[], object]) -> None:
        """Call this when it is done; at once when it is already."""


class Asked[Result]:
    """The result of a function that another thread runs, for a visit to await."""

    def __init__(self, future: Future[Result]) -> None:
        self._future = future

    @property
    def done(self) -> bool:
        """Whether the function has ended."""
        return self._future.done()

    def then(self, wake: Callable[[], object]) -> None:
        """Call this when the function has ended."""
        self._future.add_done_callback(lambda _: wake())

    def __await__(self) -> Generator[Any, Any, Result]:
        yield from until(self)
        return self._future.result()


def until(waited: Waited) -> Generator[Any, Any, None]:
    """What `await` does: hand what is waited for to `go_on`, or in a task of a loop let the loop wait."""
    if waited.done:
        return
    loop = asyncio._get_running_loop()  # documented; the one without underscore would raise, on each click
    if loop is None:
        yield waited
        return
    future = loop.create_future()
    waited.then(lambda: loop.call_soon_threadsafe(_wake, future))
    yield from future


def _wake(future: asyncio.Future[None]) -> None:
    if not future.done():  # the visitor may have gone away
        future.set_result(None)


def go_on(visit: Coroutine[Waited, None, object]) -> None:
    """Go on with a visit until it waits for something, or has been answered."""
    try:
        waited = visit.send(None)
    except StopIteration:
        return
    waited.then(partial(go_on, visit))


def step_visits_of(loop: asyncio.AbstractEventLoop) -> None:
    """Have this loop begin the coroutines that granian hands over at once, on the thread that does so."""
    hand_over = loop.call_soon_threadsafe

    def call_soon_threadsafe(callback: Callable[..., object], *args: Any, context: Any = None) -> object:
        if args and type(args[0]) is CoroutineType:
            go_on(args[0])
            return None
        return hand_over(callback, *args, context=context)

    vars(loop)["call_soon_threadsafe"] = call_soon_threadsafe

"""Writes clicks down and says when they are safe: one write a click, one fdatasync for all that came meanwhile."""

import queue
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

from vocero.tracking.links.settings import LinksSettings
from vocero.tracking.segment import HEAD_BYTES, SegmentWriter

if TYPE_CHECKING:
    from vocero.tracking.links.arrivals import ArrivalLog

MOST_BYTES: Final = 64 << 20
MOST_SECONDS: Final = 300
_LOOK_SECONDS: Final = 0.5
_SAY_SECONDS: Final = 30


class NotStored(Exception):
    """The click could not be written down; the visitor is sent on all the same and the loss is counted."""


class Waiter(Protocol):
    """Something that waits for a click to be safe: an asyncio future."""

    def done(self) -> bool:
        """Say whether nobody waits any more."""

    def set_result(self, result: Any, /) -> None:
        """End the waiting; the result says whether the click is safe."""


class Batch:
    """The clicks that wait for the same fdatasync."""

    __slots__ = ("_event", "safe", "waiters")

    def __init__(self) -> None:
        self.waiters: list[Waiter] = []
        self.safe = False
        self._event: threading.Event | None = threading.Event()

    def wait(self) -> bool:
        """Block until the clicks are safe, or known to be not; gives which."""
        if self._event is not None:
            self._event.wait()
        return self.safe

    def settle(self, safe: bool, call_soon: Callable[..., Any] | None) -> None:
        """Wake everybody who waits, asyncio futures through their loop's `call_soon_threadsafe`."""
        self.safe = safe
        event, self._event = self._event, None
        if event is not None:
            event.set()
        if self.waiters and call_soon is not None:
            call_soon(self._answer)

    def _answer(self) -> None:
        for waiter in self.waiters:
            if not waiter.done():
                waiter.set_result(self.safe)


class ClickLog:
    """This process's segments: appends records, syncs them in one thread, moves on to new segments, counts losses.

    With `sync` a click is safe after fdatasync; without it as soon as the operating system has it. `call_soon` is the
    `call_soon_threadsafe` of the event loop whose futures wait, if there is one.
    """

    def __init__(
        self, folder: Path, *, node: str, sync: bool = True, call_soon: Callable[..., Any] | None = None
    ) -> None:
        self._folder = folder
        self._node = node
        self._sync = sync
        self._call_soon = call_soon
        self._lock = threading.Lock()
        self._work: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._batch = Batch()
        self._waiting = False
        self._writer: SegmentWriter | None = None
        self._unsaid = 0
        self._said_at = 0.0
        self.lost = 0
        self._replace()
        self._thread = threading.Thread(target=self._run, name="click-log", daemon=True)
        self._thread.start()

    def append(self, record: bytes, waiter: Waiter | None = None) -> Batch | None:
        """Write a click down; gives the batch to wait for, or None when it is safe already. Raises NotStored."""
        with self._lock:
            writer = self._writer
            if writer is None:
                raise NotStored
            try:
                writer.append(record)
            except OSError as error:
                raise NotStored from error
            if not self._sync:
                return None
            batch = self._batch
            if waiter is not None:
                batch.waiters.append(waiter)
            if not self._waiting:
                self._waiting = True
                self._work.put(True)
            return batch

    def store(self, record: bytes) -> bool:
        """Write a click down and block until it is safe; gives whether it is, and counts it as lost when not."""
        try:
            batch = self.append(record)
            safe = batch is None or batch.wait()
        except NotStored:
            safe = False
        if not safe:
            self.count_lost()
        return safe

    def count_lost(self, count: int = 1) -> None:
        """Count clicks that could not be stored: in the segment's head, which the ingest reads, and on standard error."""
        with self._lock:
            self.lost += count
            self._unsaid += count
            if self._writer is not None:
                self._writer.count_lost(count, time.time_ns() // 1000)
        self._say_losses()

    def close(self) -> None:
        """Sync what is left and finish the segment."""
        self._work.put(False)
        self._thread.join()
        with self._lock:
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    def _run(self) -> None:
        going = True
        while going:
            try:
                going = self._work.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                self._look_after()
                continue
            self._commit()
            if self._is_full():
                self._replace()

    def _commit(self) -> None:
        with self._lock:
            batch, self._batch = self._batch, Batch()
            self._waiting = False
            writer = self._writer
        safe = writer is not None
        if writer is not None and self._sync:
            try:
                writer.sync()
            except OSError:  # what is on the disk now is unknown, so this segment must not be trusted any further
                safe = False
                self._replace(broken=True)
        batch.settle(safe, self._call_soon)

    def _look_after(self) -> None:
        writer = self._writer
        if writer is None or self._is_full():
            self._replace()
        self._say_losses()

    def _is_full(self) -> bool:
        writer = self._writer
        if writer is None or writer.size <= HEAD_BYTES:
            return False
        return writer.size >= MOST_BYTES or time.time_ns() // 1000 - writer.created_us >= MOST_SECONDS * 1_000_000

    def _replace(self, *, broken: bool = False) -> None:
        """Open the next segment and finish the former one; a broken one is given up even when there is no next."""
        try:
            fresh = SegmentWriter.create(self._folder, node=self._node, at_us=time.time_ns() // 1000)
        except OSError as error:
            self._say(f"no segment can be made in {self._folder}: {error.strerror or error}")
            if not broken:
                return
            fresh = None
        with self._lock:
            former, self._writer = self._writer, fresh
            batch, self._batch = self._batch, Batch()
        if former is None:
            return
        safe = not broken
        try:
            former.sync()
        except OSError:
            safe = False
        former.close()
        batch.settle(safe, self._call_soon)

    def _say_losses(self) -> None:
        if self._unsaid and time.monotonic() - self._said_at >= _SAY_SECONDS:
            self._said_at = time.monotonic()
            unsaid, self._unsaid = self._unsaid, 0
            self._say(
                f"{unsaid} clicks could not be stored (visitors were sent on); is the disk of {self._folder} full?"
            )

    def _say(self, text: str) -> None:
        print(f"vocero links: {text}", file=sys.stderr, flush=True)


def open_log(told: LinksSettings, call_soon: Callable[..., Any] | None = None) -> "ClickLog | ArrivalLog":
    """Give the log that the settings ask for: safe on the disk, with the operating system, or in the database."""
    segments = ClickLog(told.segments, node=told.node, sync=told.sync != "kernel", call_soon=call_soon)
    if told.sync != "database" or told.postgresql is None:
        return segments
    from vocero.tracking.links.arrivals import ArrivalLog

    return ArrivalLog(told.postgresql, segments, call_soon=call_soon)

"""Writes clicks down and says when they are safe: all that came meanwhile in one write, and one fdatasync for them."""

import contextlib
import queue
import sys
import threading
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from vocero.tracking.links.settings import LinksSettings
from vocero.tracking.links.stepping import until
from vocero.tracking.segment import HEAD_BYTES, SegmentWriter

if TYPE_CHECKING:
    from vocero.tracking.links.arrivals import ArrivalLog

MOST_BYTES: Final = 64 << 20
MOST_SECONDS: Final = 300
_LOOK_SECONDS: Final = 0.5
_SAY_SECONDS: Final = 30


class Group:
    """Clicks that are made safe together. A thread waits with `wait`, a coroutine with `await`; both give whether."""

    __slots__ = ("_settling", "_waiting", "done", "records", "safe")

    def __init__(self, *, done: bool = False, safe: bool = False) -> None:
        self.records: list[bytes] = []
        self.done = done
        self.safe = safe
        self._settling = threading.Lock()
        self._waiting: list[Callable[[], object]] = []

    def then(self, wake: Callable[[], object]) -> None:
        """Call this once it is known whether the clicks are safe, from the thread that learns it; at once when it is."""
        with self._settling:
            if not self.done:
                self._waiting.append(wake)
                return
        wake()

    def wait(self) -> bool:
        """Block until the clicks are safe, or known to be not; gives which."""
        if not self.done:
            door = threading.Lock()
            door.acquire()
            self.then(door.release)
            door.acquire()
        return self.safe

    def __await__(self) -> Generator[Any, Any, bool]:
        yield from until(self)
        return self.safe

    def settle(self, *, safe: bool) -> None:
        """Wake everybody who waits, and whoever comes later goes on at once."""
        with self._settling:
            self.safe = safe
            self.done = True
        for wake in self._waiting:
            try:
                wake()
            except Exception:  # noqa: BLE001  one visitor's answer went wrong; the others wait, and so does the next group
                traceback.print_exc()


class GroupLog(ABC):
    """Gathers clicks into groups; a thread of its own makes one group safe while the next one gathers."""

    def __init__(self, name: str) -> None:
        self._gathering = threading.Lock()
        self._work: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._group = Group()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def append(self, record: bytes) -> Group:
        """Add a click to the group that is gathering; gives the group to wait for."""
        with self._gathering:
            group = self._group
            group.records.append(record)
            if len(group.records) == 1:
                self._work.put(True)
            return group

    def store(self, record: bytes) -> bool:
        """Add a click and block until it is safe; gives whether it is, and counts it as lost when not."""
        safe = self.append(record).wait()
        if not safe:
            self.count_lost()
        return safe

    @abstractmethod
    def count_lost(self, count: int = 1) -> None:
        """Count clicks that could not be stored."""

    def close(self) -> None:
        """Make safe what is left, and end."""
        self._work.put(False)
        self._thread.join()

    @abstractmethod
    def _make_safe(self, records: list[bytes]) -> bool:
        """Store these clicks; give whether they are safe now."""

    @abstractmethod
    def _look_after(self, *, idle: bool) -> None:
        """Do what is due between groups, and when none has come for a while."""

    def _run(self) -> None:
        going = True
        while going:
            try:
                going = self._work.get(timeout=_LOOK_SECONDS)
            except queue.Empty:
                self._look_after(idle=True)
                continue
            self._commit()
            self._look_after(idle=False)
        self._commit()

    def _commit(self) -> None:
        with self._gathering:
            group = self._group
            if not group.records:
                return
            self._group = Group()
        group.settle(safe=self._make_safe(group.records))


class ClickLog(GroupLog):
    """This process's segments: writes groups of records, syncs them, moves on to new segments, counts losses.

    With `sync` a click is safe after fdatasync; without it as soon as the operating system has it.
    """

    def __init__(self, folder: Path, *, node: str, sync: bool = True) -> None:
        super().__init__("click-log")
        self._folder = folder
        self._node = node
        self._sync = sync
        self._writing = threading.Lock()
        self._writer: SegmentWriter | None = None
        self._unsaid = 0
        self._uncounted = 0
        self._again_at = 0.0
        self._complain_at = 0.0
        self._said_at = 0.0
        self.lost = 0
        self._replace()
        self._thread.start()

    def count_lost(self, count: int = 1) -> None:
        """Count clicks that could not be stored: in the segment's head, which the ingest reads, and on standard error.

        While no segment can be made they wait for the next one's head.
        """
        with self._writing:
            self.lost += count
            self._unsaid += count
            self._uncounted += count
            self._count_uncounted()
        self._say_losses()

    def keep(self, records: list[bytes]) -> bool:
        """Store clicks from any thread, with one write; gives whether they are safe."""
        with self._writing:
            writer = self._writer
            if writer is None:
                return False
            try:
                writer.append(b"".join(records))
            except OSError:
                return False
            if not self._sync:
                return True
            try:
                writer.sync()
            except OSError:  # what is on the disk now is unknown, so this segment must not be trusted any further
                self._writer = None
            else:
                return True
        writer.close()
        self._replace()
        return False

    def close(self) -> None:
        """Sync what is left and finish the segment."""
        super().close()
        with self._writing:
            if self._writer is not None:
                self._writer.close()
                self._writer = None

    def _make_safe(self, records: list[bytes]) -> bool:
        return self.keep(records)

    def _look_after(self, *, idle: bool) -> None:
        if (self._writer is None or self._is_full()) and time.monotonic() >= self._again_at:
            self._replace()
        if idle:
            self._say_losses()

    def _is_full(self) -> bool:
        writer = self._writer
        if writer is None or writer.size <= HEAD_BYTES:
            return False
        return writer.size >= MOST_BYTES or time.time_ns() // 1000 - writer.created_us >= MOST_SECONDS * 1_000_000

    def _replace(self) -> None:
        """Open the next segment and finish the former one, which goes on when there is no next."""
        try:
            fresh = SegmentWriter.create(self._folder, node=self._node, at_us=time.time_ns() // 1000, ahead=self._sync)
        except OSError as error:
            now = time.monotonic()
            self._again_at = now + _LOOK_SECONDS
            if now >= self._complain_at:
                self._complain_at = now + _SAY_SECONDS
                self._say(f"no segment can be made in {self._folder}: {error.strerror or error}")
            return
        self._complain_at = 0.0
        with self._writing:
            former, self._writer = self._writer, fresh
            self._count_uncounted()
        if former is not None:
            with contextlib.suppress(OSError):  # everything that was acknowledged has been synced already
                former.sync()
            former.close()

    def _count_uncounted(self) -> None:
        if self._writer is not None and self._uncounted:
            uncounted, self._uncounted = self._uncounted, 0
            self._writer.count_lost(uncounted, time.time_ns() // 1000)

    def _say_losses(self) -> None:
        if self._unsaid and time.monotonic() - self._said_at >= _SAY_SECONDS:
            self._said_at = time.monotonic()
            unsaid, self._unsaid = self._unsaid, 0
            self._say(
                f"{unsaid} clicks could not be stored (visitors were sent on); is the disk of {self._folder} full?"
            )

    def _say(self, text: str) -> None:
        print(f"vocero links: {text}", file=sys.stderr, flush=True)


def open_log(told: LinksSettings) -> "ClickLog | ArrivalLog":
    """Give the log that the settings ask for: safe on the disk, with the operating system, or in the database."""
    if told.sync != "database" or told.postgresql is None:
        return ClickLog(told.segments, node=told.node, sync=told.sync != "kernel")
    from vocero.tracking.links.arrivals import ArrivalLog

    return ArrivalLog(told.postgresql, ClickLog(told.segments, node=told.node))

"""The due work of an installation: what runs how often, and the loop that lets any number of workers run it once."""

import logging
import platform
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.db import close_old_connections, connection
from django.db.models import F
from django.utils.module_loading import import_string

from vocero.company.models import Schedule
from vocero.company.queries import installation
from vocero.lib import clock
from vocero.lib.processes import ENDING

logger = logging.getLogger(__name__)

type Task = Callable[[datetime], int]

SENDING, READING, COUNTING, MAILING, KEEPING, ANSWERING = (
    "sending", "reading", "counting", "mailing", "keeping", "answering",
)  # fmt: skip
"""Lanes: each is one thread of a worker, so that a slow feed never delays a share that is due."""

BEAT_EVERY = timedelta(seconds=30)
BEAT_VALID = timedelta(seconds=90)
_WORKER_PREFIX = "worker on "
_LONGEST_WAIT = 1.0


@dataclass(frozen=True)
class Due:
    """One kind of due work: `task(at)` does a batch and gives how many rows it did; `drains`: again at once until 0.

    `waits` names a function of a moment that reads whether some of it waits: then every worker joins in, without waiting
    for its turn.
    """

    task: str
    every: timedelta
    lane: str
    drains: bool = False
    waits: str = ""

    @property
    def name(self) -> str:
        """How its row is called: package and function, such as `sharing.publish_due`."""
        _, package, _, function = self.task.rsplit(".", 3)
        return f"{package}.{function}"

    def load(self) -> Task:
        """The function; raises ImportError when there is none."""
        task: Task = import_string(self.task)
        return task

    def is_waited_for(self, at: datetime) -> bool:
        """Say whether some of it waits for whoever can join in."""
        return bool(self.waits and import_string(self.waits)(at))


def _seconds(number: int) -> timedelta:
    return timedelta(seconds=number)


TABLE: tuple[Due, ...] = (
    Due("vocero.company.tasks.apply_time_zone", _seconds(60), COUNTING),
    Due("vocero.company.tasks.forget_marks", _seconds(3600), COUNTING),
    Due("vocero.people.tasks.end_pauses", _seconds(600), COUNTING),
    Due("vocero.notices.tasks.send_due_invitations", _seconds(5), MAILING, drains=True),
    Due("vocero.notices.tasks.send_weekly_mails", _seconds(300), MAILING),
    Due("vocero.notices.tasks.ask_to_reconnect", _seconds(300), MAILING),
    Due("vocero.notices.tasks.forget_old_mails", _seconds(24 * 3600), COUNTING),
    Due("vocero.networks.tasks.refresh_due_tokens", _seconds(60), READING, drains=True),
    Due("vocero.networks.tasks.disconnect_departed", _seconds(30), READING, drains=True),
    Due("vocero.networks.tasks.rotate_keys", _seconds(3600), COUNTING),
    Due("vocero.networks.tasks.read_followers", _seconds(300), READING, drains=True),
    Due("vocero.content.tasks.fetch_due_sources", _seconds(30), READING, drains=True),
    Due("vocero.content.tasks.read_due_pages", _seconds(10), READING, drains=True),
    Due("vocero.content.tasks.expire_posts", _seconds(60), COUNTING),
    Due(
        "vocero.sharing.tasks.publish_due",
        _seconds(2),
        SENDING,
        drains=True,
        waits="vocero.sharing.publishing.anything_waits",
    ),
    Due("vocero.sharing.tasks.read_engagement", _seconds(300), READING, drains=True),
    Due("vocero.tracking.tasks.make_salts", _seconds(3600), COUNTING),
    Due("vocero.tracking.tasks.close_days", _seconds(600), COUNTING),
    Due("vocero.tracking.tasks.credit_waiting_conversions", _seconds(15), COUNTING),
    Due("vocero.privacy.tasks.retain", _seconds(24 * 3600), COUNTING),
    Due("vocero.tracking.tasks.make_partitions", _seconds(6 * 3600), COUNTING),
    Due("vocero.tracking.tasks.export_clicks", _seconds(60), KEEPING, drains=True),
    Due("vocero.tracking.tasks.compare_export", _seconds(3600), KEEPING),
    Due("vocero.privacy.tasks.settle_old_clicks", _seconds(24 * 3600), KEEPING),
    Due("vocero.measurement.tasks.roll_up_recent", _seconds(60), COUNTING),
    Due("vocero.recognition.tasks.score_recent", _seconds(60), COUNTING),
    Due("vocero.measurement.tasks.roll_up_all", _seconds(24 * 3600), COUNTING),
    Due("vocero.measurement.tasks.make_slices", _seconds(2), ANSWERING, drains=True),
    Due("vocero.measurement.tasks.forget_slices", _seconds(3600), COUNTING),
)
"""Every task of every package; a test fails when one is missing here."""


class SecondMachine(Exception):
    """A worker on another machine is at work on the same SQLite file."""


def run_due(due: Due, at: datetime, *, joins: bool = False) -> int | None:
    """Run one kind of due work if its moment has come and nobody else took it; gives the count, None when not run.

    Who `joins` does not wait for that moment.

    The row is moved on by compare-and-set before the work begins, so that of many workers one runs it. A failure is kept
    on the row by the name of its class only: messages may hold what people wrote.
    """
    row, _ = Schedule.objects.get_or_create(name=due.name, defaults={"next_run_at": at})
    if row.next_run_at > at and not joins:
        return None
    taken = Schedule.objects.filter(name=due.name, next_run_at=row.next_run_at).update(
        next_run_at=at + due.every, last_started_at=at
    )
    if not taken:
        return None
    count, failure = 0, ""
    try:
        count = due.load()(at)
    except Exception as error:  # noqa: BLE001  one kind of work that fails must not stop the others
        failure = type(error).__qualname__
        logger.error("%s failed with %s\n%s", due.name, failure, "".join(traceback.format_tb(error.__traceback__)))
    finished: dict[str, object] = {"last_finished_at": clock.now(), "last_count": count, "last_error": failure}
    if due.drains and count and not failure:
        finished["next_run_at"] = at
    Schedule.objects.filter(name=due.name).update(**finished)
    return count


def run_all_due(at: datetime, table: tuple[Due, ...] | None = None) -> int:
    """Run everything that is due at a moment, in this thread, until nothing more is; gives the sum of the counts."""
    done = 0
    for due in TABLE if table is None else table:
        while count := run_due(due, at):
            done += count
            if not due.drains:
                break
    return done


def machine() -> str:
    """What this machine is known by among those that share a database: its name and its operating system's own id."""
    place = Path("/etc/machine-id")
    own = place.read_text().strip()[:8] if place.is_file() else ""
    return f"{platform.node()}-{own}"[:60]


def beat(at: datetime, name: str | None = None) -> None:
    """Say that a worker of this machine is alive; raises SecondMachine on SQLite when one of another machine is too."""
    own = _WORKER_PREFIX + (name or machine())
    if connection.vendor == "sqlite":
        others = Schedule.objects.filter(name__startswith=_WORKER_PREFIX, next_run_at__gt=at).exclude(name=own)
        if other := others.first():
            raise SecondMachine(
                f"A {other.name} uses the same SQLite file. SQLite serves one machine: stop that worker, or move to "
                "PostgreSQL (DATABASE_URL), which serves any number. If that machine is gone, wait 90 seconds."
            )
    Schedule.objects.update_or_create(
        name=own, defaults={"next_run_at": at + BEAT_VALID, "last_started_at": at, "last_finished_at": None}
    )


def last_beat() -> datetime | None:
    """When a worker of any machine was last alive, None when there never was one."""
    rows = Schedule.objects.filter(name__startswith=_WORKER_PREFIX).order_by(F("last_started_at").desc(nulls_last=True))
    return rows.values_list("last_started_at", flat=True).first()


class Worker:
    """Runs the due work of every lane until it is told to stop."""

    def __init__(self, table: tuple[Due, ...] | None = None) -> None:
        self._table = TABLE if table is None else table
        self._stopped = threading.Event()
        self._set_up = False
        self.refused: SecondMachine | None = None

    def stop(self) -> None:
        """Let every lane end after the task that it is in, and long tasks take on nothing new."""
        ENDING.set()
        self._stopped.set()

    def run(self) -> None:
        """Beat and run all lanes; returns after `stop`, or raises SecondMachine."""
        beat(clock.now())
        ENDING.clear()
        lanes = sorted({due.lane for due in self._table})
        threads = [threading.Thread(target=self._run_lane, args=(lane,), name=lane) for lane in lanes]
        for thread in threads:
            thread.start()
        try:
            while not self._stopped.wait(BEAT_EVERY.total_seconds()):
                close_old_connections()
                self._beat()
        finally:
            self.stop()
            for thread in threads:
                thread.join()
            Schedule.objects.filter(name=_WORKER_PREFIX + machine()).update(next_run_at=clock.now())
        if self.refused:
            raise self.refused

    def _beat(self) -> None:
        try:
            beat(clock.now())
        except SecondMachine as error:
            self.refused = error
            self.stop()
        except Exception as error:  # noqa: BLE001  the database may be away for a while
            logger.error("the worker could not beat: %s", type(error).__qualname__)

    def _is_set_up(self) -> bool:
        """Whether there is a company; before that nothing is due."""
        self._set_up = self._set_up or installation() is not None
        return self._set_up

    def _run_lane(self, lane: str) -> None:
        """One thread: looks every second, with plain reads, whether something of its lane is due."""
        table = tuple(due for due in self._table if due.lane == lane)
        try:
            while not self._stopped.is_set():
                close_old_connections()
                if not self._look(table):
                    self._stopped.wait(_LONGEST_WAIT)
        finally:
            connection.close()

    def _look(self, table: tuple[Due, ...]) -> bool:
        """Run what is due now; gives whether something drains and has more to do."""
        try:
            if not self._is_set_up():
                return False
            waiting = dict(
                Schedule.objects.filter(name__in=[due.name for due in table]).values_list("name", "next_run_at")
            )
            more = False
            for due in table:
                at = clock.now()
                joins = waiting.get(due.name, at) > at
                if not self._stopped.is_set() and (not joins or due.is_waited_for(at)):
                    more = bool(run_due(due, at, joins=joins) and due.drains) or more
        except Exception as error:  # noqa: BLE001  the database may be away for a while
            logger.error("the worker could not look for due work: %s", type(error).__qualname__)
            return False
        return more

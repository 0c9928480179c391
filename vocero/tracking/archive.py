"""Months of single clicks beyond their time: compared with their roll-ups, written as a file, and only then taken out.

Whatever moment it is stopped at, the next run goes on: a file counts once its row in `ClickMonth` is committed, which happens
after it was written, flushed, read back, compared and renamed; rows are deleted only while they are in a file that counts.
"""

import fcntl
import logging
import os
import platform
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

from vocero.lib.errors import Refusal
from vocero.lib.periods import Period, PeriodKind, days_between
from vocero.tracking import abreast, parquet, partitions, recount, stats
from vocero.tracking.keys import Places
from vocero.tracking.models import Click, ClickMonth, RequestStat
from vocero.tracking.parquet import Scratch
from vocero.tracking.wide import (
    Sums,
    Tell,
    any_clicks,
    between,
    count_clicks,
    dimensions_of,
    of_days,
    sums_of,
    write_csv,
)

_BATCH: Final = 2000
_LONGEST_REST: Final = 0.05

logger = logging.getLogger(__name__)


class NotReadable(Refusal):
    """Single clicks are in a file that cannot be read here; the text says why."""


class NotKept(Exception):
    """A month could not be settled now; the text says why. All its rows are still there."""


@dataclass(frozen=True, slots=True)
class Folder:
    """Where the files are, and whether months are to be kept as files at all or forgotten."""

    place: Path
    keep: bool = True

    def file_of(self, month: Period) -> Path:
        """Give the place of a month's file."""
        return self.place / f"{month.key}.parquet"


def folder() -> Folder:
    """Give the archive of this installation, as its settings say."""
    return Folder(Path(settings.VOCERO_ARCHIVE), keep=settings.VOCERO_OLD_CLICKS == "archive")


def months_due(*, before_on: date) -> list[Period]:
    """Give the months that lie wholly before a day and have single clicks in the database, the oldest first."""
    oldest = Click.objects.order_by("pk").first()
    if oldest is None:
        return []
    found, month = [], Period.of(PeriodKind.MONTH, oldest.day_on)
    while month.last_on < before_on:
        if any_clicks(month.first_on, month.last_on):
            found.append(month)
        month = month.next()
    return found


def settle(
    month: Period, folder: Folder, *, at: datetime, tell: Tell, allowed: Callable[[Period], str] | None = None
) -> int:
    """Take a month's single clicks out of the database: into its file, or forgotten; gives how many rows went.

    `allowed` may give a reason why rows must stay for now (they are not exported yet, say). Raises NotKept.
    """
    with _alone(folder.place) as alone:
        if not alone:
            raise NotKept("another process is at work in the archive")
        row = ClickMonth.objects.get_or_create(month_on=month.first_on)[0]
        if folder.keep:
            _keep(row, month, folder, at=at, tell=tell)
        elif row.settled_at is None:
            _compare(month, tell=tell)
            row.settled_at = at
            row.save()
        if allowed is not None and (reason := allowed(month)):
            raise NotKept(reason)
        gone = _clear(row, month, folder, tell=tell)
        if not any_clicks(month.first_on, month.last_on):
            ClickMonth.objects.filter(pk=row.pk).update(cleared_at=at)
    return gone


def _keep(row: ClickMonth, month: Period, folder: Folder, *, at: datetime, tell: Tell) -> None:
    """See to it that everything of the month that is in the database is also in its file."""
    if not parquet.is_installed():
        raise NotKept(f"the extra that writes the archive is not installed: {parquet.INSTALL}")
    target = folder.file_of(month)
    _adopt(row, target)
    if row.file and (reason := why_unreadable(row, folder)):
        raise NotKept(reason)
    if not row.file:
        _compare(month, tell=tell)
    with parquet.scratch(folder.place) as scratch:
        in_database = _gather(scratch, month, tell=tell)
        if row.file and not scratch.missing_in(target):
            return
        others: Sums = {}
        if row.file:
            tell(f"{month.key}: clicks have come late; they are added to its file")
            others = scratch.add_others_of(target)
            _compare(month, tell=tell, archived=scratch.of_day)
        tell(f"{month.key}: writing")
        part = target.with_name(f"{target.name}.part")
        scratch.write(dimensions_of(scratch.links()), part)
        with parquet.opened(part) as made:
            written = made.sums()
        if written != _added(in_database, others):
            part.unlink()
            raise NotKept(f"{month.key}: what was read back is not what the database holds")
        row.coming = parquet.fingerprint(part)
        row.save(update_fields=["coming"])
    part.replace(target)
    parquet.sync(folder.place)
    _adopt(row, target, at=at)
    tell(f"{month.key}: {row.clicks} clicks are in {target} ({row.bytes / max(row.clicks, 1):.1f} bytes a click)")


def _adopt(row: ClickMonth, target: Path, *, at: datetime | None = None) -> None:
    """Let the file that was about to take its place count, if it has taken it; a killed process may have left that open."""
    if not row.coming:
        return
    if target.is_file() and parquet.fingerprint(target) == row.coming:
        with parquet.opened(target) as file:
            row.clicks = sum(counted[0] for counted in file.sums().values())
        row.bytes, row.sha256 = target.stat().st_size, row.coming
        row.file, row.machine, row.cleared_at = target.name, platform.node()[:64], None
        row.settled_at = at or row.settled_at
    row.coming = ""
    row.save()


def _gather(scratch: Scratch, month: Period, *, tell: Tell) -> Sums:
    """Read the month out of the database day by day; gives what the database itself says that they add up to."""
    found: dict[tuple[int, str], tuple[int, int, int, int, int]] = {}
    for day in days_between(month.first_on, month.last_on):
        place = scratch.place / "clicks.csv"
        write_csv(place, day, day)
        if place.stat().st_size:
            scratch.add_csv(place)
            found |= sums_of(day, day)
            tell(f"{day}: read")
    return found


def _compare(month: Period, *, tell: Tell, archived: Callable[[date], Iterable[tuple[Any, ...]]] | None = None) -> None:
    """Compare the month's roll-ups with its clicks, day by day. Raises NotKept at the first day that differs."""
    for day in days_between(month.first_on, month.last_on):
        if archived is None:
            different = stats.differences(day)
        else:
            with recount.standing_in(day, archived(day)):
                different = stats.differences(day)
        if different:
            logger.error("clicks of %s are kept: %d of their roll-ups do not agree", day, len(different))
            raise NotKept(f"{len(different)} roll-ups of {day} are not what its clicks say; try: vocero rebuild")
        tell(f"{day}: the roll-ups agree")


def _added(one: Sums, other: Sums) -> Sums:
    zero = (0, 0, 0, 0, 0)
    return {
        key: tuple(map(sum, zip(one.get(key, zero), other.get(key, zero), strict=True)))  # type: ignore[misc]
        for key in one.keys() | other.keys()
    }


def _clear(row: ClickMonth, month: Period, folder: Folder, *, tell: Tell) -> int:
    """Delete the month's rows that may go: with PostgreSQL its whole part, else in short batches."""
    gone, expected = 0, None
    if partitions.is_used() and month in partitions.months():
        if folder.keep:
            with parquet.opened(folder.file_of(month)) as file:
                expected = file.sums()
        whole = count_clicks(month.first_on, month.last_on)
        if partitions.drop(month, expected=expected):
            gone = whole - count_clicks(month.first_on, month.last_on)
    for day in days_between(month.first_on, month.last_on):
        if any_clicks(day, day):
            gone += _clear_day(day, folder, month)
            tell(f"{day}: its rows are gone")
    return gone


def _clear_day(day: date, folder: Folder, month: Period) -> int:
    if not folder.keep:
        return _delete_all(day)
    with parquet.opened(folder.file_of(month)) as file:
        return sum(_delete(ids, day) for ids in _parts(click[0] for click in file.of_day(day)))


def _delete(ids: list[int], day: date) -> int:
    """Delete some clicks in a transaction of its own, and let others have as much time as that took."""
    marks = ", ".join(["%s"] * len(ids))
    return _run(
        f"DELETE FROM tracking_click WHERE id IN ({marks}) AND visitor >= %s AND visitor < %s",  # noqa: S608
        [*ids, *between(day, day)],
    )


def _delete_all(day: date) -> int:
    gone = 0
    chosen = f"SELECT id FROM tracking_click WHERE {of_days(day, day)} LIMIT {_BATCH}"  # noqa: S608
    sql = f"DELETE FROM tracking_click WHERE {of_days(day, day)} AND id IN ({chosen})"  # noqa: S608
    while count := _run(sql, []):
        gone += count
    return gone


def _run(sql: str, values: list[int]) -> int:
    began = time.monotonic()
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        count = cursor.rowcount
    time.sleep(min(time.monotonic() - began, _LONGEST_REST))
    return int(count)


def _parts(ids: Iterable[int]) -> Iterator[list[int]]:
    left = iter(ids)
    while part := list(islice(left, _BATCH)):
        yield part


def settled_months() -> list[tuple[Period, ClickMonth]]:
    """Give the months whose rows may have gone, the oldest first."""
    rows = ClickMonth.objects.exclude(settled_at=None).order_by("month_on")
    return [(Period.of(PeriodKind.MONTH, row.month_on), row) for row in rows]


def why_unreadable(row: ClickMonth, folder: Folder) -> str:
    """Say why a settled month's clicks cannot be read here, in the reader's language; nothing when they can."""
    month = f"{row.month_on:%Y-%m}"
    if not row.file:
        return _("The single clicks of %(month)s were forgotten, as the settings asked for.") % {"month": month}
    if not parquet.is_installed():
        return _("The single clicks of %(month)s are in the archive. To read them, install its extra: %(command)s") % {
            "month": month,
            "command": parquet.INSTALL,
        }
    place = folder.place / row.file
    values = {"file": str(place), "machine": row.machine}
    if not place.is_file():
        return _("The file %(file)s is not here; %(machine)s wrote it. Bring it back, or set VOCERO_ARCHIVE.") % values
    if parquet.fingerprint(place) not in {row.sha256, row.coming}:
        return _("The file %(file)s is not as it was written. Bring it back from a backup.") % values
    return ""


def first_countable_day(folder: Folder, *, kept_on: date | None) -> date | None:
    """Give the first day from which on all single clicks can be read, in the database or in files; None: all of them.

    `kept_on` is the first day whose clicks are in the database, when earlier ones were forgotten.
    """
    months = settled_months()
    if not months:
        return kept_on
    missing = [month for month, row in months if why_unreadable(row, folder)]
    if missing:
        return missing[-1].last_on + timedelta(days=1)
    first = months[0][0].first_on
    return first if RequestStat.objects.filter(day_on__lt=first, raw__gt=0).exists() else None


def rebuild(
    first_on: date,
    last_on: date,
    folder: Folder,
    *,
    tell: Callable[[date], None] = lambda _day: None,
    processes: int = 1,
) -> None:
    """Make the click roll-ups of days again, from the files where rows have gone, and then from the database.

    Days whose clicks are in the database are worked through by as many processes as asked for.
    """
    settled = settled_months()
    for month, row in settled:
        if month.first_on <= last_on and month.last_on >= first_on and (reason := why_unreadable(row, folder)):
            raise NotReadable(reason)
    kept: list[date] = []
    filed: list[date] = []
    for day in days_between(first_on, last_on):
        is_filed = any(month.first_on <= day <= month.last_on for month, _row in settled)
        (filed if is_filed else kept).append(day)
    _with_each_day(filed, folder, stats.rebuild_day, tell=tell)
    abreast.work_through(kept, _rebuilding, processes=processes, tell=tell)
    stats.mend_sums(first_on, last_on)


def _rebuilding() -> abreast.Work:
    """Give what makes days again, with places that it keeps from one day to the next."""
    places = Places()

    def rebuild_some(days: Sequence[date], tell: Callable[[date], None]) -> None:
        for day in days:
            stats.rebuild_day(day, places)
            tell(day)

    return rebuild_some


def differences(
    first_on: date, last_on: date, folder: Folder, *, tell: Callable[[date], None] = lambda _day: None
) -> Counter[str]:
    """Count by table the rows of days that are not what their clicks say; clicks of the database keep coming meanwhile."""
    wrong: Counter[str] = Counter()

    def compare(day: date, places: Places) -> None:
        wrong.update(different.table for different in stats.differences(day, places))

    _with_each_day(days_between(first_on, last_on), folder, compare, tell=tell)
    return wrong


def _with_each_day(
    days: Sequence[date],
    folder: Folder,
    work: Callable[[date, Places], object],
    *,
    tell: Callable[[date], None],
) -> None:
    """Do something with each day while its clicks can be counted: where rows have gone, the file's stand in for them."""
    places = Places()
    left = list(days)
    for month, row in settled_months():
        filed = [day for day in left if month.first_on <= day <= month.last_on]
        if not filed:
            continue
        if reason := why_unreadable(row, folder):
            raise NotReadable(reason)
        for day in left[: left.index(filed[0])]:
            work(day, places)
            tell(day)
        with parquet.opened(folder.place / row.file) as file:
            for day in filed:
                with recount.standing_in(day, file.of_day(day)):
                    work(day, places)
                tell(day)
        left = left[left.index(filed[-1]) + 1 :]
    for day in left:
        work(day, places)
        tell(day)


def why_not_countable(day_on: date, folder: Folder) -> str:
    """Say why single clicks from a day on cannot be read here, in the reader's language; nothing when they can."""
    reasons = [why_unreadable(row, folder) for month, row in settled_months() if month.last_on >= day_on]
    return next(filter(None, reversed(reasons)), "")


@contextmanager
def _alone(place: Path) -> Iterator[bool]:
    """Keep other processes (of this machine, or of others that share the folder) from the archive meanwhile."""
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    lock = os.open(place / ".lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True
    finally:
        os.close(lock)

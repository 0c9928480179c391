"""Days, ISO weeks, months and quarters in a time zone, and the moments between which they lie."""

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo


class PeriodKind(StrEnum):
    """What kinds of calendar period figures are cut into."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """A calendar period by its first and last day, both included."""

    first_on: date
    last_on: date
    kind: PeriodKind

    @classmethod
    def of(cls, kind: PeriodKind, day: date) -> "Period":
        """Give the period of this kind that holds the day; weeks start on Monday (ISO 8601)."""
        if kind is PeriodKind.DAY:
            return cls(day, day, kind)
        if kind is PeriodKind.WEEK:
            monday = day - timedelta(days=day.weekday())
            return cls(monday, monday + timedelta(days=6), kind)
        months = 3 if kind is PeriodKind.QUARTER else 1
        first_month = (day.month - 1) // months * months + 1
        last_month = first_month + months - 1
        last_day = calendar.monthrange(day.year, last_month)[1]
        return cls(date(day.year, first_month, 1), date(day.year, last_month, last_day), kind)

    @classmethod
    def parse(cls, key: str) -> "Period":
        """Read what `key` writes. Raises ValueError."""
        if match := re.fullmatch(r"(\d{4})-W(\d{2})", key, re.ASCII):
            return cls.of(PeriodKind.WEEK, date.fromisocalendar(int(match[1]), int(match[2]), 1))
        if match := re.fullmatch(r"(\d{4})-Q([1-4])", key, re.ASCII):
            return cls.of(PeriodKind.QUARTER, date(int(match[1]), int(match[2]) * 3, 1))
        if match := re.fullmatch(r"(\d{4})-(\d{2})", key, re.ASCII):
            return cls.of(PeriodKind.MONTH, date(int(match[1]), int(match[2]), 1))
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", key, re.ASCII):
            return cls.of(PeriodKind.DAY, date.fromisoformat(key))
        raise ValueError("not a period")

    @property
    def key(self) -> str:
        """The period as a short word: 2026-11-22, 2026-W47, 2026-11 or 2026-Q4."""
        if self.kind is PeriodKind.WEEK:
            year, week, _ = self.first_on.isocalendar()
            return f"{year:04d}-W{week:02d}"
        if self.kind is PeriodKind.QUARTER:
            return f"{self.first_on.year:04d}-Q{(self.first_on.month + 2) // 3}"
        return self.first_on.isoformat()[: 7 if self.kind is PeriodKind.MONTH else 10]

    @property
    def days(self) -> int:
        """How many days the period has."""
        return (self.last_on - self.first_on).days + 1

    def __contains__(self, day: date) -> bool:
        return self.first_on <= day <= self.last_on

    def previous(self) -> "Period":
        """Give the period of the same kind just before."""
        return Period.of(self.kind, self.first_on - timedelta(days=1))

    def next(self) -> "Period":
        """Give the period of the same kind just after."""
        return Period.of(self.kind, self.last_on + timedelta(days=1))

    def starts_at(self, zone: ZoneInfo) -> datetime:
        """Give the first moment of the period in the zone, in UTC."""
        return day_starts_at(self.first_on, zone)

    def ends_at(self, zone: ZoneInfo) -> datetime:
        """Give the first moment after the period in the zone, in UTC."""
        return day_starts_at(self.last_on + timedelta(days=1), zone)

    def is_closed(self, at: datetime, zone: ZoneInfo) -> bool:
        """Say whether the period is over at this moment in the zone."""
        return self.ends_at(zone) <= at


def day_on(at: datetime, zone: ZoneInfo) -> date:
    """Give the calendar day of a moment in the zone."""
    return at.astimezone(zone).date()


def day_starts_at(day: date, zone: ZoneInfo) -> datetime:
    """Give the first moment of a day in the zone, in UTC; where midnight is skipped, the first moment there is."""
    return moment_of(datetime.combine(day, time.min), zone)


def moment_of(wall: datetime, zone: ZoneInfo) -> datetime:
    """Give the moment, in UTC, at which a clock on the wall in the zone shows `wall` (without zone).

    An hour that is doubled counts once, the first time. A time that is skipped gives the first moment after the gap.
    """
    wall = wall.replace(tzinfo=None)
    first = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) == wall:
        return first
    return _end_of_gap(wall, zone)


def _end_of_gap(wall: datetime, zone: ZoneInfo) -> datetime:
    """Find the change of offset by halving between a second before the gap and one after it."""
    seconds = sorted(int(wall.replace(tzinfo=zone, fold=fold).timestamp()) for fold in (0, 1))
    before, after = seconds[0] - 1, seconds[1] + 1
    offset = datetime.fromtimestamp(before, zone).utcoffset()
    while after - before > 1:
        middle = (before + after) // 2
        if datetime.fromtimestamp(middle, zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return datetime.fromtimestamp(after, UTC)


def last_closed(kind: PeriodKind, at: datetime, zone: ZoneInfo, *, count: int = 1) -> list[Period]:
    """Give the latest `count` periods that are over at this moment in the zone, newest first."""
    period = Period.of(kind, day_on(at, zone)).previous()
    closed = []
    for _ in range(count):
        closed.append(period)
        period = period.previous()
    return closed


def days_between(first_on: date, last_on: date) -> list[date]:
    """Give every day from the first to the last, both included; none when they are the wrong way round."""
    return [first_on + timedelta(days=number) for number in range((last_on - first_on).days + 1)]

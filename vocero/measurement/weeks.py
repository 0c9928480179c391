"""The weeks of the share roll-ups: they move with the days, and a stretch is read as whole weeks and the days at its edges."""

from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, Final

from django.db import connection, transaction

from vocero.company.models import Program
from vocero.measurement.dimensions import Dimension
from vocero.measurement.models import ShareStat, ShareWeek
from vocero.tracking import store

_DAYS: Final = ShareStat._meta.db_table
WEEKS: Final = store.Table(
    ShareWeek._meta.db_table,
    {"program_id": "bigint", "dimension": "text", "key": "text", "network": "text", "week_on": "date"},
    ("published", "measured", "self_reported", "personalized"),
)
_DIMENSIONS: Final = tuple(dimension.value for dimension in Dimension)
_MONDAY: Final = {
    "sqlite": "date(day_on, '-6 days', 'weekday 1')",
    "postgresql": "date_trunc('week', day_on)::date",
}
_LOCK: Final = 7_302


def monday_of(day: date) -> date:
    """Give the Monday that a week is named by."""
    return day - timedelta(days=day.weekday())


def follow(day: date, changes: Mapping[tuple[Any, ...], tuple[int, ...]]) -> None:
    """Let a day's week follow what has changed in the day, in the transaction that wrote the day.

    Keys are program, dimension, key and network. One process at a time moves a week.
    """
    monday = monday_of(day)
    if connection.vendor == "postgresql":
        store.ask("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, monday.toordinal()])
    grown = [(*key, monday, *change) for key, change in changes.items() if min(change) >= 0]
    moved = [(key, change) for key, change in changes.items() if min(change) < 0]
    store.add(WEEKS, grown)
    if moved:
        # Never below zero, which the table refuses: a week that was wrong before is `mend`'s to make right.
        sums = ", ".join(f"{name} = CASE WHEN {name} + %s < 0 THEN 0 ELSE {name} + %s END" for name in WEEKS.counts)
        same = " AND ".join(f"{name} = %s" for name in WEEKS.key)
        with connection.cursor() as cursor:
            cursor.executemany(
                f"UPDATE {WEEKS.name} SET {sums} WHERE {same}",  # noqa: S608  names of our tables
                [(*(one for one in change for _ in range(2)), *key, monday) for key, change in moved],
            )
        store.drop_empty(WEEKS, [(*key, monday) for key, _change in moved])


def mend(first_on: date, last_on: date) -> int:
    """Bring the weeks that these days lie in to the sums of their days where they are not; gives how many were not."""
    stretch = (monday_of(first_on), monday_of(last_on) + timedelta(days=6))
    names = ("program_id", "dimension", "key", "network")
    cut, counts = ", ".join(names), WEEKS.counts
    here = f"program_id IN ({', '.join(map(str, _programs())) or '0'})"
    here += f" AND dimension IN ({', '.join(f"'{one}'" for one in _DIMENSIONS)})"
    lacks = ", ".join(f"CAST(SUM({name}) AS bigint)" for name in counts)
    differ = " OR ".join(f"SUM({name}) <> 0" for name in counts)
    sides = [
        f"SELECT {cut}, {_MONDAY[connection.vendor] if column == 'day_on' else column} AS week,"  # noqa: S608
        f" {', '.join(f'{sign}{name} AS {name}' for name in counts)}, {side} AS side FROM {table}"
        f" WHERE {here} AND {column} BETWEEN %s AND %s"
        for table, column, sign, side in ((_DAYS, "day_on", "", 0), (WEEKS.name, "week_on", "-", 1))
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            f"SELECT week, {cut}, {lacks} FROM ({' UNION ALL '.join(sides)}) AS both_sides GROUP BY week, {cut}"  # noqa: S608
            f" HAVING {differ} OR MIN(side) <> 0 OR MAX(side) <> 1",
            [*stretch, *stretch],
        )
        wrong: dict[date, dict[tuple[Any, ...], tuple[int, ...]]] = defaultdict(dict)
        for week, *row in cursor.fetchall():
            monday = date.fromisoformat(week) if isinstance(week, str) else week
            wrong[monday][tuple(row[: len(names)])] = tuple(row[len(names) :])
        for monday, changes in sorted(wrong.items()):
            follow(monday, dict(sorted(changes.items())))
            store.drop_empty(WEEKS, [(*key, monday) for key in sorted(changes)])
    return sum(map(len, wrong.values()))


def _programs() -> list[int]:
    return list(Program.objects.values_list("pk", flat=True))


def split(first_on: date, last_on: date) -> tuple[list[tuple[date, date]], tuple[date, date] | None]:
    """Give the days at the edges, as ranges, and the Mondays of the first and the last whole week, if there is one."""
    begins = monday_of(first_on + timedelta(days=6))
    ends = monday_of(last_on + timedelta(days=1))
    if begins >= ends:
        return [(first_on, last_on)], None
    edges = [(first_on, begins - timedelta(days=1)), (ends, last_on)]
    return [edge for edge in edges if edge[0] <= edge[1]], (begins, ends - timedelta(days=7))

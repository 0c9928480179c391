"""The weeks of the share roll-ups: they move with the days, and a stretch is read as whole weeks and the days at its edges."""

from datetime import date, timedelta
from typing import Any, Final

from django.db import connection

from vocero.company.models import Program
from vocero.measurement.dimensions import Dimension
from vocero.measurement.models import ShareStat, ShareWeek

_COUNTS: Final = ("published", "measured", "self_reported", "personalized")
_DAYS, _WEEKS = ShareStat._meta.db_table, ShareWeek._meta.db_table
_DIMENSIONS: Final = tuple(dimension.value for dimension in Dimension)
_DAY: Final = {"sqlite": "%s", "postgresql": "%s::date"}


def monday_of(day: date) -> date:
    """Give the Monday that a week is named by."""
    return day - timedelta(days=day.weekday())


def add_day(day: date) -> None:
    """Add the day as it stands in the roll-ups to its week, in the transaction that wrote the day."""
    key = ("program_id", "dimension", "week_on", "key", "network")
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {_WEEKS} ({', '.join((*key, *_COUNTS))})"  # noqa: S608  names of our tables
            f" SELECT program_id, dimension, {_DAY[connection.vendor]}, key, network, {', '.join(_COUNTS)}"
            f" FROM {_DAYS} WHERE {_lies_on()} ORDER BY program_id, dimension, key, network"
            f" ON CONFLICT ({', '.join(key)}) DO UPDATE SET"
            f" {', '.join(f'{name} = {_WEEKS}.{name} + excluded.{name}' for name in _COUNTS)}",
            [monday_of(day), *_values(day)],
        )


def take_day_away(day: date) -> None:
    """Take the day as it stands in the roll-ups out of its week, before it is written anew."""
    same = " AND ".join(f"w.{name} = d.{name}" for name in ("program_id", "dimension", "key", "network"))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {_WEEKS} AS w SET {', '.join(f'{name} = w.{name} - d.{name}' for name in _COUNTS)}"  # noqa: S608
            f" FROM (SELECT * FROM {_DAYS} WHERE {_lies_on()}) d"
            f" WHERE w.week_on = {_DAY[connection.vendor]} AND {same}",
            [*_values(day), monday_of(day)],
        )
    ShareWeek.objects.filter(
        program__in=_programs(),
        dimension__in=_DIMENSIONS,
        week_on=monday_of(day),
        published=0,
        measured=0,
        self_reported=0,
    ).delete()


def _lies_on() -> str:
    programs = ", ".join(str(int(program)) for program in _programs()) or "0"
    return f"program_id IN ({programs}) AND dimension IN ({', '.join(['%s'] * len(_DIMENSIONS))}) AND day_on = %s"


def _values(day: date) -> list[Any]:
    return [*_DIMENSIONS, day]


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

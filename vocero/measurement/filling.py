"""Brings the rows of a day to what its facts say: only rows that differ are written, and the weeks follow them."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.db import connection

from vocero.company.models import Program
from vocero.measurement.dimensions import Dimension
from vocero.measurement.folds import Filled
from vocero.tracking import store
from vocero.tracking.store import Table

type Key = tuple[Any, ...]
type Rows = dict[Key, tuple[int, ...]]

_DAY: Final = "day_on"


def rows_from_facts(filled: Filled, day: date, currency: str) -> Rows:
    """Give the rows that the facts of a day give a table, by their key without the day."""
    sql, values = filled.question(day, currency)
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return _by_key(filled.table, cursor.fetchall())


def fill_day(table: Table, day: date, rows: Rows) -> tuple[Rows, Rows]:
    """Make the rows of a table on a day these; gives what stood there, and by how much the counts of rows have grown."""
    stored = _stored(table, day)
    if rows == stored:
        return stored, {}
    nothing = (0,) * len(table.counts)
    gone = [key for key in stored if key not in rows]
    changes: Rows = {}
    for key in sorted([key for key, row in rows.items() if stored.get(key) != row] + gone):
        old, new = stored.get(key, nothing), rows.get(key, nothing)
        changes[key] = tuple(after - before for after, before in zip(new, old, strict=True))
    store.put(table, [(*key, day, *rows.get(key, nothing)) for key in changes])
    store.drop_empty(table, [(*key, day) for key in gone])
    return stored, changes


def _stored(table: Table, day: date) -> Rows:
    """Give the rows of a day by the beginning of their key."""
    programs = list(Program.objects.values_list("pk", flat=True))
    names = [name for name in table.columns if name != _DAY]
    where, values = [f"program_id IN ({', '.join(map(str, programs)) or '0'})"], [day]
    if "dimension" in table.key:
        where.append(f"dimension IN ({', '.join(f"'{one.value}'" for one in Dimension)})")
    columns = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {columns} FROM {table.name} WHERE {' AND '.join(where)} AND {_DAY} = %s",  # noqa: S608
            values,
        )
        return _by_key(table, cursor.fetchall())


def _by_key(table: Table, found: list[tuple[Any, ...]]) -> Rows:
    width = len(table.key) - 1
    return {row[:width]: row[width:] for row in found}


def posts_in(rows: Mapping[Key, tuple[int, ...]]) -> set[int]:
    """Give the posts that have rows among those of shares."""
    return {int(key) for _program, dimension, key, _network in rows if dimension == Dimension.POST.value}

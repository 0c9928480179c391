"""The few statements that the ingest runs for every batch, on SQLite and on PostgreSQL, without the ORM's cost."""

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import batched, chain
from operator import length_hint
from typing import Any, Final, NamedTuple

from django.db import connection

from vocero.tracking.models import DIMENSIONS
from vocero.tracking.visitors import day_of_visitor

_CHUNK: Final = 500
_LARGE_CHUNK: Final = 5_000
_AT_ONCE: Final = 50
"""Rows of roll-ups a statement on SQLite: beginning one for each costs a third of all."""

_CLICK: Final = "id, link_id, visitor, verdict, country, network_class, device, referrer_id"
_CLICK_TYPES: Final = ("bigint", "bigint", "bigint", "text", "text", "smallint", "text", "integer")


@dataclass(frozen=True, eq=False, slots=True)
class Table:
    """A table of roll-ups: its name, its key's columns with their types, and its counts."""

    name: str
    key: Mapping[str, str]
    counts: tuple[str, ...]
    least: str = ""
    """A column that is no count: the smallest value stays."""

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns, in the order that rows are given in."""
        return (*self.key, *([self.least] if self.least else []), *self.counts)

    @property
    def types(self) -> tuple[str, ...]:
        """The columns' types in PostgreSQL."""
        return (*self.key.values(), *(["bigint"] if self.least else []), *["integer"] * len(self.counts))


_CUT: Final = {"program_id": "smallint", "dimension": "smallint"}
_NAMED: Final = {"key": "text", "network": "text"}
STATS: Final = Table("tracking_clickstat", {**_CUT, "day_on": "smallint", **_NAMED}, ("valid", "unique", "visitors"))
WEEKS: Final = Table("tracking_clickweek", {**_CUT, "week_on": "smallint", **_NAMED}, ("valid", "unique", "visitors"))
REQUESTS: Final = Table(
    "tracking_requeststat",
    {"program_id": "smallint", "day_on": "smallint", "network": "text"},
    ("raw", "valid", "head", "preview", "bot", "prefetch", "no_agent", "own"),
)
SHARE_DAYS: Final = Table("tracking_shareday", {"day_on": "smallint", "share_id": "integer"}, ("valid", "unique"))
SHARE_TOTALS: Final = Table("tracking_sharetotal", {"share_id": "integer"}, ("valid", "unique"), "first_click_id")
_MEMBER: Final = {"member_id": "integer", "program_id": "smallint"}
MEMBER_DAYS: Final = Table("tracking_memberday", {"day_on": "smallint", **_MEMBER}, ("valid", "unique"))
MEMBER_MONTHS: Final = Table("tracking_membermonth", {"month_on": "smallint", **_MEMBER}, ("valid", "unique"))

_ID_IS_FREE: Final = (
    "WHERE NOT EXISTS (SELECT 1 FROM tracking_click c WHERE c.id = n.id AND c.visitor <> n.visitor"
    " AND c.visitor >= %s AND c.visitor <= %s)"
)
_TWO_DAYS: Final = 2 << 48


ROLL_UPS: Final = (STATS, WEEKS, REQUESTS, SHARE_DAYS, SHARE_TOTALS, MEMBER_DAYS, MEMBER_MONTHS)

type ClickColumns = tuple[int, int, int, str, str, int, str, int | None]
"""A `ClickRow` without its names: SQLite's module takes a fifth less time for a tuple that is nothing else."""


class ClickRow(NamedTuple):
    """One row of the table of clicks, in the order of its columns."""

    id: int
    link_id: int
    visitor: int
    verdict: str
    country: str
    network_class: int
    device: str
    referrer_id: int | None

    @property
    def day_on(self) -> date:
        """The company's day of the click."""
        return day_of_visitor(self.visitor)


def insert_clicks(rows: Sequence[ClickColumns]) -> list[int]:
    """Insert the clicks that conflict with nothing; gives the places in `rows` of those that did not go in."""
    if connection.vendor == "postgresql":
        return _insert_on_postgresql(rows)
    return _insert_on_sqlite(rows)


def _insert_on_sqlite(rows: Sequence[ClickColumns]) -> list[int]:
    """Insert one by one, which is cheaper than many in one statement whose answer must be gathered.

    SQLite calls `refused` for those that conflict, which are few, and changes nothing as it says no; which row that is
    tells the iterator that rows are taken from.
    """
    connection.ensure_connection()
    if _listening.connection is not connection.connection:
        connection.connection.create_function("refused", 0, _listening.hear)
        _listening.connection = connection.connection
    coming = iter(rows)
    refused: list[int] = []
    _listening.hear_of = lambda: refused.append(len(rows) - length_hint(coming) - 1)
    with connection.wrap_database_errors:
        connection.connection.executemany(_INSERT_OR_TELL, coming)
    return refused


class _Listening(threading.local):
    """The connection that knows the function `refused`, and what it does now."""

    connection: Any = None
    hear_of: Callable[[], None]

    def hear(self) -> int:
        self.hear_of()
        return 0


_listening = _Listening()
_INSERT_OR_TELL: Final = (
    f"INSERT INTO tracking_click ({_CLICK}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)"  # noqa: S608
    " ON CONFLICT DO UPDATE SET verdict = verdict WHERE refused()"
)


def _insert_on_postgresql(rows: Sequence[ClickColumns]) -> list[int]:
    """Insert many at a time.

    The key of the table, which is kept in parts by the month, is the id together with the visitor; so an id that another
    click of those days has already is looked for here.
    """
    sql = (
        f"INSERT INTO tracking_click ({_CLICK}) SELECT n.* FROM {_unnest(_CLICK_TYPES)} n ({_CLICK}) {_ID_IS_FREE}"  # noqa: S608
        " ON CONFLICT DO NOTHING RETURNING id, visitor"
    )
    refused: list[int] = []
    for begin in range(0, len(rows), _CHUNK):
        part = rows[begin : begin + _CHUNK]
        visitors = [visitor for _id, _link, visitor, *_others in part]
        there = set(ask(sql, [*_columns(part), min(visitors) - _TWO_DAYS, max(visitors) + _TWO_DAYS]))
        if len(there) == len(part):
            continue
        for place, (click_id, _link, visitor, *_others) in enumerate(part, begin):
            if (click_id, visitor) in there:
                there.remove((click_id, visitor))  # of the same click twice the first went in
            else:
                refused.append(place)
    return refused


def add(table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Add counts; each row is a key and its counts. Give rows in the order of keys, so that two nodes never wait in a ring."""
    _upsert(table, rows, "{table}.{name} + excluded.{name}")


def put(table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Put counts in the place of those that are there."""
    _upsert(table, rows, "excluded.{name}")


def drop_empty(table: Table, keys: Sequence[tuple[Any, ...]]) -> None:
    """Delete those of these rows that count nothing any more."""
    if keys:
        mark = "%s" if connection.vendor == "postgresql" else "?"
        wanted = [f"{column} = {mark}" for column in table.key] + [f'"{name}" = 0' for name in table.counts]
        _many(f"DELETE FROM {table.name} WHERE {' AND '.join(wanted)}", keys)  # noqa: S608


def rows_of_day(table: Table, day: int) -> dict[tuple[Any, ...], tuple[int, ...]]:
    """Give the rows of a day by key; those of all programs."""
    names = ", ".join(f'"{name}"' for name in table.columns)
    sql = f"SELECT {names} FROM {table.name} WHERE day_on = {_marks(1, 1)[1:-1]}"  # noqa: S608
    values: list[Any] = [day]
    if next(iter(table.key)) == "program_id":
        programs = [row[0] for row in ask("SELECT id FROM company_program", [])]
        cuts = f"AND dimension IN ({', '.join(map(str, range(len(DIMENSIONS))))})" if "dimension" in table.key else ""
        sql += f" AND program_id IN ({', '.join(map(str, programs)) or 'NULL'}) {cuts}"
    width = len(table.key)
    return {tuple(row[:width]): tuple(row[width:]) for row in ask(sql, values)}


def _upsert(table: Table, rows: Sequence[tuple[Any, ...]], what: str) -> None:
    if not rows:
        return
    names = ", ".join(f'"{name}"' for name in table.columns)
    least = "LEAST" if connection.vendor == "postgresql" else "MIN"
    changes = [f'"{name}" = {what.format(table=table.name, name=f'"{name}"')}' for name in table.counts]
    if table.least:
        changes.append(f"{table.least} = {least}({table.name}.{table.least}, excluded.{table.least})")
    conflict = f"ON CONFLICT ({', '.join(table.key)}) DO UPDATE SET {', '.join(changes)}"
    if connection.vendor == "postgresql":
        sql = f"INSERT INTO {table.name} ({names}) SELECT * FROM {_unnest(table.types)} {conflict}"  # noqa: S608
        for begin in range(0, len(rows), _LARGE_CHUNK):
            ask(sql, _columns(rows[begin : begin + _LARGE_CHUNK]))
    else:
        width, whole = len(table.columns), len(rows) // _AT_ONCE * _AT_ONCE
        groups = batched(chain.from_iterable(rows[:whole]), _AT_ONCE * width)
        for many, values in ((_AT_ONCE, groups), (1, rows[whole:])):
            _many(f"INSERT INTO {table.name} ({names}) VALUES {_marks(many, width)} {conflict}", values)  # noqa: S608


def share_states(share_ids: Iterable[int]) -> list[tuple[int, str]]:
    """Give the state of each share."""
    found: list[tuple[int, str]] = []
    for part in _parts(sorted(share_ids)):
        marks = _marks(1, len(part))
        found += ask(f"SELECT id, state FROM sharing_share WHERE id IN {marks}", part)  # noqa: S608
    return found


def own_visits(visitors: Sequence[bytes], days: Iterable[date]) -> set[tuple[date, bytes, int]]:
    """Give who of these visitors was there as a signed-in member: day, visitor's key, member."""
    wanted = [_day_value(day) for day in sorted(days)]
    sql = f"SELECT day_on, visitor, member_id FROM tracking_ownvisit WHERE day_on IN {_marks(1, len(wanted))}"  # noqa: S608
    found = ask(f"{sql} LIMIT {len(visitors) + 1}", wanted)
    if not found:
        return set()
    looked_for = set(visitors)
    if len(found) > len(visitors):  # more than what is asked for one by one
        found = []
        for part in _parts(sorted(looked_for)):
            found += ask(f"{sql} AND visitor IN {_marks(1, len(part))}", [*wanted, *part])
    return {
        (date.fromisoformat(day) if isinstance(day, str) else day, bytes(visitor), member)
        for day, visitor, member in found
        if bytes(visitor) in looked_for
    }


def _many(sql: str, rows: Iterable[tuple[Any, ...]]) -> None:
    connection.ensure_connection()
    with connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            with connection.connection.cursor() as cursor:
                cursor.executemany(sql, rows)
        else:
            connection.connection.executemany(sql, rows)


def ask(sql: str, values: Sequence[Any]) -> list[Any]:
    """Run a statement on the connection itself; the ORM's wrapper would rewrite thousands of marks each time."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = connection.connection.execute(sql, *([values] if values else []))
        return list(cursor.fetchall()) if cursor.description else []


def _parts[T](rows: Sequence[T]) -> Iterable[Sequence[T]]:
    return (rows[begin : begin + _CHUNK] for begin in range(0, len(rows), _CHUNK))


def _marks(rows: int, columns: int) -> str:
    mark = "%s" if connection.vendor == "postgresql" else "?"
    return ", ".join([f"({', '.join([mark] * columns)})"] * rows)


def _unnest(types: Sequence[str]) -> str:
    return f"unnest({', '.join(f'%s::{kind}[]' for kind in types)})"


def _columns(rows: Sequence[Sequence[Any]]) -> list[list[Any]]:
    return [list(column) for column in zip(*rows, strict=True)]


def _day_value(day: date) -> date | str:
    return day if connection.vendor == "postgresql" else day.isoformat()

"""The few statements that the ingest runs for every batch, on SQLite and on PostgreSQL, without the ORM's cost."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from itertools import chain
from typing import Any, Final, NamedTuple

from django.db import connection

from vocero.tracking.visitors import day_of_visitor

COUNTS: Final = ("raw", "valid", "unique", "visitors", "head", "preview", "bot", "prefetch", "no_agent", "own")
STAT_KEY: Final = ("program_id", "dimension", "day_on", "key", "network")
_CHUNK: Final = 500

_CLICK: Final = "id, link_id, visitor, verdict, country, network_class, device, referrer_id"
_CLICK_TYPES: Final = ("bigint", "bigint", "bigint", "text", "text", "smallint", "text", "integer")
_STAT_TYPES: Final = ("bigint", "text", "date", "text", "text", *["integer"] * len(COUNTS))
_STAT: Final = ", ".join(f'"{name}"' for name in (*STAT_KEY, *COUNTS))
_ADD: Final = ", ".join(f'"{name}" = tracking_clickstat."{name}" + excluded."{name}"' for name in COUNTS)
_STAT_CONFLICT: Final = f"ON CONFLICT ({', '.join(STAT_KEY)}) DO UPDATE SET {_ADD}"


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


def insert_clicks(rows: Sequence[ClickRow]) -> set[int]:
    """Insert the clicks that conflict with nothing; gives the ids that went in."""
    found: set[int] = set()
    for part in _parts(rows):
        if connection.vendor == "postgresql":
            sql = f"INSERT INTO tracking_click ({_CLICK}) SELECT * FROM {_unnest(_CLICK_TYPES)}"  # noqa: S608
            values: Sequence[Any] = _columns(part)
        else:
            marks = _marks(len(part), len(ClickRow._fields))
            sql = f"INSERT INTO tracking_click ({_CLICK}) VALUES {marks}"  # noqa: S608
            values = list(chain.from_iterable(part))
        found.update(row[0] for row in _ask(f"{sql} ON CONFLICT DO NOTHING RETURNING id", values))
    return found


def add_stats(rows: Sequence[tuple[Any, ...]]) -> None:
    """Add counts to the roll-ups; each row is a key and its counts, in the order of keys."""
    if connection.vendor == "postgresql":
        for part in _parts(rows):
            _ask(
                f"INSERT INTO tracking_clickstat ({_STAT}) SELECT * FROM {_unnest(_STAT_TYPES)} {_STAT_CONFLICT}",  # noqa: S608
                _columns(part),
            )
    elif rows:
        marks = _marks(1, len(_STAT_TYPES))
        with connection.wrap_database_errors:
            connection.connection.executemany(
                f"INSERT INTO tracking_clickstat ({_STAT}) VALUES {marks} {_STAT_CONFLICT}",  # noqa: S608
                [(*row[:2], row[2].isoformat(), *row[3:]) for row in rows],
            )


def note_first_clicks(first: Mapping[int, int]) -> None:
    """Note the first valid click (id) of shares; an earlier one that is known stays."""
    for part in _parts(sorted(first.items())):
        least = "LEAST" if connection.vendor == "postgresql" else "MIN"
        marks = _marks(len(part), 2)
        _ask(
            f"INSERT INTO tracking_firstclick (share_id, click_id) VALUES {marks}"  # noqa: S608
            f" ON CONFLICT (share_id) DO UPDATE SET click_id = {least}(tracking_firstclick.click_id, excluded.click_id)",
            list(chain.from_iterable(part)),
        )


def share_states(share_ids: Iterable[int]) -> list[tuple[int, str]]:
    """Give the state of each share."""
    found: list[tuple[int, str]] = []
    for part in _parts(sorted(share_ids)):
        marks = _marks(1, len(part))
        found += _ask(f"SELECT id, state FROM sharing_share WHERE id IN {marks}", part)  # noqa: S608
    return found


def own_visits(visitors: Iterable[bytes], days: Iterable[date]) -> set[tuple[date, bytes, int]]:
    """Give who of these visitors was there as a signed-in member: day, visitor's key, member."""
    found: set[tuple[date, bytes, int]] = set()
    wanted = sorted(days)
    for part in _parts(sorted(visitors)):
        marks, days_marks = _marks(1, len(part)), _marks(1, len(wanted))
        sql = f"SELECT day_on, visitor, member_id FROM tracking_ownvisit WHERE day_on IN {days_marks} AND visitor IN {marks}"  # noqa: S608
        for day, visitor, member in _ask(sql, [*map(_day_value, wanted), *part]):
            found.add((date.fromisoformat(day) if isinstance(day, str) else day, bytes(visitor), member))
    return found


def _ask(sql: str, values: Sequence[Any]) -> list[Any]:
    """Run a statement on the connection itself; the ORM's wrapper would rewrite thousands of marks each time."""
    connection.ensure_connection()
    with connection.wrap_database_errors:
        cursor = connection.connection.execute(sql, values)
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

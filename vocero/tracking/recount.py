"""Lets the roll-ups' own statements count clicks that are in the archive: a table of this connection stands in for them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from itertools import islice
from typing import Any, Final

from django.db import connection, transaction

from vocero.tracking.wide import of_days

_COLUMNS: Final = (
    "id bigint, link_id bigint, visitor bigint, verdict varchar(8), country varchar(2), network_class smallint,"
    " device varchar(1), referrer_id integer"
)
_NAMES: Final = "id, link_id, visitor, verdict, country, network_class, device"
_CHUNK: Final = 10_000


@contextmanager
def standing_in(day_on: date, archived: Iterable[tuple[Any, ...]]) -> Iterator[None]:
    """Let `tracking_click` mean the archived clicks of a day, and those of the database, until this ends.

    A temporary table of the same name stands before the real one on both databases, so the statements that count are the
    very same and can never come to differ. It exists in this transaction only; nothing may store clicks meanwhile.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        real = _real_table()
        cursor.execute(f"CREATE TEMPORARY TABLE tracking_click ({_COLUMNS})")
        _fill(archived)
        cursor.execute("CREATE INDEX archived_click ON tracking_click (visitor, id)")
        cursor.execute("CREATE INDEX archived_unique ON tracking_click (visitor, link_id) WHERE verdict = 'valid'")
        cursor.execute(
            f"INSERT INTO tracking_click ({_NAMES}) SELECT {_NAMES} FROM {real} r WHERE {of_days(day_on, day_on, 'r')}"  # noqa: S608
            " AND NOT EXISTS (SELECT 1 FROM tracking_click t WHERE t.id = r.id AND t.visitor = r.visitor)"
        )
        yield  # when this ends badly, taking the transaction back takes the table back
        cursor.execute(f"DROP TABLE {'temp' if connection.vendor == 'sqlite' else 'pg_temp'}.tracking_click")


def _real_table() -> str:
    """Give the real table's name, spelled so that no temporary one can stand before it."""
    if connection.vendor == "sqlite":
        return "main.tracking_click"
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT quote_ident(n.nspname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.oid = to_regclass('tracking_click')"
        )
        (schema,) = cursor.fetchone()
    return f"{schema}.tracking_click"


def _fill(rows: Iterable[tuple[Any, ...]]) -> None:
    if connection.vendor == "postgresql":
        with (
            connection.wrap_database_errors,
            connection.connection.cursor() as cursor,
            cursor.copy(f"COPY pg_temp.tracking_click ({_NAMES}) FROM STDIN") as copy,
        ):
            for row in rows:
                copy.write_row(row)
        return
    left = iter(rows)
    with connection.wrap_database_errors:
        while part := list(islice(left, _CHUNK)):
            connection.connection.executemany(
                f"INSERT INTO temp.tracking_click ({_NAMES}) VALUES (?, ?, ?, ?, ?, ?, ?)",  # noqa: S608
                part,
            )

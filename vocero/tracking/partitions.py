"""PostgreSQL keeps clicks in one part a month, so that a month goes at once; SQLite has one table and none of this."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any, Final

from django.db import DatabaseError, OperationalError, connection, transaction

from vocero.lib.periods import Period, PeriodKind
from vocero.tracking.wide import Sums, between, sums_of

MONTHS_AHEAD: Final = 2
REST: Final = "tracking_click_rest"
"""The part that takes the clicks of months which have none of their own: nothing is ever refused."""
_PATIENCE: Final = "2s"


def is_used() -> bool:
    """Say whether clicks are kept in parts here."""
    return connection.vendor == "postgresql"


def name_of(month: Period) -> str:
    """Give the name of a month's part."""
    return f"tracking_click_{month.first_on:%Y_%m}"


def months() -> list[Period]:
    """Give the months that have a part of their own, the oldest first."""
    if not is_used():
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid"
            " WHERE i.inhparent = to_regclass('tracking_click')"
        )
        names = [name for (name,) in cursor.fetchall() if name != REST]
    return sorted(
        (Period.of(PeriodKind.MONTH, date(int(name[-7:-3]), int(name[-2:]), 1)) for name in names),
        key=lambda month: month.first_on,
    )


def make_ahead(today: date) -> int:
    """Make the parts of this month and the next two; gives how many were missing.

    What came meanwhile lies in the part for the rest and is moved along. When somebody holds the table for longer than two
    seconds it raises OperationalError and nothing has changed: clicks never wait for this longer than that.
    """
    if not is_used():
        return 0
    month, there, made = Period.of(PeriodKind.MONTH, today), months(), 0
    for _ in range(MONTHS_AHEAD + 1):
        if month not in there:
            with _patiently() as cursor:
                add(cursor, month)
            made += 1
        month = month.next()
    return made


def add(cursor: Any, month: Period) -> None:
    """Add a month's part; rows of it that lie in the part for the rest move into it. To be called in a transaction."""
    name, (low, high) = name_of(month), between(month.first_on, month.last_on)
    cursor.execute(f"CREATE TABLE {name} (LIKE tracking_click INCLUDING CONSTRAINTS)")
    cursor.execute(f"LOCK TABLE {REST} IN ACCESS EXCLUSIVE MODE")
    cursor.execute(
        f"WITH moved AS (DELETE FROM {REST} WHERE visitor >= {low} AND visitor < {high} RETURNING *)"  # noqa: S608
        f" INSERT INTO {name} SELECT * FROM moved"
    )
    cursor.execute(f"ALTER TABLE {name} ADD CONSTRAINT in_month CHECK (visitor >= {low} AND visitor < {high})")
    cursor.execute(f"ALTER TABLE tracking_click ATTACH PARTITION {name} FOR VALUES FROM ({low}) TO ({high})")
    cursor.execute(f"ALTER TABLE {name} DROP CONSTRAINT in_month")


def drop(month: Period, *, expected: Sums | None) -> bool:
    """Drop a month's part with all its rows, if they add up to what is expected; gives whether it went.

    Nobody writes into the part while it is compared. Without an expectation it goes as it is. When somebody holds the
    table for longer than two seconds it raises OperationalError and nothing has changed.
    """
    if not is_used() or month not in months():
        return False
    name = name_of(month)
    with _patiently() as cursor:
        cursor.execute(f"LOCK TABLE {name} IN SHARE MODE")
        if expected is not None and sums_of(month.first_on, month.last_on, table=name) != expected:
            return False
        cursor.execute(f"DROP TABLE {name}")
    return True


def is_busy(error: DatabaseError) -> bool:
    """Say whether an error only means that somebody held the table for too long."""
    return isinstance(error, OperationalError) and getattr(error.__cause__, "sqlstate", "") in {"55P03", "40P01"}


@contextmanager
def _patiently() -> Iterator[Any]:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = '{_PATIENCE}'")
        yield cursor

"""Copies an installation from SQLite into a PostgreSQL of its own, without what pages of figures never read.

Left out are single clicks, what members had by day, and what shares had by day before the last quarter but one.
"""

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from bench import largest
from bench.largest_facts import ENDS_ON
from vocero.tracking.columns import number_of_day

LEFT_OUT: Final = ("tracking_click", "tracking_memberday", "django_migrations")
PARTLY: Final = {"tracking_shareday": f"day_on >= {number_of_day(ENDS_ON) - 184}"}
_BLOCK: Final = 5000


@contextmanager
def on_postgresql(folder: Path) -> Iterator[str]:
    """Give the address of a PostgreSQL that holds the company's rows; it is gone afterwards."""
    from tests.postgresql import start

    address, server = start()
    environ = largest.environ(folder) | {"DATABASE_URL": address}
    try:
        subprocess.run([sys.executable, "-m", "vocero", "prepare"], env=environ, cwd=largest.ROOT, check=True)
        copy(folder / "vocero.sqlite3", address)
        yield address
    finally:
        server.cleanup()


def copy(file: Path, address: str) -> int:
    """Copy every table that both have, by COPY, and tell PostgreSQL's planner about them; gives how many rows."""
    import psycopg

    done = 0
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as here, psycopg.connect(address, autocommit=True) as there:
        there.execute("SET session_replication_role = replica")  # the order of tables does not matter
        there.execute(
            "DO $$ DECLARE t text; BEGIN FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            " AND tablename <> 'django_migrations' LOOP EXECUTE format('TRUNCATE %I CASCADE', t); END LOOP; END $$"
        )
        indexes = _put_aside(there)
        for (table,) in here.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").fetchall():
            columns = there.execute(
                "SELECT column_name, data_type FROM information_schema.columns"
                " WHERE table_schema = 'public' AND table_name = %s",
                [table],
            ).fetchall()
            if not columns or table in LEFT_OUT:
                continue
            done += _copy_table(here, there, table, dict(columns))
        for index in indexes:
            there.execute(index)
        there.execute("ANALYZE")
    return done


def _put_aside(there: Any) -> list[str]:
    """Drop the indexes that hold nobody to anything, and give the statements that make them again."""
    found: list[tuple[str, str]] = there.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " JOIN pg_class ON pg_class.oid = indrelid AND relkind = 'r' AND NOT relispartition"
        " JOIN pg_namespace n ON n.oid = relnamespace AND nspname = 'public' WHERE NOT indisunique"
    ).fetchall()
    for name, _definition in found:
        there.execute(f"DROP INDEX {name}")
    return [definition for _name, definition in found]


def _copy_table(here: sqlite3.Connection, there: Any, table: str, columns: dict[str, str]) -> int:
    names = ", ".join(f'"{name}"' for name in columns)
    read = [_READ.get(kind, _as_it_is) for kind in columns.values()]
    where = f" WHERE {PARTLY[table]}" if table in PARTLY else ""
    rows = here.execute(f'SELECT {names} FROM "{table}"{where}')
    done = 0
    with there.cursor() as cursor, cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as into:
        for row in rows:
            into.write_row([one(value) for one, value in zip(read, row, strict=True)])
            done += 1
    return done


def _as_it_is(value: Any) -> Any:
    return value


_READ: Final[dict[str, Callable[[Any], Any]]] = {
    "boolean": lambda value: None if value is None else bool(value),
    "timestamp with time zone": lambda value: None if value is None else f"{value}+00",
}

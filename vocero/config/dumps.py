"""The whole database as one file and back: SQLite by its own online copy, PostgreSQL by pg_dump and pg_restore."""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db import connection, transaction

from vocero.tracking.models import DailySalt, OwnVisit

SHORT_LIVED = (DailySalt, OwnVisit)
"""What the privacy page says is gone when the day closes: it must not live on in a copy."""


class NoDump(Exception):
    """The database cannot be copied or put back; the text says why and what to do."""


def file_name() -> str:
    """The name of the database's file in a backup."""
    return "database.sqlite3" if connection.vendor == "sqlite" else "database.dump"


def dump(target: Path) -> dict[str, int]:
    """Copy the database, as it is at one moment and while others write, into a file; gives the rows of each table.

    Raises NoDump.
    """
    return _dump_sqlite(target) if connection.vendor == "sqlite" else _dump_postgresql(target)


def load(source: Path, *, rows: dict[str, int]) -> None:
    """Put a dump into this installation's empty database and compare the rows of each table. Raises NoDump."""
    if connection.vendor == "sqlite":
        _load_sqlite(source, rows)
    else:
        _load_postgresql(source, rows)


def is_empty() -> bool:
    """Whether the database holds no table yet. Raises DatabaseError when it does not answer."""
    if connection.vendor == "sqlite" and not Path(_name()).exists():
        return True
    return not connection.introspection.table_names()


def _name() -> str:
    return str(connection.settings_dict["NAME"])


def _short_lived() -> list[str]:
    return [model._meta.db_table for model in SHORT_LIVED]


def _dump_sqlite(target: Path) -> dict[str, int]:
    source, copy = sqlite3.connect(_name(), timeout=60), sqlite3.connect(target)
    try:
        source.backup(copy)  # one step: what others write meanwhile goes on and is not in it
        copy.execute("PRAGMA journal_mode=DELETE")
        copy.execute("PRAGMA secure_delete=ON")
        for table in _short_lived():
            copy.execute(f'DELETE FROM "{table}"')  # noqa: S608  names of our own models
        copy.commit()
        return _rows_of_sqlite(copy)
    except sqlite3.Error as error:
        raise NoDump(f"The database could not be copied: {error}.") from error
    finally:
        copy.close()
        source.close()


def _rows_of_sqlite(database: sqlite3.Connection) -> dict[str, int]:
    names = [
        str(name)
        for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%' ORDER BY name"
        )
    ]
    return {name: int(database.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0]) for name in names}  # noqa: S608


def _load_sqlite(source: Path, rows: dict[str, int]) -> None:
    target = Path(_name())
    draft = target.with_name(target.name + ".restoring")
    connection.close()
    shutil.copyfile(source, draft)
    database = sqlite3.connect(draft)
    try:
        health = str(database.execute("PRAGMA quick_check(1)").fetchone()[0])
        if health != "ok":
            raise NoDump(f"The database in the backup is damaged: {health}.")
        _compare(rows, _rows_of_sqlite(database))
    except sqlite3.Error as error:
        raise NoDump(f"The database in the backup is damaged: {error}.") from error
    finally:
        database.close()
    for left_over in ("-wal", "-shm"):
        target.with_name(target.name + left_over).unlink(missing_ok=True)
    draft.replace(target)


def _dump_postgresql(target: Path) -> dict[str, int]:
    program = _program("pg_dump")
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = cursor.fetchone()[0]
        left_out = [f"--exclude-table-data={table}" for table in _short_lived()]
        _call([program, "--format=custom", f"--snapshot={snapshot}", f"--file={target}", *left_out, *_where()])
        return _rows_of_postgresql(cursor) | dict.fromkeys(_short_lived(), 0)


def _rows_of_postgresql(cursor: Any) -> dict[str, int]:
    cursor.execute(
        "SELECT relname FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace"
        " WHERE nspname = current_schema() AND relkind IN ('r', 'p') AND NOT relispartition ORDER BY relname"
    )
    found = {}
    for (name,) in cursor.fetchall():
        cursor.execute(f'SELECT count(*) FROM "{name}"')  # noqa: S608  names that the database told
        found[str(name)] = int(cursor.fetchone()[0])
    return found


def _load_postgresql(source: Path, rows: dict[str, int]) -> None:
    program = _program("pg_restore")
    connection.close()
    _call([program, "--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", *_where(), str(source)])
    with connection.cursor() as cursor:
        _compare(rows, _rows_of_postgresql(cursor))


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise NoDump(
            f"{name} is not on this machine, and PostgreSQL is copied by it. Install the client of the database's own"
            " version or a newer one: apt-get install postgresql-client"
        )
    return found


def _where() -> list[str]:
    told = connection.settings_dict
    words = {"dbname": told["NAME"], "username": told["USER"], "host": told["HOST"], "port": told["PORT"]}
    options = told.get("OPTIONS", {})
    words |= {"host": words["host"] or options.get("host", ""), "port": words["port"] or options.get("port", "")}
    return ["--no-password", *(f"--{name}={value}" for name, value in words.items() if value)]


def _call(words: Iterable[str]) -> None:
    told = connection.settings_dict
    environ = dict(os.environ)
    if told["PASSWORD"]:
        environ["PGPASSWORD"] = str(told["PASSWORD"])
    for name in ("sslmode", "sslrootcert", "sslcert", "sslkey"):
        if value := told.get("OPTIONS", {}).get(name):
            environ[f"PG{name.upper()}"] = str(value)
    words = list(words)
    done = subprocess.run(words, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        said = " ".join(done.stderr.split())[:600]
        more = ""
        if "version mismatch" in said or "unsupported version" in said:
            more = " Put the programs of the database's own version first in PATH."
        raise NoDump(f"{Path(words[0]).name} said: {said}{more}")


def _compare(meant: dict[str, int], found: dict[str, int]) -> None:
    wrong = [name for name in sorted(meant | found) if meant.get(name) != found.get(name)]
    if wrong:
        name = wrong[0]
        raise NoDump(
            f"{len(wrong)} tables do not hold the rows that the backup tells of, first {name}:"
            f" {found.get(name, 0)} instead of {meant.get(name, 0)}."
        )


def known_migrations() -> list[str]:
    """The migrations that the database has, as `app.name`."""
    from django.db.migrations.recorder import MigrationRecorder

    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(connection).applied_migrations())


def unknown_migrations(names: Iterable[str]) -> list[str]:
    """Which of these migrations this version does not have: it is older than what made them."""
    from django.db.migrations.loader import MigrationLoader

    ours = MigrationLoader(None).disk_migrations or {}
    labels = {config.label for config in apps.get_app_configs()}
    known = {f"{app}.{name}" for app, name in ours}
    return sorted(name for name in names if name not in known or name.split(".")[0] not in labels)

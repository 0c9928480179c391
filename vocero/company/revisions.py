"""What holds for the whole company is kept in memory and read again exactly when it has changed, whichever process did it.

Triggers of the database leave a mark behind every change of a watched table, in the same transaction. The sum of the
marks of an area names the state of its tables; it is read once a request.
"""

import hashlib
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from secrets import randbelow
from threading import Lock
from time import monotonic
from typing import Any, Final

from django.db.models import QuerySet, Sum

from vocero.company.models import Installation, Program, Revision
from vocero.company.queries import installation, main_program
from vocero.lib.prepared import Prepared

COMPANY: Final = "company"
POSTS: Final = "posts"
LONGEST_KEPT: Final = 300.0
"""Seconds after which something kept is read again in any case."""

type Token = object | None
"""The name of a state of the data; None where there is no mark, and then nothing is kept."""


@dataclass(frozen=True, slots=True)
class Seen:
    """The house as one request saw it: its row, and the states of what else holds for the whole company."""

    installation: Installation | None
    company: Token
    posts: Token


def seen() -> Seen:
    """Read both states, and the installation's row if it is another one than the one in memory; one query."""
    states = dict(_STATES.rows())
    company = states.get(COMPANY)
    row = _INSTALLATION.at(company)
    return Seen(copy(row), company, states.get(POSTS))


def _states() -> QuerySet[Revision, Any]:
    return Revision.objects.order_by().values("area").annotate(all=Sum("number")).values_list("area", "all")


_STATES: Final = Prepared(_states)


class Kept[Thing]:
    """Something made of watched rows: made anew as soon as the state is another one."""

    def __init__(self, make: Callable[[], Thing]) -> None:
        self._make, self._lock = make, Lock()
        self._kept: tuple[Token, float, Thing] | None = None

    def at(self, token: Token) -> Thing:
        """Give the thing as it is in this state."""
        kept = self._kept
        if kept is not None and token is not None and kept[0] == token and monotonic() - kept[1] < LONGEST_KEPT:
            return kept[2]
        with self._lock:
            if self._kept is not None and self._kept is not kept and token is not None and self._kept[0] == token:
                return self._kept[2]
            made = self._make()
            self._kept = (token, monotonic(), made)
            return made


_INSTALLATION: Final = Kept(installation)
_PROGRAM: Final = Kept(main_program)


def program_of(now: Seen) -> Program:
    """Give the main program as a request saw it. Raises Program.DoesNotExist before set-up."""
    return copy(_PROGRAM.at(now.company))


@dataclass(frozen=True, slots=True)
class Watch:
    """A table whose changes leave a mark; `counts` is SQL that says of a `{row}` whether it matters."""

    table: str
    area: str
    counts: str = "1 = 1"


def watch(connection: Any, watched: Sequence[Watch]) -> None:
    """Put the triggers in place that are not there yet, and take away those of earlier versions."""
    make = _on_sqlite if connection.vendor == "sqlite" else _on_postgresql
    wanted = {name: statements for one in watched for name, statements in make(one).items()}
    with connection.cursor() as cursor:
        cursor.execute(_THERE[connection.vendor])
        there = dict(cursor.fetchall())
        for name in there.keys() - wanted.keys():
            cursor.execute(f"DROP TRIGGER {name}" + ("" if connection.vendor == "sqlite" else f" ON {there[name]}"))
        for name in wanted.keys() - there.keys():
            for statement in wanted[name]:
                cursor.execute(statement)
        if wanted.keys() != there.keys():
            for area in {one.area for one in watched}:
                cursor.execute(_FIRST, [area, randbelow(2**53)])


_THERE = {
    "sqlite": "SELECT name, tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'revision_%'",
    "postgresql": (
        "SELECT tgname, tgrelid::regclass::text FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE 'revision_%'"
    ),
}
_FIRST = """INSERT INTO company_revision (area, tx, number) VALUES (%s, 0, %s)
    ON CONFLICT (area, tx) DO UPDATE SET number = excluded.number"""
_SIDES = {"INSERT": ("NEW",), "UPDATE": ("OLD", "NEW"), "DELETE": ("OLD",)}


def _on_sqlite(one: Watch) -> dict[str, list[str]]:
    found = {}
    for event, sides in _SIDES.items():
        when = " OR ".join(f"({one.counts.format(row=side)})" for side in sides)
        body = f"""AFTER {event} ON {one.table} FOR EACH ROW WHEN {when} BEGIN
            INSERT INTO company_revision (area, tx, number) VALUES ('{one.area}', 0, random() / 1024)
            ON CONFLICT (area, tx) DO UPDATE SET number = excluded.number; END"""  # noqa: S608  names and conditions of this code, nothing that anybody wrote
        name = _name(one, event, body)
        found[name] = [f"CREATE TRIGGER {name} {body}"]
    return found


def _on_postgresql(one: Watch) -> dict[str, list[str]]:
    """Give triggers for whole statements; each transaction has a row of its own, so that none waits for another."""
    found = {}
    for event, sides in _SIDES.items():
        tables = " ".join(f"{side} TABLE AS changed_{side.lower()}" for side in sides)
        counts = " OR ".join(
            f"EXISTS (SELECT 1 FROM changed_{side.lower()} changed WHERE {one.counts.format(row='changed')})"  # noqa: S608
            for side in sides
        )
        body = f"""RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF {counts} THEN
                INSERT INTO company_revision (area, tx, number)
                VALUES ('{one.area}', txid_current(), (random() * 9007199254740991)::bigint)
                ON CONFLICT (area, tx) DO UPDATE SET number = excluded.number;
            END IF;
            RETURN NULL; END $$"""  # noqa: S608
        name = _name(one, event, body)
        found[name] = [
            f"CREATE OR REPLACE FUNCTION {name}() {body}",
            f"CREATE TRIGGER {name} AFTER {event} ON {one.table} REFERENCING {tables} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {name}()",
        ]
    return found


def _name(one: Watch, event: str, body: str) -> str:
    digest = hashlib.sha256(f"{one}{event}{body}".encode()).hexdigest()[:12]
    return f"revision_{digest}"

"""Reads what links need straight from the database, without Django: links, changes, days with salts, sites, previews."""

import json
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final, Protocol
from urllib.parse import urlsplit

from vocero.tracking.links.days import Zones
from vocero.tracking.links.table import LinkRow

_LINK: Final = "SELECT token, id, state, target_url, utm, post_id, changed_at FROM sharing_link WHERE "
_HOUSE: Final = (
    "SELECT name, language, time_zone, next_time_zone, next_time_zone_from_on, base_url"
    " FROM company_installation WHERE id = 1"
)
_SALTS: Final = "SELECT day_on, salt FROM tracking_dailysalt"
_ORIGINS: Final = "SELECT DISTINCT origin FROM company_apikey WHERE origin <> '' AND revoked_at IS NULL"
_CARD: Final = (
    "SELECT p.title, p.description, p.site_name, p.remote_image_url, f.key"
    " FROM content_post p LEFT JOIN company_storedfile f ON f.id = p.card_image_id WHERE p.id = "
)
_IMAGE: Final = (
    "SELECT f.key, i.alt FROM content_postimage i JOIN company_storedfile f ON f.id = i.file_id"
    " WHERE i.post_id = {} ORDER BY i.position, i.id LIMIT 1"
)
_SECONDS: Final = 2
_MOST_DESCRIBED: Final = 300


class DatabaseAway(Exception):
    """The database did not answer; what is known goes on without it."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What answering a link needs to know about the house: its days and salts, name, language, and connected sites."""

    zones: Zones
    salts: dict[date, bytes]
    name: str
    language: str
    base_url: str
    connected_hosts: frozenset[str]


@dataclass(frozen=True, slots=True)
class Card:
    """What a network shows of a link before anybody clicks: the post's title, description and picture."""

    title: str
    description: str
    site_name: str
    image_url: str
    image_key: str
    image_alt: str


class LinkDatabase(Protocol):
    """The database as the links need it; every call may raise DatabaseAway. One thread at a time may ask."""

    def find(self, tokens: Sequence[str]) -> list[LinkRow]:
        """Give the links with these tokens; those that do not exist are left out."""

    def changed_since(self, since: datetime) -> list[LinkRow]:
        """Give the links whose target or state changed after the moment."""

    def surroundings(self) -> Surroundings:
        """Give the house, its salts and the connected sites."""

    def card(self, post_id: int) -> Card | None:
        """Give what a preview of the post shows; None when there is no such post."""


class _Reading:
    """What both databases have in common: the questions, and how rows are read."""

    mark = "?"

    def _ask(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        raise NotImplementedError

    def find(self, tokens: Sequence[str]) -> list[LinkRow]:
        """Give the links with these tokens."""
        marks = ", ".join(self.mark for _ in tokens)
        return [_link(row) for row in self._ask(f"{_LINK}token IN ({marks})", tokens)]

    def changed_since(self, since: datetime) -> list[LinkRow]:
        """Give the links that changed after the moment."""
        return [
            _link(row)
            for row in self._ask(f"{_LINK}changed_at > {self.mark} ORDER BY changed_at", [self._moment(since)])
        ]

    def surroundings(self) -> Surroundings:
        """Give the house, its salts and the connected sites."""
        houses = self._ask(_HOUSE)
        salts = {_day(day): bytes(salt) for day, salt in self._ask(_SALTS)}
        hosts = frozenset(_hosts(origin for (origin,) in self._ask(_ORIGINS)))
        if not houses:
            return Surroundings(Zones(), salts, "", "en", "", hosts)
        name, language, zone, following, from_on, base_url = houses[0]
        zones = Zones(zone, following, _day(from_on) if from_on else None)
        return Surroundings(zones, salts, name, language, base_url, hosts)

    def card(self, post_id: int) -> Card | None:
        """Give what a preview of the post shows."""
        rows = self._ask(_CARD + self.mark, [post_id])
        if not rows:
            return None
        title, description, site_name, image_url, key = rows[0]
        alt = ""
        if not key:
            images = self._ask(_IMAGE.format(self.mark), [post_id])
            key, alt = images[0] if images else ("", "")
        return Card(title, description[:_MOST_DESCRIBED], site_name, image_url, key, alt)

    def _moment(self, moment: datetime) -> object:
        return moment


class SqliteLinks(_Reading):
    """Links in the SQLite file, read through a connection that cannot write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def _ask(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        try:
            if self._connection is None:
                self._connection = self._connect()
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.Error as error:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            raise DatabaseAway(str(error)) from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self._path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=_SECONDS,
            check_same_thread=False,
            autocommit=True,
        )
        connection.execute("PRAGMA query_only = 1")
        connection.execute("PRAGMA mmap_size = 33554432")
        return connection

    def _moment(self, moment: datetime) -> object:
        return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


class PostgresLinks(_Reading):
    """Links in PostgreSQL; a database that hangs counts as away."""

    mark = "%s"

    def __init__(self, address: Mapping[str, Any]) -> None:
        self._address = address
        self._connection: Any = None

    def _ask(self, sql: str, values: Sequence[object] = ()) -> list[Any]:
        import psycopg

        from vocero.tracking.links import postgres

        try:
            if self._connection is None:
                self._connection = postgres.connect(self._address, "default_transaction_read_only=on")
            return list(self._connection.execute(sql, values or None).fetchall())
        except psycopg.Error as error:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            raise DatabaseAway(str(error)) from error


def _link(row: Sequence[Any]) -> LinkRow:
    token, link_id, state, target_url, utm, post_id, changed_at = row
    values = json.loads(utm) if isinstance(utm, str) else utm
    return LinkRow(token, link_id, state, target_url, values or {}, post_id, _microseconds(changed_at))


def _microseconds(moment: datetime | str | None) -> int:
    if moment is None:
        return 0
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return int(moment.timestamp() * 1_000_000)


def _day(day: date | str) -> date:
    return date.fromisoformat(day) if isinstance(day, str) else day


def _hosts(origins: Iterable[str]) -> Iterable[str]:
    for origin in origins:
        host = urlsplit(origin).hostname
        if host:
            yield host.removeprefix("www.")

"""Parquet files of single clicks, one a month, by DuckDB (the optional extra `archive`); knows files, no database."""

import csv
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from importlib.util import find_spec
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING, Any, Final

from vocero.tracking.visitors import first_visitor_of
from vocero.tracking.wide import Dimensions, Sums, as_sums, sums_sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

INSTALL: Final = "pip install 'vocero[archive]'"
_MAKING: Final = ".making-"
_CLICKS: Final = (
    "{'id': 'BIGINT', 'link': 'BIGINT', 'visitor': 'BIGINT', 'verdict': 'VARCHAR', 'country': 'VARCHAR',"
    " 'network_class': 'TINYINT', 'device': 'VARCHAR', 'referrer': 'VARCHAR'}"
)
_LINKS: Final = (
    "{'link': 'BIGINT', 'share': 'BIGINT', 'program': 'BIGINT', 'network': 'VARCHAR', 'post': 'BIGINT',"
    " 'campaign': 'BIGINT', 'origin': 'VARCHAR', 'kind': 'VARCHAR', 'location': 'VARCHAR', 'language': 'VARCHAR',"
    " 'topics': 'VARCHAR', 'purposes': 'VARCHAR', 'team_path': 'VARCHAR'}"
)
_CSV: Final = "header=false, auto_detect=false, delim=',', quote='\"', escape='\"', new_line='\\n', nullstr='\\N'"
_NAMES: Final = "id, link, visitor, verdict, country, network_class, device, referrer"
_LIST: Final = "CASE WHEN l.{0} = '' THEN [] ELSE string_split(l.{0}, ' ') END::{1}[] AS {0}"
# Clicks of one link lie together and links of one post side by side, so that the share's columns take next to nothing;
# above a thousand different values numbers are stored by their differences instead of in a dictionary.
_WIDE: Final = f"""
    SELECT c.id, (DATE '2020-01-01' + (c.visitor >> 48)::INTEGER) AS day, c.link, NULLIF(l.share, 0) AS share,
           c.verdict, c.visitor, c.country, c.device, c.network_class, c.referrer,
           l.program, l.network, l.post, NULLIF(l.campaign, 0) AS campaign, {_LIST.format("topics", "BIGINT")},
           l.origin, l.kind, {_LIST.format("purposes", "VARCHAR")}, {_LIST.format("team_path", "BIGINT")},
           l.location, l.language
    FROM clicks c LEFT JOIN links l ON l.link = c.link
    ORDER BY l.program, l.post, l.team_path, c.link, day, c.visitor, c.id
"""  # noqa: S608
_FORMAT: Final = (
    "FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 9, PARQUET_VERSION V2, ROW_GROUP_SIZE 500000,"
    " DICTIONARY_SIZE_LIMIT 1000"
)


def is_installed() -> bool:
    """Say whether the extra is there."""
    return find_spec("duckdb") is not None


@contextmanager
def scratch(folder: Path) -> Iterator["Scratch"]:
    """Give a place to gather a month's clicks in, inside the folder of the files; it is gone afterwards."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for left in folder.glob(f"{_MAKING}*"):  # of a process that was killed; the caller holds the lock of the folder
        shutil.rmtree(left, ignore_errors=True)
    place = Path(mkdtemp(prefix=_MAKING, dir=folder))
    try:
        with _connected(place / "clicks.duckdb", spill=place) as duck:
            yield Scratch(duck, place)
    finally:
        shutil.rmtree(place, ignore_errors=True)


class Scratch:
    """A month's clicks in the making: gathered from the database and from an older file, then written sorted."""

    def __init__(self, duck: "DuckDBPyConnection", place: Path) -> None:
        self._duck = duck
        self.place = place
        duck.execute(
            "CREATE TABLE clicks (id BIGINT, link BIGINT, visitor BIGINT, verdict VARCHAR, country VARCHAR,"
            " network_class TINYINT, device VARCHAR, referrer VARCHAR)"
        )

    def add_csv(self, file: Path) -> None:
        """Add clicks from a file as `wide.write_csv` makes it."""
        self._duck.execute(f"INSERT INTO clicks SELECT * FROM read_csv(?, {_CSV}, columns={_CLICKS})", [str(file)])  # noqa: S608

    def missing_in(self, file: Path) -> int:
        """Count the gathered clicks that are not in a Parquet file."""
        return self._count(
            "SELECT COUNT(*) FROM clicks c ANTI JOIN read_parquet(?) o ON o.id = c.id AND o.visitor = c.visitor", file
        )

    def add_others_of(self, file: Path) -> Sums:
        """Add the clicks of a Parquet file that are not gathered yet; gives what those add up to."""
        other = "read_parquet(?) o ANTI JOIN clicks c ON o.id = c.id AND o.visitor = c.visitor"
        self._duck.execute(f"CREATE TEMP TABLE others AS SELECT o.* FROM {other}", [str(file)])  # noqa: S608
        self._duck.execute(f"INSERT INTO clicks SELECT {_NAMES} FROM others")  # noqa: S608
        return as_sums(self._duck.execute(sums_sql("others", link="link")).fetchall())

    def links(self) -> list[int]:
        """Give the links of all clicks gathered."""
        return [link for (link,) in self._duck.execute("SELECT DISTINCT link FROM clicks ORDER BY link").fetchall()]

    def sums(self) -> Sums:
        """Add up the clicks gathered."""
        return as_sums(self._duck.execute(sums_sql("clicks", link="link")).fetchall())

    def of_day(self, day_on: date) -> Iterator[tuple[Any, ...]]:
        """Give the gathered clicks of a day: id, link, visitor, verdict, country, class of network, device."""
        return _day(self._duck, "clicks", [], day_on)

    def write(self, dimensions: Iterable[Dimensions], target: Path) -> None:
        """Write all clicks with their links' dimensions to a file, and see to it that it is on the disk."""
        place = self.place / "links.csv"
        with place.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            for link in dimensions:
                lists = (" ".join(map(str, values)) for values in (link.topics, link.purposes, link.team_path))
                writer.writerow((*link[:10], *lists))
        self._duck.execute(
            f"CREATE OR REPLACE TEMP TABLE links AS SELECT * FROM read_csv(?, {_CSV}, columns={_LINKS})",  # noqa: S608
            [str(place)],
        )
        self._duck.execute(f"COPY ({_WIDE}) TO '{_quoted(target)}' ({_FORMAT})")
        sync(target)

    def _count(self, sql: str, file: Path) -> int:
        found = self._duck.execute(sql, [str(file)]).fetchone()
        return int(found[0]) if found else 0


class File:
    """One month's file, open for reading; any number of processes may read it at once."""

    def __init__(self, duck: "DuckDBPyConnection", place: Path) -> None:
        self._duck = duck
        self._place = place

    def sums(self) -> Sums:
        """Add up the clicks in the file."""
        return as_sums(self._duck.execute(sums_sql("read_parquet(?)", link="link"), [str(self._place)]).fetchall())

    def of_day(self, day_on: date) -> Iterator[tuple[Any, ...]]:
        """Give the clicks of a day: id, link, visitor, verdict, country, class of network, device."""
        return _day(self._duck, "read_parquet(?)", [str(self._place)], day_on)


@contextmanager
def opened(place: Path) -> Iterator[File]:
    """Open a month's file for reading."""
    with _connected(None, spill=None) as duck:
        yield File(duck, place)


def fingerprint(place: Path) -> str:
    """Give the SHA-256 of a file, so that a damaged or exchanged one is noticed."""
    with place.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(place: Path) -> None:
    """Wait until a file or folder is on the disk."""
    handle = os.open(place, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _day(duck: "DuckDBPyConnection", table: str, values: list[str], day_on: date) -> Iterator[tuple[Any, ...]]:
    low = first_visitor_of(day_on)
    found = duck.cursor().execute(
        f"SELECT id, link, visitor, verdict, country, network_class, device FROM {table}"  # noqa: S608
        f" WHERE visitor >= {low} AND visitor < {low + (1 << 48)} ORDER BY visitor, id",
        values,
    )
    while rows := found.fetchmany(10_000):
        yield from rows


@contextmanager
def _connected(place: Path | None, *, spill: Path | None) -> Iterator["DuckDBPyConnection"]:
    """Open DuckDB with bounds to memory and threads; it never loads anything from elsewhere."""
    import duckdb

    config: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": "1GB",
        "threads": 2,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if spill is not None:
        config["temp_directory"] = str(spill)
    duck = duckdb.connect(str(place) if place else ":memory:", config=config)
    try:
        yield duck
    finally:
        duck.close()


def _quoted(place: Path) -> str:
    return str(place).replace("'", "''")

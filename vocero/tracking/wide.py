"""Single clicks as wide rows, for the archive and for export: each with everything that was frozen on its share.

No name and no member stands in them: a link says which share, and who shared it stands in the database alone.
"""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

from django.db import connection

from vocero.sharing.models import Link
from vocero.tracking.segment import first_id_at
from vocero.tracking.visitors import first_visitor_of

_CHUNK: Final = 500
_LOW: Final = 0xFFFFFFFF

# A single click as the database holds it, its referrer as an origin.
SELECT: Final = (
    "SELECT c.id, c.link_id, c.visitor, c.verdict, c.country, c.network_class, c.device, COALESCE(r.origin, '')"
    " FROM tracking_click c LEFT JOIN tracking_referrer r ON r.id = c.referrer_id"
)
_SUMS: Final = (
    "SELECT {visitor} >> 48, verdict, COUNT(*), SUM({id} & {low}), SUM({id} >> 32), SUM({visitor} & {low}), SUM({link})"
    " FROM {table} {where} GROUP BY 1, 2"
)


class Dimensions(NamedTuple):
    """What a link's clicks count under; without a share only program, post and campaign are known, others are blank."""

    link: int
    share: int
    program: int
    network: str
    post: int
    campaign: int
    origin: str
    kind: str
    location: str
    language: str
    topics: list[int]
    purposes: list[str]
    team_path: list[int]


type Sums = Mapping[tuple[int, str], tuple[int, int, int, int, int]]
"""By day (number since 2020) and verdict: how many clicks, and sums over the halves of their ids, visitors and links."""


def dimensions_of(link_ids: Iterable[int]) -> Iterator[Dimensions]:
    """Give the dimensions of links, in the order of their ids; a link that does not exist is left out."""
    wanted = sorted(set(link_ids))
    shared = ("network", "origin", "kind", "location", "language", "topics", "purposes", "team_path")
    fields = [
        "id", "share_id", "post_id", "post__program_id", "post__campaign_id", "share__program_id", "share__post_id",
        "share__campaign_id", *(f"share__{name}" for name in shared),
    ]  # fmt: skip
    for begin in range(0, len(wanted), _CHUNK):
        rows = Link.objects.filter(pk__in=wanted[begin : begin + _CHUNK]).order_by("pk").values(*fields)
        for row in rows:
            yield _dimensions(row)


def _dimensions(row: Mapping[str, Any]) -> Dimensions:
    if row["share_id"] is None:
        program, post, campaign = row["post__program_id"], row["post_id"], row["post__campaign_id"]
        return Dimensions(row["id"], 0, program, "", post, campaign or 0, "", "", "", "", [], [], [])
    return Dimensions(
        row["id"],
        row["share_id"],
        row["share__program_id"],
        row["share__network"],
        row["share__post_id"],
        row["share__campaign_id"] or 0,
        row["share__origin"],
        row["share__kind"],
        row["share__location"],
        row["share__language"],
        [int(topic) for topic in row["share__topics"]],
        [str(purpose) for purpose in row["share__purposes"]],
        [int(team) for team in row["share__team_path"]],
    )


def between(first_on: date, last_on: date) -> tuple[int, int]:
    """Give the visitor numbers between which the clicks of some days lie: from the first one, below the second one."""
    return first_visitor_of(first_on), first_visitor_of(last_on + timedelta(days=1))


def of_days(first_on: date, last_on: date, name: str = "tracking_click") -> str:
    """Give the condition for the clicks of some days: by the ids in which they lie in any time zone, and by visitors."""
    begin, end = (datetime.combine(day, time.min, UTC) for day in (first_on, last_on))
    low, high = between(first_on, last_on)
    return (
        f"{name}.id >= {first_id_at(begin - timedelta(days=2))} AND {name}.id < {first_id_at(end + timedelta(days=3))}"
        f" AND {name}.visitor >= {low} AND {name}.visitor < {high}"
    )


def any_clicks(first_on: date, last_on: date) -> bool:
    """Say whether the database holds single clicks of these days."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM tracking_click WHERE {of_days(first_on, last_on)} LIMIT 1")  # noqa: S608
        return cursor.fetchone() is not None


def count_clicks(first_on: date, last_on: date) -> int:
    """Count the single clicks of these days in the database."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM tracking_click WHERE {of_days(first_on, last_on)}")  # noqa: S608
        return int(cursor.fetchone()[0])


def write_csv(place: Path, first_on: date, last_on: date) -> None:
    """Write the clicks of some days, as the database holds them now, into a file: the columns of SELECT, no head."""
    sql = f"{SELECT} WHERE {of_days(first_on, last_on, 'c')}"
    connection.ensure_connection()
    with place.open("wb") as file, connection.wrap_database_errors:
        if connection.vendor == "postgresql":
            with connection.connection.cursor() as cursor, cursor.copy(f"COPY ({sql}) TO STDOUT (FORMAT csv)") as rows:
                for block in rows:
                    file.write(block)
            return
        text = io.TextIOWrapper(file, encoding="utf-8", newline="")
        csv.writer(text, lineterminator="\n").writerows(connection.connection.execute(sql))
        text.flush()
        text.detach()


def sums_of(first_on: date, last_on: date, *, table: str = "tracking_click") -> Sums:
    """Add up the clicks of some days in the database, for comparison with the same from a file."""
    where = f"WHERE {of_days(first_on, last_on, table)}"
    with connection.cursor() as cursor:
        cursor.execute(sums_sql(table, where=where, link="link_id"))
        return as_sums(cursor.fetchall())


def sums_sql(table: str, *, link: str, where: str = "") -> str:
    """Give the statement that adds up the clicks of a table (or a file), in words that every database here knows."""
    return _SUMS.format(table=table, where=where, id="id", visitor="visitor", link=link, low=_LOW)


def as_sums(rows: Iterable[tuple[Any, ...]]) -> dict[tuple[int, str], tuple[int, int, int, int, int]]:
    """Make what such a statement gives comparable: databases differ in the types of their sums."""
    return {
        (int(row[0]), str(row[1])): (int(row[2]), int(row[3]), int(row[4]), int(row[5]), int(row[6])) for row in rows
    }


type Tell = Callable[[str], None]
"""Where progress is told."""

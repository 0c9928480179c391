"""The roll-ups of clicks: added to as clicks come, made again from clicks, counted for visitors, compared with clicks."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Sum

from vocero.company.models import Program
from vocero.lib.periods import days_between
from vocero.tracking.keys import Place, Places
from vocero.tracking.models import ClickStat, VisitorCount
from vocero.tracking.segment import first_id_at

COUNTS: Final = ("raw", "valid", "unique", "visitors", "head", "preview", "bot", "prefetch", "no_agent", "own")
_REASONS: Final = {name: COUNTS.index(name) for name in ("head", "preview", "bot", "prefetch", "no_agent", "own")}
_KEY: Final = ("program_id", "dimension", "day_on", "key", "network")
_CHUNK: Final = 1000

type StatKey = tuple[int, str, date, str, str]  # program, dimension, day, key, network
type Counts = list[int]
type PerLink = dict[tuple[int, date], Counts]


def count_click(counts: PerLink, link_id: int, day_on: date, verdict: str, times: int = 1) -> None:
    """Add clicks of one verdict to what a link has on a day; a unique click is valid, a repeat is valid too."""
    row = counts.get((link_id, day_on))
    if row is None:
        row = counts[link_id, day_on] = [0] * len(COUNTS)
    row[0] += times
    if verdict == "valid":
        row[1] += times
        row[2] += times
    elif verdict == "repeat":
        row[1] += times
    else:
        row[_REASONS[verdict]] += times


def spread(counts: PerLink, places: Mapping[int, Place]) -> dict[StatKey, Counts]:
    """Give the counts of links as counts of all keys that the links count under.

    A share has one link, so its visitors are its unique clicks; for all other keys visitors are counted apart.
    """
    stats: dict[StatKey, Counts] = {}
    for (link_id, day_on), row in counts.items():
        place = places[link_id]
        for dimension, key in place.keys:
            stat_key = (place.program_id, dimension, day_on, key, place.network)
            stat = stats.get(stat_key)
            if stat is None:
                stats[stat_key] = stat = list(row)
            else:
                for index, count in enumerate(row):
                    if count:
                        stat[index] += count
            if dimension == "share":
                stat[3] = stat[2]
    return stats


def add_stats(stats: Mapping[StatKey, Counts]) -> None:
    """Add counts to the roll-ups, in the order of their keys, so that two nodes never wait for each other in a ring."""
    rows: list[tuple[Any, ...]] = [(*key, *stats[key]) for key in sorted(stats)]
    columns = [*_KEY, *COUNTS]
    names = ", ".join(connection.ops.quote_name(name) for name in columns)
    added = ", ".join(f'"{name}" = tracking_clickstat."{name}" + excluded."{name}"' for name in COUNTS)
    conflict = f"ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET {added}"
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            types = ["bigint", "text", "date", "text", "text", *["integer"] * len(COUNTS)]
            arrays = ", ".join(f"%s::{kind}[]" for kind in types)
            for begin in range(0, len(rows), _CHUNK):
                values = [list(column) for column in zip(*rows[begin : begin + _CHUNK], strict=True)]
                insert = f"INSERT INTO tracking_clickstat ({names}) SELECT * FROM unnest({arrays}) {conflict}"  # noqa: S608
                cursor.execute(insert, values)
        elif rows:
            marks = ", ".join(["%s"] * len(columns))
            cursor.executemany(
                f"INSERT INTO tracking_clickstat ({names}) VALUES ({marks}) {conflict}",  # noqa: S608  names of ours
                rows,
            )


def clicks_of(day_on: date) -> PerLink:
    """Count the clicks of a day anew, by link and verdict."""
    counts: PerLink = {}
    # A day in any time zone lies within these ids; they are an index, the day alone is not.
    first, last = _ids_around(day_on)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT link_id, verdict, COUNT(*) FROM tracking_click WHERE id >= %s AND id < %s AND day_on = %s"
            " GROUP BY link_id, verdict",
            [first, last, day_on],
        )
        for link_id, verdict, times in cursor.fetchall():
            count_click(counts, link_id, day_on, verdict, times)
    return counts


def rebuild_day(day_on: date, places: Places | None = None) -> None:
    """Make the click roll-ups of a day again from its clicks; they come out as the same rows."""
    with transaction.atomic():
        _hold_stats()
        counts = clicks_of(day_on)
        known = (places or Places()).of({link_id for link_id, _ in counts})
        ClickStat.objects.filter(day_on=day_on).delete()
        VisitorCount.objects.filter(day_on=day_on).delete()
        add_stats(spread(counts, known))
        count_visitors(day_on)


def rebuild(first_on: date, last_on: date) -> None:
    """Make the click roll-ups of days again, each in a transaction of its own."""
    places = Places()
    for day in days_between(first_on, last_on):
        rebuild_day(day, places)


def differences(day_on: date) -> list[StatKey]:
    """Give the keys whose roll-up is not what the clicks of the day say; an empty list means: they agree.

    It makes the roll-ups again, compares, and takes that back: nothing is changed.
    """
    if day_on in days_to_count([day_on]):
        count_visitors(day_on)
    with transaction.atomic():
        before = _stored(day_on)
        rebuild_day(day_on)
        after = _stored(day_on)
        transaction.set_rollback(True)
    return sorted(key for key in before.keys() | after.keys() if before.get(key) != after.get(key))


def _stored(day_on: date) -> dict[StatKey, tuple[int, ...]]:
    rows = ClickStat.objects.filter(program__in=_programs(), day_on=day_on).values_list(*_KEY, *COUNTS)
    return {(row[0], row[1], row[2], row[3], row[4]): tuple(row[5:]) for row in rows}


def days_to_count(days: Iterable[date] | None = None) -> list[date]:
    """Give the days (of these, or of all) whose unique clicks are not what they were when visitors were counted last."""
    counted = dict(VisitorCount.objects.values_list("day_on", "unique_clicks"))
    totals = ClickStat.objects.filter(program__in=_programs(), dimension="all")
    if days is not None:
        totals = totals.filter(day_on__in=list(days))
    rows = totals.values("day_on").annotate(total=Sum("unique")).order_by("day_on")
    return [row["day_on"] for row in rows if row["total"] != counted.get(row["day_on"], 0)]


def count_visitors(day_on: date) -> None:
    """Count the distinct visitors of a day for every key: on each network, and through all of them.

    The day's salt makes one visitor one key on all links, so they can be told apart within the day, and only there.
    """
    places = Places()
    with transaction.atomic(), connection.cursor() as cursor:
        totals = ClickStat.objects.filter(program__in=_programs(), dimension="all", day_on=day_on)
        total = totals.aggregate(total=Sum("unique"))["total"] or 0
        cursor.execute("SELECT DISTINCT link_id FROM tracking_click WHERE day_on = %s AND verdict = 'valid'", [day_on])
        known = places.of([link_id for (link_id,) in cursor.fetchall()])
        _fill_visitor_keys(known)
        _write_visitors(day_on)
        VisitorCount.objects.update_or_create(day_on=day_on, defaults={"unique_clicks": total})


def _fill_visitor_keys(places: Mapping[int, Place]) -> None:
    """Write down, for this connection alone, which link counts under which keys."""
    rows = [
        (link_id, place.program_id, dimension, key, place.network)
        for link_id, place in places.items()
        for dimension, key in place.keys
        if dimension != "share"
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE IF NOT EXISTS visitor_key"
            " (link_id bigint, program_id bigint, dimension varchar(10), key varchar(120), network varchar(20))"
        )
        cursor.execute("DELETE FROM visitor_key")
        cursor.executemany("INSERT INTO visitor_key VALUES (%s, %s, %s, %s, %s)", rows)


def _write_visitors(day_on: date) -> None:
    counted = (
        "SELECT k.program_id, k.dimension, c.day_on, k.key, {network}, COUNT(DISTINCT c.visitor)"
        " FROM tracking_click c JOIN visitor_key k ON k.link_id = c.link_id"
        " WHERE c.day_on = %s AND c.verdict = 'valid' {further} GROUP BY 1, 2, 3, 4, 5"
    )
    zeros = [name for name in COUNTS if name != "visitors"]
    names = ", ".join(f'"{name}"' for name in [*_KEY, "visitors", *zeros])
    insert = (
        f"INSERT INTO tracking_clickstat ({names}) SELECT found.*, {', '.join('0' for _ in zeros)}"  # noqa: S608
        f" FROM ({{found}}) found WHERE true"
        f" ON CONFLICT ({', '.join(_KEY)}) DO UPDATE SET visitors = excluded.visitors"
    )
    with connection.cursor() as cursor:
        for network, further in (
            ("k.network", ""),
            (f"'{ClickStat.EVERY_NETWORK}'", "AND k.dimension <> 'member'"),
        ):
            cursor.execute(insert.format(found=counted.format(network=network, further=further)), [day_on])


def _hold_stats() -> None:
    """Keep other nodes from adding to the roll-ups until this transaction ends; SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE tracking_clickstat IN EXCLUSIVE MODE")


def _ids_around(day_on: date) -> tuple[int, int]:
    """Give two ids between which all clicks of a day lie, in whatever time zone the company counts it."""
    begins = datetime.combine(day_on, time.min, UTC)
    return first_id_at(begins - timedelta(days=2)), first_id_at(begins + timedelta(days=3))


def _programs() -> list[int]:
    """Give all programs: the roll-ups' key begins with one."""
    return list(Program.objects.values_list("pk", flat=True))

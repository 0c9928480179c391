"""The roll-ups of clicks: added to as clicks come, made again from clicks, counted for visitors, compared with clicks."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from typing import Final

from django.db import connection, transaction
from django.db.models import Count, Sum

from vocero.company.models import Program
from vocero.lib.periods import days_between
from vocero.tracking import store
from vocero.tracking.keys import Place, Places, StatPlace
from vocero.tracking.models import Click, ClickStat, VisitorCount
from vocero.tracking.store import COUNTS, STAT_KEY
from vocero.tracking.visitors import first_visitor_of

_PLACE: Final = {name: 24 * index for index, name in enumerate(COUNTS)}
_UNIQUE_BITS: Final = 0xFFFFFF << _PLACE["unique"]
_TO_VISITORS: Final = _PLACE["visitors"] - _PLACE["unique"]
_MARK: Final = 0xFFFFFF
_DAY: Final = {"sqlite": "%s", "postgresql": "%s::date"}
_TEMPORARY: Final = {"sqlite": "temp.", "postgresql": ""}

# What a click of each verdict adds: ten counts of 24 bits side by side in one number, so that adding is one addition.
_ADDS: Final = {
    "valid": 1 << _PLACE["raw"] | 1 << _PLACE["valid"] | 1 << _PLACE["unique"],
    "repeat": 1 << _PLACE["raw"] | 1 << _PLACE["valid"],
    **{
        reason: 1 << _PLACE["raw"] | 1 << _PLACE[reason]
        for reason in ("head", "preview", "bot", "prefetch", "no_agent", "own")
    },
}

type StatKey = tuple[int, str, date, str, str]  # program, dimension, day, key, network
type Packed = int
type PerLink = dict[tuple[int, date], Packed]


def count_click(counts: PerLink, link_id: int, day_on: date, verdict: str, times: int = 1) -> None:
    """Add clicks of one verdict to what a link has on a day; a unique click is valid, a repeat is valid too."""
    key = (link_id, day_on)
    counts[key] = counts.get(key, 0) + _ADDS[verdict] * times


def spread(counts: PerLink, places: Mapping[int, Place]) -> dict[StatKey, Packed]:
    """Give the counts of links as counts of all keys that the links count under.

    A share has one link, so its visitors are its unique clicks; for all other keys visitors are counted apart.
    """
    days: dict[date, dict[StatPlace, Packed]] = {}
    for (link_id, day_on), packed in counts.items():
        stats = days.setdefault(day_on, {})
        own, *shared = places[link_id].keys
        stats[own] = stats.get(own, 0) + (
            packed | (packed & _UNIQUE_BITS) << _TO_VISITORS if own[1] == "share" else packed
        )
        for place in shared:
            stats[place] = stats.get(place, 0) + packed
    return {
        (program, dimension, day_on, key, network): packed
        for day_on, stats in days.items()
        for (program, dimension, key, network), packed in stats.items()
    }


def add_stats(stats: Mapping[StatKey, Packed]) -> None:
    """Add counts to the roll-ups, in the order of their keys, so that two nodes never wait for each other in a ring."""
    store.add_stats([(*key, *unpack(stats[key])) for key in sorted(stats)])


def unpack(packed: Packed) -> list[int]:
    """Give the counts in the order of COUNTS."""
    return [packed >> place & _MARK for place in _PLACE.values()]


def clicks_of(day_on: date) -> PerLink:
    """Count the clicks of a day anew, by link and verdict."""
    counts: PerLink = {}
    found = Click.of_day(day_on).values_list("link_id", "verdict").annotate(times=Count("pk")).order_by()
    for link_id, verdict, times in found.iterator():
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
    rows = ClickStat.objects.filter(program__in=_programs(), day_on=day_on).values_list(*STAT_KEY, *COUNTS)
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
        cursor.execute(
            "SELECT DISTINCT link_id FROM tracking_click WHERE visitor >= %s AND visitor < %s AND verdict = 'valid'",
            _visitors_of(day_on),
        )
        known = places.of([link_id for (link_id,) in cursor.fetchall()])
        _fill_visitor_keys(known)
        _write_visitors(day_on)
        if total:
            VisitorCount.objects.update_or_create(day_on=day_on, defaults={"unique_clicks": total})
        else:  # a day without clicks has no row, whoever looks at it
            VisitorCount.objects.filter(day_on=day_on).delete()


def _fill_visitor_keys(places: Mapping[int, Place]) -> None:
    """Write down, for this connection alone, which link counts under which keys."""
    rows = [
        (link_id, *stat_place)
        for link_id, place in places.items()
        for stat_place in place.keys
        if stat_place[1] != "share"
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE IF NOT EXISTS visitor_key"
            " (link_id bigint, program_id bigint, dimension varchar(10), key varchar(120), network varchar(20))"
        )
        cursor.execute(
            f"CREATE INDEX IF NOT EXISTS {_TEMPORARY[connection.vendor]}visitor_key_link ON visitor_key (link_id)"
        )
        cursor.execute("DELETE FROM visitor_key")
        cursor.executemany("INSERT INTO visitor_key VALUES (%s, %s, %s, %s, %s)", rows)


def _write_visitors(day_on: date) -> None:
    counted = (
        "SELECT k.program_id, k.dimension, {day} AS day_on, k.key, {network}, COUNT(DISTINCT c.visitor)"
        " FROM tracking_click c JOIN visitor_key k ON k.link_id = c.link_id"
        " WHERE c.visitor >= %s AND c.visitor < %s AND c.verdict = 'valid' {further} GROUP BY 1, 2, 4, 5"
    )
    zeros = [name for name in COUNTS if name != "visitors"]
    names = ", ".join(f'"{name}"' for name in [*STAT_KEY, "visitors", *zeros])
    insert = (
        f"INSERT INTO tracking_clickstat ({names}) SELECT found.*, {', '.join('0' for _ in zeros)}"  # noqa: S608
        f" FROM ({{found}}) found WHERE true"
        f" ON CONFLICT ({', '.join(STAT_KEY)}) DO UPDATE SET visitors = excluded.visitors"
    )
    with connection.cursor() as cursor:
        for network, further in (
            ("k.network", ""),
            (f"'{ClickStat.EVERY_NETWORK}'", "AND k.dimension <> 'member'"),
        ):
            found = counted.format(day=_DAY[connection.vendor], network=network, further=further)
            cursor.execute(insert.format(found=found), [day_on, *_visitors_of(day_on)])


def _hold_stats() -> None:
    """Keep other nodes from adding to the roll-ups until this transaction ends; SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("LOCK TABLE tracking_clickstat IN EXCLUSIVE MODE")


def _visitors_of(day_on: date) -> tuple[int, int]:
    """Give the numbers between which all visitors of a day lie."""
    return first_visitor_of(day_on), first_visitor_of(day_on + timedelta(days=1))


def _programs() -> list[int]:
    """Give all programs: the roll-ups' key begins with one."""
    return list(Program.objects.values_list("pk", flat=True))

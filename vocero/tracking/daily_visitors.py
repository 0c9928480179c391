"""Counts the distinct visitors of a day for every key: on each network, and through all of them.

The day's salt makes one visitor one key on all links, so they can be told apart within the day, and only there.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import chain
from typing import Any, Final

from django.db import connection, transaction

from vocero.tracking import store
from vocero.tracking.columns import number_of_day
from vocero.tracking.counts import StatKey, week_of
from vocero.tracking.keys import Places
from vocero.tracking.models import VisitorCount
from vocero.tracking.visitors import first_visitor_of

_ROWS: Final = 20_000

_SINGLE: Final = """
    SELECT link, COUNT(*) FROM (
        SELECT MIN(link_id) AS link FROM tracking_click WHERE verdict = 'valid' AND visitor >= {0} AND visitor < {0}
        GROUP BY visitor HAVING COUNT(*) = 1) alone GROUP BY link"""
_SEVERAL: Final = """
    SELECT {1} FROM tracking_click WHERE verdict = 'valid' AND visitor >= {0} AND visitor < {0}
    GROUP BY visitor HAVING COUNT(*) > 1"""
_LIST: Final = {"sqlite": "group_concat(link_id)", "postgresql": "string_agg(link_id::text, ',')"}


def found_visitors(day_on: date, places: Places) -> dict[StatKey, int]:
    """Count the visitors of a day by key, from its unique clicks.

    Most visitors come by one link: they are counted by link in the database. The others are looked at one by one.
    """
    day = number_of_day(day_on)
    counts: Counter[int] = Counter()
    for rows in _rows(_SINGLE, day_on):
        known = places.of([link for link, _times in rows])
        for link, times in rows:
            place = known[link]
            for number in chain(place.content.ids, place.people.ids):
                counts[number] += times
    for rows in _rows(_SEVERAL, day_on):
        visitors = [list(map(int, links.split(","))) for (links,) in rows]
        known = places.of(chain.from_iterable(visitors))
        seen: list[int] = []
        for links in visitors:
            groups = {group for link in links for group in (known[link].content, known[link].people)}
            seen.extend(set(chain.from_iterable(group.ids for group in groups)))
        counts.update(seen)
    cuts = places.cuts
    return {
        (program, dimension, day, key, network): times
        for (program, dimension, key, network), times in ((cuts[number], times) for number, times in counts.items())
    }


def count_visitors(day_on: date, places: Places | None = None) -> None:
    """Count the visitors of a day and write down what is new. The counting itself holds nobody up."""
    total = unique_clicks(day_on)
    found = found_visitors(day_on, places or Places())
    with transaction.atomic():
        hold_day(day_on)
        write_visitors(day_on, found)
        note_count(day_on, total)


def write_visitors(day_on: date, found: dict[StatKey, int]) -> None:
    """Put a day's visitors in their rows, and what changes into the rows of its week."""
    day = number_of_day(day_on)
    week = week_of(day)
    stored = {key: counts[2] for key, counts in store.rows_of_day(store.STATS, day).items()}
    days, weeks = [], []
    for key in sorted(found.keys() | {key for key, visitors in stored.items() if visitors}):
        program, dimension, _day, name, network = key
        change = found.get(key, 0) - stored.get(key, 0)
        if change:
            days.append((*key, 0, 0, change))
            weeks.append((program, dimension, week, name, network, 0, 0, change))
    for table, rows in ((store.STATS, days), (store.WEEKS, weeks)):
        store.add(table, rows)
        store.drop_empty(table, [row[:5] for row in rows if row[-1] < 0])


def unique_clicks(day_on: date) -> int:
    """Give the unique clicks of a day, of all programs."""
    rows = store.ask(
        'SELECT SUM("unique") FROM tracking_clickstat WHERE program_id IN (SELECT id FROM company_program)'  # noqa: S608
        f" AND dimension = 0 AND day_on = {number_of_day(day_on)}",
        [],
    )
    return int(rows[0][0] or 0)


def note_count(day_on: date, total: int) -> None:
    """Note at how many unique clicks the visitors were counted; a day without clicks has no row, whoever looks at it."""
    if total:
        VisitorCount.objects.update_or_create(day_on=day_on, defaults={"unique_clicks": total})
    else:
        VisitorCount.objects.filter(day_on=day_on).delete()


def hold_day(day_on: date) -> None:
    """Let one process at a time put a day's visitors down, until this transaction ends; SQLite has one writer anyway."""
    if connection.vendor == "postgresql":
        store.ask("SELECT pg_advisory_xact_lock(%s, %s)", [_LOCK, number_of_day(day_on)])


_LOCK: Final = 7_301


def _rows(sql: str, day_on: date) -> Iterator[list[Any]]:
    mark = "%s" if connection.vendor == "postgresql" else "?"
    connection.ensure_connection()
    between = [first_visitor_of(day_on), first_visitor_of(day_on + timedelta(days=1))]
    with connection.wrap_database_errors:
        cursor = connection.connection.cursor()
        try:
            cursor.execute(sql.format(mark, _LIST[connection.vendor]), between)
            while rows := cursor.fetchmany(_ROWS):
                yield rows
        finally:
            cursor.close()

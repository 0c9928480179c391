"""Counts the distinct visitors of a day for every key: on each network, and through all of them.

The day's salt makes one visitor one key on all links, so they can be told apart within the day, and only there.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import chain
from typing import Any, Final

from django.db import connection, transaction

from vocero.tracking import store
from vocero.tracking.columns import number_of_day
from vocero.tracking.counts import StatKey, week_of
from vocero.tracking.keys import Group, Places
from vocero.tracking.models import VisitorCount
from vocero.tracking.visitors import first_visitor_of

_ROWS: Final = 20_000

_PAIRS: Final = """
    SELECT visitor, link_id FROM tracking_click WHERE verdict = 'valid' AND visitor >= {0} AND visitor < {0}
    ORDER BY visitor"""


def found_visitors(day_on: date, places: Places) -> dict[StatKey, int]:
    """Count the visitors of a day by key, from its unique clicks.

    Most visitors come by one link: those are only counted, link by link. What is left is kept by the group of keys that
    its links have in common, and each key counts the different ones among its groups.
    """
    day = number_of_day(day_on)
    alone, together = _by_link(day_on)
    known = places.of(alone.keys() | together.keys())
    groups: dict[Group, list[int]] = defaultdict(list)
    for link, visitors in together.items():
        place = known[link]
        groups[place.content] += visitors
        groups[place.people] += visitors
    lists: dict[int, list[Iterable[int]]] = defaultdict(list)
    every = places.every
    for group, visitors in groups.items():
        for number in group.ids:
            lists[number].append(visitors)
    counts: dict[int, int] = defaultdict(int)
    networks: dict[int, list[Iterable[int]]] = defaultdict(list)
    for number, found in lists.items():
        different = set().union(*found)
        counts[number] = len(different)
        networks[every[number]].append(different)
    for number, found in networks.items():
        counts[number] = len(set().union(*found))
    singles: dict[Group, int] = defaultdict(int)
    for link, times in alone.items():
        place = known[link]
        singles[place.content] += times
        singles[place.people] += times
    by_one: dict[int, int] = defaultdict(int)
    for group, times in singles.items():
        for number in group.ids:
            by_one[number] += times
    for number, times in by_one.items():
        counts[number] += times
        counts[every[number]] += times
    cuts = places.cuts
    return {
        (program, dimension, day, key, network): times
        for (program, dimension, key, network), times in ((cuts[number], times) for number, times in counts.items())
    }


def _by_link(day_on: date) -> tuple[dict[int, int], dict[int, list[int]]]:
    """Give for each link how many of its visitors came by no other one that day, and the others one by one."""
    alone: dict[int, int] = defaultdict(int)
    together: dict[int, list[int]] = defaultdict(list)
    last = last_link = count = 0
    for visitor, link in chain.from_iterable(_rows(_PAIRS, day_on)):
        if visitor == last:
            if count == 1:
                together[last_link].append(last)
            together[link].append(visitor)
            count += 1
            continue
        if count == 1:
            alone[last_link] += 1
        last, last_link, count = visitor, link, 1
    if count == 1:
        alone[last_link] += 1
    return alone, together


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
            cursor.execute(sql.format(mark), between)
            while rows := cursor.fetchmany(_ROWS):
                yield rows
        finally:
            cursor.close()

"""Counts the distinct visitors of a day for every key: on each network, and through all of them.

The day's salt makes one visitor one key on all links, so they can be told apart within the day, and only there.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import chain
from typing import Any, Final

from django.db import connection, transaction

from vocero.tracking import store
from vocero.tracking.columns import number_of_day
from vocero.tracking.counts import StatKey, week_of
from vocero.tracking.keys import EVERY, POST, Group, Key, Place, Places
from vocero.tracking.models import VisitorCount
from vocero.tracking.visitors import first_visitor_of

_ROWS: Final = 20_000

_PAIRS: Final = """
    SELECT visitor, link_id FROM tracking_click WHERE verdict = 'valid' AND visitor >= {0} AND visitor < {0}
    ORDER BY visitor"""


class Again:
    """How often visitors came again that day under keys under which they had come before.

    By the bits that places have in common: those of their content, and those of their people; and by post, as a program
    and a key.
    """

    __slots__ = ("about", "of", "posts")

    def __init__(self) -> None:
        self.about: dict[int, int] = defaultdict(int)
        self.of: dict[int, int] = defaultdict(int)
        self.posts: dict[tuple[int, str], int] = defaultdict(int)


def count_unique(day_on: date, places: Places) -> tuple[Counter[int], dict[StatKey, int]]:
    """Count the unique clicks of a day by link, and its visitors by key, in one pass in the order of visitors.

    A key has as many visitors as unique clicks, less one for each time that a visitor came again under it. So those who
    come by one link, which most do, are only counted, and of the others what their places have in common.
    """
    links: Counter[int] = Counter()
    again: dict[str, Again] = defaultdict(Again)
    _find_again(chain.from_iterable(_with_places(day_on, places, links)), again)
    day = number_of_day(day_on)
    visitors = _times_by_key(day, links, places)
    for network, found in again.items():
        for key, times in _by_key(found, places):
            program, dimension, name = key
            visitors[program, dimension, day, name, network] -= times
    return links, visitors


def _with_places(day_on: date, places: Places, links: Counter[int]) -> Iterator[Iterable[tuple[int, Place]]]:
    """Give the unique clicks of a day as visitor and place, some at a time; counts them by link."""
    for rows in _rows(_PAIRS, day_on):
        visitors, found = zip(*rows, strict=True)
        links.update(found)
        yield zip(visitors, map(places.of(found).__getitem__, found), strict=True)


def _find_again(clicks: Iterable[tuple[int, Place]], again: dict[str, Again]) -> None:
    """Note, by network and through all of them, under which keys visitors came again."""
    every = again[EVERY]
    last = -1
    run: list[Place] = []
    for visitor, place in clicks:
        if visitor == last:
            run.append(place)
            continue
        if len(run) == 2:
            _note_two(run[0], run[1], every, again)
        elif len(run) > 2:
            _note_many(run, again)
        last, run = visitor, [place]
    if len(run) > 1:
        _note_many(run, again)


def _note_two(one: Place, other: Place, every: Again, again: dict[str, Again]) -> None:
    """Note what a visitor did again who came by two places: the same as for many, which it often is, in less time."""
    _, _, program, network, _, _, post, about, of = one
    _, _, other_program, other_network, _, _, other_post, other_about, other_of = other
    about &= other_about
    of &= other_of
    is_same_post = post == other_post and program == other_program
    every.about[about] += 1
    every.of[of] += 1
    if is_same_post:
        every.posts[program, post] += 1
    if network == other_network:
        on = again[network]
        on.about[about] += 1
        on.of[of] += 1
        if is_same_post:
            on.posts[program, post] += 1


def _note_many(run: list[Place], again: dict[str, Again]) -> None:
    """Note what one visitor did again, who came by all these places."""
    seen: dict[str, tuple[int, int]] = {}
    posts: set[tuple[str, int, str]] = set()
    for _, _, program, network, _, _, post, about, of in run:
        for name in (EVERY, network):
            found = again[name]
            about_before, of_before = seen.get(name, (0, 0))
            found.about[about_before & about] += 1
            found.of[of_before & of] += 1
            seen[name] = about_before | about, of_before | of
            known = (name, program, post)
            if known in posts:
                found.posts[program, post] += 1
            posts.add(known)


def _times_by_key(day: int, links: Counter[int], places: Places) -> dict[StatKey, int]:
    """Give the unique clicks by key, on each network and through all of them."""
    known = places.of(links)
    groups: dict[Group, int] = defaultdict(int)
    for link, times in links.items():
        place = known[link]
        groups[place.content] += times
        groups[place.people] += times
    numbers: dict[int, int] = defaultdict(int)
    for group, times in groups.items():
        for number in group.ids:
            numbers[number] += times
    found: dict[StatKey, int] = defaultdict(int)
    for number, times in numbers.items():
        program, dimension, key, network = places.cuts[number]
        found[program, dimension, day, key, network] += times
        found[program, dimension, day, key, EVERY] += times
    return found


def _by_key(again: Again, places: Places) -> Iterator[tuple[Key, int]]:
    """Spell out bits: give the keys that they stand for, and how often."""
    for masks, numbers in ((again.about, places.about), (again.of, places.of_people)):
        keys = list(numbers)
        for mask, times in masks.items():
            left = mask
            while left:
                lowest = left & -left
                yield keys[lowest.bit_length() - 1], times
                left ^= lowest
    for (program, post), times in again.posts.items():
        yield (program, POST, post), times


def count_visitors(day_on: date, places: Places | None = None) -> None:
    """Count the visitors of a day and write down what is new. The counting itself holds nobody up."""
    total = unique_clicks(day_on)
    _links, found = count_unique(day_on, places or Places())
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

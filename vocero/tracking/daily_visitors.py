"""Counts the distinct visitors of a day for every key: on each network, and through all of them.

The day's salt makes one visitor one key on all links, so they can be told apart within the day, and only there.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Any, Final

from django.db import connection, transaction

from vocero.tracking import store
from vocero.tracking.columns import number_of_day
from vocero.tracking.counts import StatKey, week_of
from vocero.tracking.keys import EVERY, Cut, Group, Place, Places
from vocero.tracking.models import VisitorCount
from vocero.tracking.visitors import first_visitor_of

_ROWS: Final = 20_000

_PAIRS: Final = """
    SELECT visitor, link_id FROM tracking_click WHERE verdict = 'valid' AND visitor >= {0} AND visitor < {0}
    ORDER BY visitor"""


class Again:
    """How often visitors came again that day under keys under which they had come before.

    By the bits that places have in common: those of their content, and those of their people; and by the cut of a post.
    """

    __slots__ = ("about", "of", "posts")

    def __init__(self) -> None:
        self.about: dict[int, int] = defaultdict(int)
        self.of: dict[int, int] = defaultdict(int)
        self.posts: dict[int, int] = defaultdict(int)


def count_unique(day_on: date, places: Places) -> tuple[Counter[int], dict[StatKey, int]]:
    """Count the unique clicks of a day by link, and its visitors by key, in one pass in the order of visitors.

    A key has as many visitors as unique clicks, less one for each time that a visitor came again under it. So those who
    come by one link, which most do, are only counted, and of the others what their places have in common.
    """
    links: Counter[int] = Counter()
    again = Again()
    last, run = -1, list[int]()
    for rows in _rows(_PAIRS, day_on):
        found = [link for _visitor, link in rows]
        links.update(found)
        last, run = _find_again(rows, places.of(found + run), (last, run), again)
    if len(run) > 1:
        known = places.of(run)
        _note([known[link] for link in run], again)
    day = number_of_day(day_on)
    visitors = _times_by_key(day, links, places)
    for (program, dimension, name, network), times in _by_cut(again, places):
        visitors[program, dimension, day, name, network] -= times
    return links, visitors


def _find_again(
    rows: Iterable[tuple[int, int]], known: Mapping[int, Place], begun: tuple[int, list[int]], again: Again
) -> tuple[int, list[int]]:
    """Note under which keys visitors came again; gives the last visitor with the links so far, who may go on."""
    last, run = begun
    for visitor, link in rows:
        if visitor == last:
            run.append(link)
            continue
        if len(run) > 1:
            _note([known[one] for one in run], again)
        last, run = visitor, [link]
    return last, run


def _note(run: list[Place], again: Again) -> None:
    """Note what one visitor did again, who came by all these places."""
    about, of = again.about, again.of
    _, _, _, _, _, _, post, post_on, about_before, of_before = run[0]
    if len(run) == 2:
        _, _, _, _, _, _, other, other_on, about_now, of_now = run[1]
        about[about_before & about_now] += 1
        of[of_before & of_now] += 1
        if post == other:
            again.posts[post] += 1
            if post_on == other_on:
                again.posts[post_on] += 1
        return
    posts = {post}
    for _, _, _, _, _, _, post, _, about_now, of_now in run[1:]:
        about[about_before & about_now] += 1
        about_before |= about_now
        of[of_before & of_now] += 1
        of_before |= of_now
        posts.add(post)
    if len(posts) < len(run):
        for names in ([place.post for place in run], [place.post_on for place in run]):
            for name, times in Counter(names).items():
                if times > 1:
                    again.posts[name] += times - 1


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


def _by_cut(again: Again, places: Places) -> Iterator[tuple[Cut, int]]:
    """Spell out bits: give the cuts that they stand for, and how often."""
    for masks, numbers in ((again.about, places.about), (again.of, places.of_people)):
        cuts = list(numbers)
        for mask, times in masks.items():
            left = mask
            while left:
                lowest = left & -left
                yield cuts[lowest.bit_length() - 1], times
                left ^= lowest
    for number, times in again.posts.items():
        yield places.cuts[number], times


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

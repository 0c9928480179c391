"""The roll-ups of clicks: added to as clicks come, made again from clicks, compared with clicks."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from operator import sub
from typing import Any, Final, NamedTuple

from django.db import connection, transaction
from django.db.models import Sum

from vocero.company.models import Program
from vocero.lib.periods import days_between
from vocero.tracking import counts, daily_visitors, store
from vocero.tracking.columns import day_of_number, number_of_day
from vocero.tracking.counts import Counts, pair
from vocero.tracking.keys import NETWORK, Places
from vocero.tracking.models import DIMENSIONS, Click, ClickStat, ShareTotal, VisitorCount
from vocero.tracking.store import Table

type Key = tuple[Any, ...]
type Rows = dict[Key, tuple[int, ...]]

_TRIES: Final = 3
NEVER: Final = ShareTotal.NEVER


class Difference(NamedTuple):
    """A row that is not what the clicks say: its table, and its key in words."""

    table: str
    key: tuple[str, ...]


class _Sum(NamedTuple):
    """A table whose rows are sums of another one's days: which, and the number of its first day by that of a day."""

    table: Table
    days: Table
    begin: Callable[[int], int]


_WEEKS: Final = _Sum(store.WEEKS, store.STATS, counts.week_of)
_MONTHS: Final = _Sum(store.MEMBER_MONTHS, store.MEMBER_DAYS, counts.month_of)


def add(found: Counts) -> None:
    """Add counts to all roll-ups. Tables and keys always come in the same order, so that two nodes never wait in a ring."""
    store.add(
        store.REQUESTS, [(*key, *counts.requests_row(verdicts)) for key, verdicts in sorted(found.requests.items())]
    )
    if not found.shares:
        return
    days = counts.rows_of_stats(found)
    store.add(store.STATS, days)
    store.add(store.WEEKS, counts.rows_of_weeks(days))
    store.add(store.SHARE_DAYS, counts.rows_of_shares(found))
    store.add(store.SHARE_TOTALS, counts.rows_of_totals(found))
    store.add(store.MEMBER_DAYS, counts.rows_of_members(found.members))
    store.add(store.MEMBER_MONTHS, counts.rows_of_members(counts.by_month(found.members)))


def count_visitors(day_on: date) -> None:
    """Count the distinct visitors of a day for every key."""
    daily_visitors.count_visitors(day_on)


def days_to_count(days: Iterable[date] | None = None) -> list[date]:
    """Give the days (of these, or of all) whose unique clicks are not what they were when visitors were counted last."""
    counted = dict(VisitorCount.objects.values_list("day_on", "unique_clicks"))
    totals = ClickStat.objects.filter(program__in=_programs(), dimension="all")
    if days is not None:
        totals = totals.filter(day_on__in=list(days))
    rows = totals.values("day_on").annotate(total=Sum("unique")).order_by("day_on")
    return [row["day_on"] for row in rows if row["total"] != counted.get(row["day_on"], 0)]


def count_day(day_on: date, places: Places) -> tuple[Counts, dict[Key, int]]:
    """Count the clicks of a day anew, and its visitors by key. First clicks of shares are not looked for."""
    links, visitors = daily_visitors.count_unique(day_on, places)
    # Grouped here: the database would sort them.
    times = Counter(
        store.ask(
            f"SELECT link_id, verdict FROM tracking_click WHERE {_of_day(day_on)} AND verdict <> 'valid'",  # noqa: S608
            [],
        )
    )
    others = [(link, verdict, many) for (link, verdict), many in times.items()]
    known = places.of(links.keys() | {row[0] for row in others})
    return counts.count_grouped(number_of_day(day_on), links, others, known, places.cuts), visitors


def _find_first(found: Counts, day_on: date, places: Places) -> None:
    """Find the first clicks of the shares that were clicked on a day: only what changes totals asks for them."""
    begin, end = Click.visitors_of(day_on)
    # Unique ones by visitor alone, so that their index answers; the click before it may have been stored as a repeat.
    for where in (
        f"visitor >= {begin} AND visitor < {end} AND verdict = 'valid'",
        f"{_of_day(day_on)} AND verdict = 'repeat'",
    ):
        first = dict(store.ask(f"SELECT link_id, MIN(id) FROM tracking_click WHERE {where} GROUP BY link_id", []))  # noqa: S608
        counts.note_first(found, first, places.of(first))


def _of_day(day_on: date) -> str:
    first, last = Click.ids_of(day_on)
    begin, end = Click.visitors_of(day_on)
    return f"id >= {first} AND id < {last} AND visitor >= {begin} AND visitor < {end}"


def rebuild_day(day_on: date, places: Places | None = None) -> None:
    """Make the click roll-ups of a day again from its clicks. Only rows that differ are written; the others stay.

    The clicks are counted without holding anybody up; when some came in meanwhile, they are counted again.
    """
    places = places or Places()
    for left in reversed(range(_TRIES)):
        before = _requests_on(day_on)
        if left:
            found, visitors = _count_to_write(day_on, places)
        with transaction.atomic():
            _hold(day_on)
            if not left:
                found, visitors = _count_to_write(day_on, places)
            elif _requests_on(day_on) != before:
                continue
            _write_day(day_on, found, visitors, places)
            return


def _count_to_write(day_on: date, places: Places) -> tuple[Counts, dict[Key, int]]:
    """Count a day, and find first clicks if it is plain that totals are going to change."""
    found, visitors = count_day(day_on, places)
    there = store.ask(
        f'SELECT COUNT(*), SUM(valid), SUM("unique") FROM tracking_shareday WHERE day_on = {number_of_day(day_on)}',  # noqa: S608
        [],
    )
    shares = found.shares.get(number_of_day(day_on), {})
    if [int(value or 0) for value in there[0]] != [len(shares), *pair(sum(shares.values()))]:
        _find_first(found, day_on, places)
    return found, visitors


def _write_day(day_on: date, found: Counts, visitors: Mapping[Key, int], places: Places) -> None:
    day = number_of_day(day_on)
    for table, rows in _tables_of_day(found, visitors).items():
        changes = _replace(table, store.rows_of_day(table, day), rows)
        if table is store.STATS:
            _shift(_WEEKS, day, changes)
        elif table is store.MEMBER_DAYS:
            _shift(_MONTHS, day, changes)
        elif table is store.SHARE_DAYS and changes:
            if not found.first:
                _find_first(found, day_on, places)
            totals = [(share, found.first.get(share, NEVER), *change) for (_day, share), change in changes.items()]
            store.add(store.SHARE_TOTALS, totals)
            store.drop_empty(store.SHARE_TOTALS, [row[:1] for row in totals if row[2] < 0])
    daily_visitors.note_count(day_on, sum(packed & 0xFFFFFFFF for key, packed in found.stats.items() if key[1] == 0))


def rebuild(first_on: date, last_on: date, *, tell: Callable[[date], None] = lambda _day: None) -> None:
    """Make the click roll-ups of days again, each in a transaction of its own; then mend what is summed up from days.

    `tell` is called after each day. Days that are right already are only counted, so going on after an end is cheap.
    """
    places = Places()
    for day in days_between(first_on, last_on):
        rebuild_day(day, places)
        tell(day)
    mend_sums(first_on, last_on)


def differences(day_on: date, places: Places | None = None) -> list[Difference]:
    """Give the rows of a day whose counts are not what its clicks say; an empty list means: they agree.

    Visitors that are still to be counted are counted first: nothing else is written, and nobody waits.
    """
    places = places or Places()
    if day_on in days_to_count([day_on]):
        count_visitors(day_on)
    for _try in range(_TRIES):
        before = _requests_on(day_on)
        expected = _tables_of_day(*count_day(day_on, places))
        stored = {table: store.rows_of_day(table, number_of_day(day_on)) for table in expected}
        if before == _requests_on(day_on):
            break
    return [
        _in_words(table, key)
        for table, rows in expected.items()
        for key in sorted(rows.keys() | stored[table].keys())
        if rows.get(key) != stored[table].get(key)
    ]


def _tables_of_day(found: Counts, visitors: Mapping[Key, int]) -> dict[Table, Rows]:
    """Give all rows of a day by table, in the order in which tables are written."""
    stats: Rows = {
        key: (*pair(found.stats.get(key, 0)), visitors.get(key, 0)) for key in found.stats.keys() | visitors.keys()
    }
    return {
        store.REQUESTS: {key: counts.requests_row(verdicts) for key, verdicts in found.requests.items()},
        store.STATS: stats,
        store.SHARE_DAYS: {row[:2]: row[2:] for row in counts.rows_of_shares(found)},
        store.MEMBER_DAYS: {row[:3]: row[3:] for row in counts.rows_of_members(found.members)},
    }


def _replace(table: Table, stored: Rows, rows: Rows) -> Rows:
    """Bring stored rows to what they should be; gives by how much each has changed, in the order of keys."""
    if rows == stored:
        return {}
    nothing = (0,) * len(table.counts)
    differ = [key for key, row in rows.items() if stored.get(key) != row]
    gone = [key for key in stored if key not in rows]
    changes = {}
    for key in sorted(differ + gone):
        old, new = stored.get(key), rows.get(key, nothing)
        changes[key] = new if old is None else tuple(map(sub, new, old))
    store.put(table, [(*key, *rows.get(key, nothing)) for key in changes])
    store.drop_empty(table, gone)
    return changes


def _shift(into: _Sum, day: int, changes: Rows) -> None:
    """Let sums follow what has changed in one of their days."""
    place, begin = list(into.days.key).index("day_on"), into.begin(day)
    keys = [(*key[:place], begin, *key[place + 1 :]) for key in changes]
    store.add(into.table, [(*key, *change) for key, change in zip(keys, changes.values(), strict=True)])
    less = [key for key, change in zip(keys, changes.values(), strict=True) if min(change) < 0]
    store.drop_empty(into.table, less)


def mend_sums(first_on: date, last_on: date) -> list[Difference]:
    """Bring weeks, months and totals to the sums of their days where they are not; gives which were not.

    Weeks and months are those that these days lie in. Totals are looked at one by one only when all together are wrong.
    """
    of = (number_of_day(first_on), number_of_day(last_on))
    if not (wrong := [_in_words(table, key) for table, key, _change in _wrong_sums(of)]):
        return []
    with transaction.atomic():
        _hold_all()
        for table, key, change in _wrong_sums(of):
            row = (*key, NEVER, *change) if table.least else (*key, *change)
            store.add(table, [row])
            store.drop_empty(table, [key])
        _find_first_clicks()
    return wrong


def _find_first_clicks() -> None:
    """Find the first clicks of shares whose total had to be made without one, as far as the clicks are still there."""
    found = store.ask(
        "SELECT t.share_id, MIN(c.id) FROM tracking_sharetotal t JOIN sharing_link l ON l.share_id = t.share_id"  # noqa: S608
        f" JOIN tracking_click c ON c.link_id = l.id WHERE t.first_click_id = {NEVER}"
        " AND c.verdict IN ('valid', 'repeat') GROUP BY t.share_id",
        [],
    )
    store.add(store.SHARE_TOTALS, [(share, first, 0, 0) for share, first in sorted(found)])


def wrong_sums() -> list[Difference]:
    """Give the weeks, months and totals that are not the sums of their days."""
    return [_in_words(table, key) for table, key, _change in _wrong_sums()]


def _wrong_sums(of: tuple[int, int] | None = None) -> list[tuple[Table, Key, tuple[int, ...]]]:
    wrong: list[tuple[Table, Key, tuple[int, ...]]] = []
    for sums, days, begin in (
        (store.WEEKS, store.STATS, counts.week_of),
        (store.MEMBER_MONTHS, store.MEMBER_DAYS, counts.month_of),
        (store.SHARE_TOTALS, store.SHARE_DAYS, None),
    ):
        stretch = None
        if of and begin:
            stretch = begin(of[0]), of[1] + (7 if begin is counts.week_of else 31)
            stretch = stretch[0], begin(stretch[1])
        elif of and _sum_of(sums) == _sum_of(days):
            continue
        wrong += _compare(sums, days, stretch)
    return wrong


def _sum_of(table: Table) -> Sequence[int]:
    found = store.ask(f'SELECT COUNT(*), SUM(valid), SUM("unique") FROM {table.name}', [])  # noqa: S608
    return [int(value or 0) for value in found[0][1:]]


def _compare(sums: Table, days: Table, stretch: tuple[int, int] | None) -> list[tuple[Table, Key, tuple[int, ...]]]:
    """Give the sums that are not those of their days, and what they lack; of a stretch of days, or of all."""
    begin = _WEEK if sums is store.WEEKS else _MONTH[connection.vendor]
    names, counted = ", ".join(sums.key), sums.counts
    columns = ", ".join(f"{begin if name in _BEGINS else name} AS {name}" for name in sums.key)
    kept = [name for name in sums.key if name in _BEGINS]
    in_days, in_sums = "", ""
    if stretch:
        in_days, in_sums = (f" WHERE {name} >= {stretch[0]} AND {name} < {stretch[1]}" for name in ("day_on", kept[0]))
    plus, minus = (", ".join(f'{sign}"{name}" AS "{name}"' for name in counted) for sign in ("", "-"))
    lacks = ", ".join(f'SUM("{name}")' for name in counted)
    differ = " OR ".join(f'SUM("{name}") <> 0' for name in counted)
    # One pass through both, sums against their days: a join of all of both takes SQLite minutes.
    sql = (
        f"SELECT {names}, {lacks} FROM"  # noqa: S608
        f" (SELECT {columns}, {plus}, 0 AS side FROM {days.name}{in_days}"
        f" UNION ALL SELECT {names}, {minus}, 1 AS side FROM {sums.name}{in_sums}) both_sides"
        f" GROUP BY {names} HAVING {differ} OR MIN(side) <> 0 OR MAX(side) <> 1"
    )
    width = len(sums.key)
    return [(sums, tuple(row[:width]), tuple(map(int, row[width:]))) for row in store.ask(sql, [])]


_BEGINS: Final = ("week_on", "month_on")
_WEEK: Final = "(day_on - (day_on + 2) % 7)"
_MONTH: Final = {
    "sqlite": "CAST(julianday(date('2020-01-01', day_on || ' days', 'start of month')) - julianday('2020-01-01') AS integer)",
    "postgresql": "(date_trunc('month', DATE '2020-01-01' + day_on)::date - DATE '2020-01-01')::smallint",
}


def _in_words(table: Table, key: Key) -> Difference:
    words: list[str] = []
    for column, value in zip(table.key, key, strict=True):
        if column == "dimension":
            words.append(DIMENSIONS[value])
        elif column == "network":
            words.append(NETWORK.widen(value))
        else:
            words.append(day_of_number(value).isoformat() if column.endswith("_on") else str(value))
    return Difference(table.name.removeprefix("tracking_"), tuple(words))


def _requests_on(day_on: date) -> int:
    """Give how many requests of a day are counted: more than before means that clicks came in."""
    sql = f"SELECT SUM(raw) FROM tracking_requeststat WHERE day_on = {number_of_day(day_on)}"  # noqa: S608
    return int(store.ask(sql, [])[0][0] or 0)


def _hold(day_on: date) -> None:
    """Keep other nodes from adding to the roll-ups until this transaction ends; SQLite has one writer anyway."""
    _hold_all()
    daily_visitors.hold_day(day_on)


def _hold_all() -> None:
    if connection.vendor == "postgresql":
        store.ask("LOCK TABLE tracking_requeststat IN EXCLUSIVE MODE", [])


def _programs() -> list[int]:
    """Give all programs: the roll-ups' key begins with one."""
    return list(Program.objects.values_list("pk", flat=True))

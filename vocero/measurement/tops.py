"""The first rows of a cut of content in a wished order: the database adds up by key, and what days before today hold stays
in memory for as long as everybody's totals of those days are the same."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from heapq import nlargest, nsmallest
from operator import add, itemgetter
from threading import Lock
from time import monotonic
from typing import Any, Final

from vocero.company.revisions import LONGEST_KEPT, Token
from vocero.measurement.alldays import AllDays
from vocero.measurement.dimensions import PEOPLE, Dimension
from vocero.measurement.models import ConversionStat, EngagementStat, ShareStat, ShareWeek
from vocero.measurement.plain import ask, between, marked
from vocero.measurement.queries import NotWithoutDisclosure, Row
from vocero.measurement.spans import Span
from vocero.measurement.weeks import split
from vocero.tracking.models import ClickStat, ClickWeek

FIGURES: Final = ("shares", "unique", "clicks", "engagement", "conversions", "value")
BEFORE: Final = "before"
"""Unique clicks of the stretch before: may be sorted by, and is no reason for a row."""
ORDERS: Final = frozenset({*FIGURES, BEFORE})
MOST_KEPT: Final = 8
"""So many cuts stay in a process's memory, the least used goes first; one of ten thousand posts takes about 3 MB."""
_COLUMNS: Final = (*FIGURES, BEFORE)
_CLICK_TABLES: Final[frozenset[Any]] = frozenset({ClickStat, ClickWeek})
_OTHER_TABLES: Final[frozenset[Any]] = frozenset({ShareStat, ShareWeek, EngagementStat, ConversionStat})
_CREDITED: Final = " AND state = 'credited' AND verified"
_SHARES: Final = {"shares": "published + measured + self_reported"}
_CLICKS: Final = {"clicks": "valid", "unique": '"unique"'}
_NOTHING: Final = (0,) * len(_COLUMNS)

type Sums = tuple[int, ...]
"""A number for each of _COLUMNS."""
type Days = tuple[date, date]


@dataclass(frozen=True, slots=True)
class Top:
    """The first rows in order, the unique clicks of the stretch before by key, and how many rows there are in all."""

    rows: tuple[Row, ...]
    before: dict[str, int]
    total: int


@dataclass(frozen=True, slots=True)
class _Cut:
    """What is asked for: a program's keys of a dimension over a stretch, if wished on one network only."""

    program: int
    dimension: Dimension
    span: Span
    currency: str
    network: str


def top(
    program: int,
    dimension: Dimension,
    span: Span,
    *,
    currency: str,
    order: str,
    most: int,
    network: str = "",
    days: AllDays | None = None,
    state: Token = None,
) -> Top:
    """Give at most `most` rows of a cut, in one query, if wished of one network only.

    `order` is one of FIGURES or BEFORE, with "-" for the largest first. With everybody's `days` of the stretch and the
    `state` of the company only what is new since they were the same is asked for. Raises NotWithoutDisclosure for a cut of
    people.
    """
    if dimension in PEOPLE:
        raise NotWithoutDisclosure(dimension)
    if order.lstrip("-") not in ORDERS:
        raise ValueError(f"nothing is sorted by {order}")
    cut = _Cut(program, dimension, span, _code(currency), network)
    if days is None or state is None:
        rows = _with_figures(_ask(cut, span.days, span.before().days))
    else:
        settled = _KEPT.give(cut, days, state)
        fresh = (max(span.first_on, days.today), span.last_on)
        rows = _together(settled, _ask(cut, fresh, None)) if fresh[0] <= fresh[1] else settled.shown
    first = _first(rows, order, most)
    return Top(
        tuple(Row(key, **dict(zip(FIGURES, row[:6], strict=True))) for key, row in first),
        {key: row[6] for key, row in first},
        len(rows),
    )


def _first(rows: Mapping[str, Sums], order: str, most: int) -> list[tuple[str, Sums]]:
    """Give the first rows in order; ties by unique clicks, then by shares, then by key."""
    at, is_descending = _COLUMNS.index(order.lstrip("-")), order.startswith("-")
    found = (nlargest if is_descending else nsmallest)(most, map(itemgetter(at), rows.values()))
    if not found:
        return []
    last, sign = found[-1], -1 if is_descending else 1
    tied = [(key, row) for key, row in rows.items() if (row[at] >= last if is_descending else row[at] <= last)]
    tied.sort(key=lambda one: (sign * one[1][at], -one[1][1], -one[1][0], one[0]))
    return tied[:most]


@dataclass(frozen=True, slots=True)
class _Settled:
    """What days before today hold: the keys with figures, and those that only had clicks in the stretch before."""

    shown: dict[str, Sums]
    rest: dict[str, Sums]


def _with_figures(sums: dict[str, Sums]) -> dict[str, Sums]:
    return {key: row for key, row in sums.items() if any(row[:6])}


def _together(settled: _Settled, fresh: Mapping[str, Sums]) -> dict[str, Sums]:
    rows = dict(settled.shown)
    for key, row in fresh.items():
        known = rows.pop(key, None) or settled.rest.get(key, _NOTHING)
        added = tuple(map(add, known, row))
        if any(added[:6]):
            rows[key] = added
    return rows


@dataclass(frozen=True, slots=True)
class _Piece:
    """What either clicks or the rest have in the days before today, since when, and the totals of everybody then."""

    sums: dict[str, Sums]
    at: float
    totals: object


class _Kept:
    """What cuts hold of the days before today, each for as long as the totals of those days are what they were."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: OrderedDict[tuple[_Cut, date, Token], tuple[tuple[_Piece, _Piece], _Settled]] = OrderedDict()

    def give(self, cut: _Cut, days: AllDays, state: Token) -> _Settled:
        """Give it from memory, or from the database: clicks, the rest or both, in a query each."""
        key, totals = (cut, days.today, state), days.settled()
        with self._lock:
            kept = self._found.get(key)
            if kept:
                self._found.move_to_end(key)
        known = kept[0] if kept else (None, None)
        clicks = _fit(known[0], totals[0]) or _read(cut, days.today, totals[0], _CLICK_TABLES)
        rest = _fit(known[1], totals[1]) or _read(cut, days.today, totals[1], _OTHER_TABLES)
        if kept and clicks is known[0] and rest is known[1]:
            return kept[1]
        sums = _added(clicks.sums, rest.sums)
        settled = _Settled(_with_figures(sums), {key: row for key, row in sums.items() if not any(row[:6])})
        with self._lock:
            self._found[key] = ((clicks, rest), settled)
            self._found.move_to_end(key)
            while len(self._found) > MOST_KEPT:
                self._found.popitem(last=False)
        return settled

    def forget(self) -> None:
        """Forget everything."""
        with self._lock:
            self._found.clear()


_KEPT: Final = _Kept()
forget: Final = _KEPT.forget
"""For measuring what it takes to read a cut for the first time."""


def _fit(piece: _Piece | None, totals: object) -> _Piece | None:
    """Give a piece as long as it is right."""
    return piece if piece and piece.totals == totals and monotonic() - piece.at < LONGEST_KEPT else None


def _read(cut: _Cut, today: date, totals: object, tables: frozenset[Any]) -> _Piece:
    last_on = min(cut.span.last_on, today - timedelta(days=1))
    return _Piece(_ask(cut, (cut.span.first_on, last_on), cut.span.before().days, tables), monotonic(), totals)


def _added(some: Mapping[str, Sums], others: Mapping[str, Sums]) -> dict[str, Sums]:
    return {
        key: tuple(map(add, some.get(key, _NOTHING), others.get(key, _NOTHING))) for key in some.keys() | others.keys()
    }


def _ask(cut: _Cut, now: Days, before: Days | None, tables: frozenset[Any] | None = None) -> dict[str, Sums]:
    """Add up what each key has in some days, and its unique clicks in the days before, of all or some tables; one query."""
    question = _Question(cut, tables)
    parts = list(question.parts(now, before))
    if not parts:
        return {}
    sums = ", ".join(f"SUM({name})" for name in _NAMES)
    found = ask(
        f"SELECT key, {sums} FROM ({' UNION ALL '.join(parts)}) parts GROUP BY key",  # noqa: S608  names of our tables
        question.values,
    )
    return {row[0]: tuple(map(int, row[1:])) for row in found}


_NAMES: Final = tuple(f"of_{name}" for name in _COLUMNS)


class _Question:
    """A cut as SQL: one query for each roll-up and stretch of it, whose rows lie together in the order of days."""

    def __init__(self, cut: _Cut, tables: frozenset[Any] | None) -> None:
        self._cut, self._tables, self.values = cut, tables, list[Any]()

    def parts(self, now: Days, before: Days | None) -> Iterator[str]:
        """Give the queries; `values` are theirs in this order."""
        money = f"CASE WHEN converted AND currency = '{self._cut.currency}' THEN amount ELSE 0 END"
        if now[0] <= now[1]:
            yield from self._in_days_and_weeks(ShareStat, ShareWeek, now, _SHARES)
            yield from self._in_days_and_weeks(ClickStat, ClickWeek, now, _CLICKS)
            yield from self._part(EngagementStat, now, {"engagement": "reactions + comments + reshares"})
            yield from self._part(ConversionStat, now, {"conversions": "count", "value": money}, more=_CREDITED)
        if before:
            yield from self._in_days_and_weeks(ClickStat, ClickWeek, before, {BEFORE: '"unique"'})

    def _in_days_and_weeks(self, days: Any, weeks: Any, stretch: Days, figures: Mapping[str, str]) -> Iterator[str]:
        edges, whole = split(*stretch)
        for edge in edges:
            yield from self._part(days, edge, figures)
        if whole:
            yield from self._part(weeks, whole, figures, day="week_on")

    def _part(
        self, table: Any, stretch: Days, figures: Mapping[str, str], *, day: str = "day_on", more: str = ""
    ) -> Iterator[str]:
        if self._tables is not None and table not in self._tables:
            return
        cut, values = self._cut, self.values
        sums = ", ".join(
            f"SUM({figures[column]}) AS {name}" if column in figures else f"0 AS {name}"
            for column, name in zip(_COLUMNS, _NAMES, strict=True)
        )
        program = marked(table, "program", cut.program, values)
        dimension = marked(table, "dimension", cut.dimension.value, values)
        lies = between(table, day, *stretch, values)
        network = f" AND network = {marked(table, 'network', cut.network, values)}" if cut.network else ""
        yield (
            f"SELECT key, {sums} FROM {table._meta.db_table}"  # noqa: S608  names of our tables
            f" WHERE program_id = {program} AND dimension = {dimension} AND {lies}{network}{more} GROUP BY key"
        )


def _code(currency: str) -> str:
    """Give the code of a currency if it is one: it stands in SQL."""
    if not (currency.isascii() and currency.isalpha()):
        raise ValueError(f"{currency!r} is no currency")
    return currency

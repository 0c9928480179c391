"""The first rows of a cut of content in a wished order: the database adds up, sorts and counts, and gives only those rows."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db import connections

from vocero.lib.periods import days_between
from vocero.lib.replica import alias
from vocero.measurement.dimensions import PEOPLE, Dimension
from vocero.measurement.models import ConversionStat, EngagementStat, ShareStat, ShareWeek
from vocero.measurement.queries import NotWithoutDisclosure, Row
from vocero.measurement.spans import Span
from vocero.measurement.weeks import split
from vocero.tracking.models import ClickStat, ClickWeek

FIGURES: Final = ("shares", "unique", "clicks", "engagement", "conversions", "value")
BEFORE: Final = "before"
"""Unique clicks of the stretch before: may be sorted by, and is no reason for a row."""
ORDERS: Final = frozenset({*FIGURES, BEFORE})
_CREDITED: Final = " AND state = 'credited' AND verified"
_SHARES: Final = {"shares": "published + measured + self_reported"}
_CLICKS: Final = {"clicks": "valid", "unique": '"unique"'}
_COLUMNS: Final = (*(f"{one}_0" for one in FIGURES), "unique_1")


@dataclass(frozen=True, slots=True)
class Top:
    """The first rows in order, the unique clicks of the stretch before by key, and how many rows there are in all."""

    rows: tuple[Row, ...]
    before: dict[str, int]
    total: int


def top(
    program: int, dimension: Dimension, span: Span, *, currency: str, order: str, most: int, network: str = ""
) -> Top:
    """Give at most `most` rows of a cut, in one query, if wished of one network only.

    `order` is one of FIGURES or BEFORE, with "-" for the largest first. Raises NotWithoutDisclosure for a cut of people.
    """
    if dimension in PEOPLE:
        raise NotWithoutDisclosure(dimension)
    column = order.lstrip("-")
    if column not in ORDERS:
        raise ValueError(f"nothing is sorted by {order}")
    parts, values = [], list[Any]()
    money = f"CASE WHEN converted AND currency = '{_code(currency)}' THEN amount ELSE 0 END"
    facts: tuple[tuple[Any, dict[str, str], str], ...] = (
        (ShareStat, _SHARES, ""),
        (ShareWeek, _SHARES, ""),
        (ClickStat, _CLICKS, ""),
        (ClickWeek, _CLICKS, ""),
        (EngagementStat, {"engagement": "reactions + comments + reshares"}, ""),
        (ConversionStat, {"conversions": "count", "value": money}, _CREDITED),
    )
    for table, figures, more in facts:
        facts_of = _Rows(table, program, dimension, network)
        spans = (span, span.before()) if "unique" in figures else (span,)
        parts.append(facts_of.sql(figures, more, spans))
        values += facts_of.values
    added = {name: f"COALESCE(SUM({name}_0), 0)" for name in FIGURES} | {BEFORE: "COALESCE(SUM(unique_1), 0)"}
    direction = "DESC" if order.startswith("-") else "ASC"
    with connections[alias()].cursor() as cursor:
        cursor.execute(
            f"SELECT key, {', '.join(added.values())}, COUNT(*) OVER () FROM ({' UNION ALL '.join(parts)}) facts"  # noqa: S608
            f" GROUP BY key HAVING {' OR '.join(f'{added[name]} <> 0' for name in FIGURES)}"
            f" ORDER BY {added[column]} {direction}, {added['unique']} DESC, {added['shares']} DESC, key LIMIT {int(most)}",
            values,
        )
        found = cursor.fetchall()
    rows = tuple(Row(row[0], **dict(zip(FIGURES, map(int, row[1:7]), strict=True))) for row in found)
    return Top(rows, {row[0]: int(row[7]) for row in found}, int(found[0][8]) if found else 0)


def _code(currency: str) -> str:
    """Give the code of a currency if it is one: it stands in SQL."""
    if not (currency.isascii() and currency.isalpha()):
        raise ValueError(f"{currency!r} is no currency")
    return currency


class _Rows:
    """The rows of one roll-up in a few stretches, as SQL: what each figure of them is, with 0 for those of others."""

    def __init__(self, table: Any, program: int, dimension: Dimension, network: str) -> None:
        self._table, self._network, self.values = table, network, list[Any]()
        self._day = "week_on" if table in (ShareWeek, ClickWeek) else "day_on"
        self._program, self._dimension = program, dimension.value

    def sql(self, figures: Mapping[str, str], more: str, spans: Sequence[Span]) -> str:
        """Give the query; `more` narrows it."""
        own = [self._ranges(span) for span in spans]
        columns = []
        for name in _COLUMNS:
            figure, at = name[:-2], int(name[-1])
            if figure in figures and at < len(own) and own[at]:
                columns.append(f"CASE WHEN {self._lies_in(own[at])} THEN {figures[figure]} ELSE 0 END AS {name}")
            else:
                columns.append(f"0 AS {name}")
        step = 7 if self._day == "week_on" else 1
        wanted = sorted({day for ranges in own for ends in ranges for day in days_between(*ends)[::step]})
        where = f"program_id = {int(self._program)} AND dimension = {self._value('dimension', self._dimension)}"
        # Each day by itself: the key has the day in its middle, and a database goes straight to each of a list of days.
        days = ", ".join(self._value(self._day, day) for day in wanted) or "NULL"
        network = f" AND network = {self._value('network', self._network)}" if self._network else ""
        return (
            f"SELECT key, {', '.join(columns)} FROM {self._table._meta.db_table}"  # noqa: S608  names of our tables
            f" WHERE {where} AND {self._day} IN ({days}){network}{more}"
        )

    def _ranges(self, span: Span) -> list[tuple[date, date]]:
        if self._table not in (ShareStat, ShareWeek, ClickStat, ClickWeek):
            return [span.days]
        edges, weeks = split(*span.days)
        if self._day == "day_on":
            return edges
        return [weeks] if weeks else []

    def _lies_in(self, ranges: Iterable[tuple[date, date]]) -> str:
        return " OR ".join(
            f"{self._day} BETWEEN {self._value(self._day, begin)} AND {self._value(self._day, end)}"
            for begin, end in ranges
        )

    def _value(self, column: str, value: Any) -> str:
        """Give the mark for a value, and keep the value as the column holds it."""
        field, connection = self._table._meta.get_field(column), connections[alias()]
        self.values.append(field.get_db_prep_value(field.get_prep_value(value), connection, prepared=True))
        return _CAST.get((connection.vendor, field.get_internal_type()), "%s")


_CAST: Final = {("postgresql", "DateField"): "%s::date"}

"""The first rows of a cut of content in a wished order: the database adds up, sorts and counts, and gives only those rows."""

from dataclasses import dataclass
from typing import Any, Final

from django.db import connections
from django.db.models import Q

from vocero.lib.replica import alias
from vocero.measurement.dimensions import PEOPLE, Dimension
from vocero.measurement.queries import FACTS, NotWithoutDisclosure, Row, per_span, pieces
from vocero.measurement.spans import Span

FIGURES: Final = ("shares", "unique", "clicks", "engagement", "conversions", "value")
BEFORE: Final = "before"
"""Unique clicks of the stretch before: may be sorted by, and is no reason for a row."""
ORDERS: Final = frozenset({*FIGURES, BEFORE})
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
    parts, values = [], []
    for table, sums, which in FACTS:
        sql, params = _sums(
            table, sums, which & Q(program=program, dimension=dimension.value), span, currency=currency, network=network
        )
        parts.append(sql)
        values += params
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


def _sums(
    table: Any, sums: dict[str, Any], which: Q, span: Span, *, currency: str, network: str
) -> tuple[str, list[Any]]:
    """Give the query of one roll-up, with 0 for the figures that stand in others."""
    spans = (span, span.before()) if "unique" in sums else (span,)
    stats, lies_in = pieces(table, spans)
    wanted = per_span(lies_in, sums, {"value": Q(converted=True, currency=currency)})
    wanted.pop("clicks_1", None)
    if network:
        which &= Q(network=network)
    found = stats.filter(which).order_by().values("key").annotate(**wanted)
    sql, params = found.query.get_compiler(alias()).as_sql()
    columns = ", ".join(f"{name if name in wanted else '0'} AS {name}" for name in _COLUMNS)
    return f"SELECT key, {columns} FROM ({sql}) part", list(params)  # noqa: S608

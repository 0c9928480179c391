"""The chart of an opened figure, drawn from the table behind it: by day or period where there are some, by network else."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vocero.lib.money import Money
from vocero.lib.periods import Period
from vocero.measurement.definitions import Definition, Unit
from vocero.measurement.details import Detail
from vocero.networks.queries import label_of
from vocero.web import charts
from vocero.web.manager.figures import day_label, period_label

UNITS: Final = {
    Unit.PEOPLE: gettext_lazy("people"),
    Unit.PER_CENT: gettext_lazy("people"),
    Unit.SHARES: gettext_lazy("shares"),
    Unit.CLICKS: gettext_lazy("clicks"),
    Unit.VISITORS: gettext_lazy("visitors"),
    Unit.REACTIONS: gettext_lazy("reactions"),
    Unit.CONVERSIONS: gettext_lazy("conversions"),
}
"""In which unit each chart is; that of a share of people is the people it is made of."""
PARTS: Final = {"shares", "engagement"}
"""Figures whose columns are parts that add up to them."""


def figure_chart(definition: Definition, detail: Detail, currency: str, days: Sequence[date]) -> charts.Chart | None:
    """Draw the table behind a figure; None where a drawing would say no more than the number does.

    Amounts are drawn for each of the `days`, in the company's currency only, and only those that count.
    """
    if detail.by_network:
        amounts = [(label_of(str(row)), _major(cells[-1][0], currency)) for row, cells in detail.rows]
        priced = [(label, amount) for label, amount in amounts if amount]
        return charts.ranked(definition.name, currency, priced) if priced else None
    if definition.unit is Unit.MONEY:
        return _of_amounts(definition, detail, currency, days)
    if len(detail.rows) < 2:
        return None
    rows = list(reversed(detail.rows))
    series = [
        charts.Series(name, [_number(cells[place][0]) for _row, cells in rows])
        for place, name in enumerate(detail.head[1 : 1 + charts.MOST_SERIES])
    ]
    draw = charts.stacked if definition.code in PARTS else charts.bars
    return draw(definition.name, UNITS[definition.unit], [_label(row) for row, _cells in rows], series)


def _of_amounts(definition: Definition, detail: Detail, currency: str, days: Sequence[date]) -> charts.Chart | None:
    """Draw what conversions were worth by day; amounts that stand apart in the table are left out."""
    sums: dict[date, float] = defaultdict(float)
    for row, (_count, (amount, _unit), (kind, _no_unit)) in detail.rows:
        if isinstance(row, date) and kind == _("counted"):
            sums[row] += _major(amount, currency)
    if not sums:
        return None
    series = charts.Series(definition.name, [sums.get(day, 0.0) for day in days])
    return charts.bars(definition.name, currency, [day_label(day) for day in days], [series])


def _label(row: date | Period | str) -> str:
    if isinstance(row, date):
        return day_label(row)
    return period_label(row) if isinstance(row, Period) else row


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


def _major(value: Any, currency: str) -> float:
    return float(value.amount) if isinstance(value, Money) and value.currency == currency else 0.0

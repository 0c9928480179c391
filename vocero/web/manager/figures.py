"""Figures as the program team reads them: numbers, money and periods in words, KPIs as tiles."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Final

from django.urls import reverse
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from vocero.lib.money import Money, decimals
from vocero.lib.periods import Period, PeriodKind
from vocero.measurement.definitions import Text, Unit, Value
from vocero.measurement.kpis import Exclusion, Kpi, Part
from vocero.measurement.spans import Span
from vocero.web.figures import Difference, Figure

ICONS: Final[Mapping[str, str]] = {
    "invited": "mail",
    "joined": "user-plus",
    "active": "users",
    "participation": "users",
    "shares": "send",
    "clicks": "mouse-pointer-click",
    "unique_clicks": "mouse-pointer-click",
    "daily_visitors": "users",
    "engagement": "heart",
    "potential_reach": "megaphone",
    "plain_reach": "megaphone",
    "conversions": "target",
    "credited_value": "wallet",
    "emv": "chart-line",
}
FROM_HERE_IN_PER_CENT: Final = 20
"""Below this many, a change is said as a number: three after two is not "half as many again"."""


@dataclass(frozen=True, slots=True)
class Side:
    """A part of a figure, or something that is not in it, in words; `certainty` is blank for the latter."""

    name: Text
    value: str
    certainty: str = ""


def written(value: Value | None, unit: Unit | None = None, *, exactly: bool = False) -> str:
    """Write a value as the reader's language does; a gap is a dash. Money has its currency, and is whole from 100 on
    unless it is to be written `exactly`."""
    if value is None:
        return "–"
    if isinstance(value, Money):
        places = 0 if abs(value.amount) >= 100 and not exactly else decimals(value.currency)
        amount = number_format(round(value.amount, places), places, use_l10n=True, force_grouping=True)
        return f"{amount}\u00a0{value.currency}"
    if unit is Unit.PER_CENT:
        return f"{number_format(value, 0 if value == int(value) else 1, use_l10n=True)}\u00a0%"
    if isinstance(value, int):
        return _whole(value, get_language())
    return number_format(value, 0 if value == int(value) else 1, use_l10n=True, force_grouping=True)


@lru_cache(maxsize=5000)
def _whole(value: int, language: str | None) -> str:
    """Write a whole number as the active language does, which `language` is."""
    return number_format(value, 0, use_l10n=True, force_grouping=True)


def period_name(period: Period) -> str:
    """Give the name of a period: October 2026, the third quarter of 2026, or the days of a week."""
    if period.kind is PeriodKind.MONTH:
        return date_format(period.first_on, "YEAR_MONTH_FORMAT")
    if period.kind is PeriodKind.QUARTER:
        return _("Quarter %(number)s of %(year)s") % {
            "number": (period.first_on.month + 2) // 3,
            "year": period.first_on.year,
        }
    return _days(period, "DATE_FORMAT")


def span_name(span: Span) -> str:
    """Give the name of a stretch: the period, or the days of it that have passed."""
    return period_name(span.period) if span.is_whole else _days(span, "DATE_FORMAT")


def _days(span: Span | Period, form: str) -> str:
    """Give the days from the first to the last as they are said: what both have in common is said once."""
    last = date_format(span.last_on, form)
    if span.first_on == span.last_on:
        return last
    if (span.first_on.year, span.first_on.month) == (span.last_on.year, span.last_on.month):
        return f"{span.first_on.day}–{last}"
    same_year = span.first_on.year == span.last_on.year
    return f"{date_format(span.first_on, 'MONTH_DAY_FORMAT' if same_year else form)} – {last}"


def day_label(day: date) -> str:
    """Give a day as it stands below a chart: 4 Nov; months are small letters where the language writes them so."""
    return _day_label(day, get_language() or "en")


@lru_cache(maxsize=2000)
def _day_label(day: date, language: str) -> str:
    text = date_format(day, "j M")
    return text if language.startswith("en") else text.lower()


def period_label(period: Period) -> str:
    """Give a period as it stands below a chart, where four of them stand side by side on a phone: Nov 2026."""
    if period.kind is not PeriodKind.MONTH:
        return period_name(period)
    text = date_format(period.first_on, "M Y")
    return text if (get_language() or "en").startswith("en") else text.lower()


def _short_name(span: Span) -> str:
    """Give the name of a stretch as it fits a tile: without the year where the page says it."""
    by_days = span.period.kind is PeriodKind.WEEK or not span.is_whole
    return _days(span, "MONTH_DAY_FORMAT") if by_days else period_name(span.period)


def tile(kpi: Kpi, *, linked: bool = True) -> Figure:
    """Give the tile of a KPI; it leads to the page that opens it."""
    address = reverse("manager:results-figure", args=[kpi.code])
    url = f"{address}?period={kpi.span.period.key}" if linked else ""
    return Figure(
        label=kpi.definition.name,
        value=written(kpi.value, kpi.definition.unit),
        certainty=kpi.certainty.value,
        icon=ICONS[kpi.code],
        difference=difference(kpi),
        note=note(kpi),
        how=kpi.definition.formula,
        url=url,
    )


def difference(kpi: Kpi) -> Difference | None:
    """Give the change against the stretch before, named; None when there is nothing to say it against."""
    if kpi.value is None or kpi.previous is None:
        return None
    against = _("(%(period)s: %(value)s)") % {
        "period": _short_name(kpi.span.before()),
        "value": written(kpi.previous, kpi.definition.unit),
    }
    now, then = _plain(kpi.value), _plain(kpi.previous)
    if now == then:
        return Difference(_("the same"), against, "level")
    if _whole_per_cent(kpi) == 0 or (kpi.definition.unit is Unit.PER_CENT and not round(now - then, 1)):
        return Difference(_("almost the same"), against, "level")
    return Difference(_change(kpi, now - then), against, "up" if now > then else "down")


def _whole_per_cent(kpi: Kpi) -> int | None:
    """Give the change as it is written, unless it is written in percentage points or as a difference."""
    rate = kpi.change_rate
    if rate is None or kpi.definition.unit is Unit.PER_CENT or abs(_plain(kpi.previous)) < FROM_HERE_IN_PER_CENT:
        return None
    return abs(round(rate))


def _change(kpi: Kpi, difference: Decimal) -> str:
    sign = "+" if difference > 0 else "−"
    if kpi.definition.unit is Unit.PER_CENT:
        points = number_format(abs(difference), 1, use_l10n=True)
        return _("%(sign)s%(points)s percentage points") % {"sign": sign, "points": points}
    rate = _whole_per_cent(kpi)
    if rate is not None:
        return f"{sign}{number_format(rate, 0, use_l10n=True)}\u00a0%"
    size = abs(difference)
    if isinstance(kpi.value, Money):
        return f"{sign}{written(Money(int(size * 10 ** decimals(kpi.value.currency)), kpi.value.currency))}"
    return f"{sign}{written(int(size))}"


def note(kpi: Kpi) -> Text:
    """Say what stands in place of a change: why there is no figure, how far it may lie off, or nothing to compare with."""
    if kpi.value is None:
        return kpi.withheld
    if kpi.low is not None and kpi.high is not None and kpi.low != kpi.high:
        return _("between %(low)s and %(high)s") % {"low": written(kpi.low), "high": written(kpi.high)}
    return _("Nothing to compare with yet.") if kpi.is_first else no_comparison(kpi)


def no_comparison(kpi: Kpi) -> Text:
    """Say why a figure is not said against the stretch before."""
    if kpi.is_first:
        return _("The first period, so there is nothing to compare with yet.")
    if isinstance(kpi.value, Money):
        return _("Not compared: nothing of the period before has a price.")
    return kpi.uncompared or _("Not compared: too few people in the period before.")


def sides(parts: tuple[Part, ...]) -> list[Side]:
    """Give the parts of a figure in words."""
    return [Side(part.name, written(part.value), part.certainty.value) for part in parts]


def left_out(exclusions: tuple[Exclusion, ...]) -> list[Side]:
    """Give what is not in a figure in words; what cannot be counted has a dash."""
    return [Side(one.reason, written(one.amount)) for one in exclusions]


def _plain(value: Value | None) -> Decimal:
    if isinstance(value, Money):
        return value.amount
    return Decimal(value or 0)

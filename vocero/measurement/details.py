"""The table behind each figure: by day where days add up, by period where they do not, by network where prices differ."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from vocero.lib.money import MILLION, Money, decimals
from vocero.lib.periods import Period
from vocero.measurement import rates
from vocero.measurement.definitions import LEAST_PEOPLE, Text, Unit, Value
from vocero.measurement.models import ConversionStat, EngagementStat, Headcount, Participation, ShareStat
from vocero.measurement.queries import media_value_by_network
from vocero.measurement.spans import Span
from vocero.tracking.models import ClickStat, Conversion, RequestStat

PERIODS: Final = 6

type Cells = list[tuple[Value | str | None, Unit | None]]


@dataclass(frozen=True)
class Detail:
    """A table: what each column is, and rows that are a day, a period, a network's word or a name, with their cells."""

    head: tuple[Text, ...]
    rows: tuple[tuple[date | Period | str, Cells], ...]
    by_network: bool = False
    note: Text = ""


def detail_of(program: int, span: Span, code: str, *, currency: str) -> Detail:
    """Give the table behind a figure."""
    if code in _BY_DAY:
        return _by_day(program, span, code)
    if code in {"invited", "joined", "active", "participation"}:
        return _by_period(program, span)
    if code == "credited_value":
        return _value_by_day(program, span, currency)
    if code == "emv":
        return _by_network(program, span)
    return Detail(
        (), (), note=_("This figure has no table: it is a sum of what single people told, which is not shown.")
    )


def _by_day(program: int, span: Span, code: str) -> Detail:
    table, which, columns = _BY_DAY[code]
    only = Q() if table is RequestStat else Q(dimension="all")
    stats = table._default_manager.filter(which, only, program=program, day_on__range=span.days).order_by()
    sums = {f"sum_{place}": Sum(what) for place, (_name, what) in enumerate(columns)}
    rows = {row["day_on"]: row for row in stats.values("day_on").annotate(**sums)}
    return Detail(
        (_("Day"), *(name for name, _what in columns)),
        tuple(
            (day, [(rows[day][name] or 0 if day in rows else 0, None) for name in sums])
            for day in reversed(span.all_days())
        ),
    )


def _by_period(program: int, span: Span) -> Detail:
    """Give people by period, never by day; a period in which one to four were invited is left out: it would tell on them."""
    periods = [span.period]
    while len(periods) < PERIODS:
        periods.append(periods[-1].previous())
    heads = {row.day_on: row for row in Headcount.objects.filter(program=program, day_on__gte=periods[-1].first_on)}
    known = Participation.objects.filter(program=program, period_kind=span.period.kind.value)
    active = dict(known.values_list("first_on", "advocates"))
    rows: list[tuple[date | Period | str, Cells]] = []
    invited = 0
    for period in reversed(periods):
        days = [day for day in heads if day in period]
        head = heads[max(days)] if days else None
        if head is None or head.invited < LEAST_PEOPLE or 0 < abs(head.invited - invited) < LEAST_PEOPLE:
            continue
        invited = head.invited
        rows.append((period, [(head.invited, None), (head.joined, None), (active.get(period.first_on, 0), None)]))
    return Detail((_("Period"), _("Invited"), _("Joined"), _("Active")), tuple(reversed(rows)))


def _value_by_day(program: int, span: Span, currency: str) -> Detail:
    stats = ConversionStat.objects.filter(
        program=program, dimension="all", day_on__range=span.days, state=Conversion.State.CREDITED, verified=True
    ).order_by()
    rows: list[tuple[date | Period | str, Cells]] = []
    for row in (
        stats.values("day_on", "currency", "converted")
        .annotate(n=Sum("count"), sum=Sum("amount"))
        .order_by("-day_on", "currency")
    ):
        amount = Money(row["sum"], row["currency"]) if row["currency"] else None
        counted = _("counted") if row["converted"] and row["currency"] == currency else _("apart")
        rows.append((row["day_on"], [(row["n"], None), (amount, None), (str(counted) if amount else "", None)]))
    return Detail((_("Day"), _("Conversions"), _("Amount"), _("In the sum")), tuple(rows))


def _by_network(program: int, span: Span) -> Detail:
    known = rates.confirmed()
    rows: list[tuple[date | Period | str, Cells]] = []
    for network, value in sorted(media_value_by_network(program, span).items()):
        rate = rates.in_force(known, network, span.last_on)
        clicks = value.priced_clicks + sum(count for _network, count in value.unpriced)
        if not clicks:
            continue
        cost = Money(rate.base * 10 ** decimals(rate.currency) // MILLION, rate.currency) if rate else None
        amount = value.bands[0].base if value.bands else None
        told = cost or str(_("not priced"))
        rows.append((network, [(clicks, None), (told, None), (amount, None)]))
    return Detail(
        (_("Network"), _("Unique clicks"), _("Cost of a click now"), _("Would have cost")),
        tuple(rows),
        by_network=True,
        note=_("Where a rate changed within the period, each click has the rate of its day."),
    )


_BY_DAY: Final[dict[str, tuple[Any, Q, tuple[tuple[Text, Any], ...]]]] = {
    "shares": (
        ShareStat,
        Q(),
        (
            (_("Published by us"), F("published")),
            (_("Proved by a click"), F("measured")),
            (_("Told by the person"), F("self_reported")),
        ),
    ),
    "clicks": (RequestStat, Q(), ((_("Requests"), F("raw")), (_("Valid clicks"), F("valid")))),
    "unique_clicks": (ClickStat, Q(), ((_("Valid clicks"), F("valid")), (_("Unique clicks"), F("unique")))),
    "daily_visitors": (ClickStat, Q(network=ClickStat.EVERY_NETWORK), ((_("Visitors of the day"), F("visitors")),)),
    "engagement": (
        EngagementStat,
        Q(),
        ((_("Reactions"), F("reactions")), (_("Comments"), F("comments")), (_("Reshares"), F("reshares"))),
    ),
    "conversions": (
        ConversionStat,
        Q(state=Conversion.State.CREDITED, verified=True),
        ((_("Conversions"), F("count")),),
    ),
}

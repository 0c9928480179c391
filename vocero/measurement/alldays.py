"""The roll-ups of everybody together over a stretch and the one before, by day and network: each is read once for a page."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cached_property
from typing import Any

from vocero.measurement import queries, rates
from vocero.measurement.dimensions import Dimension
from vocero.measurement.models import ConversionStat, EngagementStat, Rate, ShareStat
from vocero.measurement.queries import Clicks, Conversions, Engagement, Row, Series, Shares
from vocero.measurement.rates import MediaValue
from vocero.measurement.spans import Span
from vocero.tracking.models import ClickStat, Conversion

type Day = tuple[Any, ...]
"""A row of a roll-up: its day, its network, and its figures."""


class AllDays:
    """What the roll-ups hold for everybody in the days of some stretches; a table is asked when it is first needed."""

    def __init__(self, program: int, *spans: Span) -> None:
        self.program, self.spans = program, spans

    @cached_property
    def rates(self) -> list[Rate]:
        """The confirmed rates of clicks."""
        return rates.confirmed()

    @cached_property
    def _shares(self) -> list[Day]:
        return self._read(ShareStat, "published", "measured", "self_reported", "personalized")

    @cached_property
    def _clicks(self) -> list[Day]:
        return self._read(ClickStat, "valid", "unique", "visitors")

    @cached_property
    def _engagement(self) -> list[Day]:
        return self._read(EngagementStat, "reactions", "comments", "reshares")

    @cached_property
    def _conversions(self) -> list[Day]:
        return self._read(ConversionStat, "state", "verified", "kind", "currency", "converted", "count", "amount")

    def _read(self, table: Any, *columns: str) -> list[Day]:
        days = (min(span.first_on for span in self.spans), max(span.last_on for span in self.spans))
        rows = table._default_manager.filter(program=self.program, dimension=Dimension.ALL.value, day_on__range=days)
        return list(rows.order_by().values_list("day_on", "network", *columns))

    def shares(self, span: Span) -> Shares:
        """Give the counted shares of a stretch."""
        return Shares(*_sums(self._shares, span, 4))

    def clicks(self) -> list[Clicks]:
        """Give the clicks of each stretch; daily visitors are added over days and never over networks."""
        found = []
        for span, requests in zip(self.spans, queries.requests(self.program, self.spans), strict=True):
            through_all = (row for row in self._clicks if row[1] == ClickStat.EVERY_NETWORK)
            unique, visitors = self.unique_clicks(span), _sums(through_all, span, 3)[2]
            excluded = tuple((reason, requests[reason]) for reason in queries.REASONS)
            found.append(Clicks(requests["raw"], requests["valid"], unique, visitors, excluded))
        return found

    def unique_clicks(self, span: Span) -> int:
        """Give the unique clicks of a stretch."""
        return _sums(self._clicks, span, 3)[1]

    def engagement(self, span: Span) -> Engagement:
        """Give what the networks' totals grew by in a stretch."""
        return Engagement(*_sums(self._engagement, span, 3))

    def conversions(self, span: Span, currency: str) -> Conversions:
        """Give the conversions of a stretch; `currency` is the company's."""
        names = ("state", "verified", "kind", "currency", "converted")
        rows = [
            (dict(zip(names, row[2:7], strict=True)), row[7], row[8]) for row in self._conversions if span.holds(row[0])
        ]
        return queries.conversions_of(rows, currency)

    def media_value(self, span: Span) -> MediaValue:
        """Give what the unique clicks of a stretch would have cost as ads."""
        begins = [span.first_on, *rates.changes(self.rates, *span.days)]
        counted: dict[tuple[str, date], int] = defaultdict(int)
        for day, network, _valid, unique, _visitors in self._clicks:
            if unique and span.holds(day):
                counted[network, begins[bisect_right(begins, day) - 1]] += unique
        return rates.media_value(counted, self.rates)

    def daily(self, span: Span) -> Series:
        """Give shares and unique clicks day by day."""
        days = tuple(span.all_days())
        shares: dict[date, int] = defaultdict(int)
        unique: dict[date, int] = defaultdict(int)
        for row in self._shares:
            shares[row[0]] += row[2] + row[3] + row[4]
        for row in self._clicks:
            unique[row[0]] += row[3]
        return Series(days, tuple(shares[day] for day in days), tuple(unique[day] for day in days))

    def by_network(self, span: Span, currency: str) -> dict[str, Row]:
        """Give the figures of a stretch by network."""
        found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for day, network, *counts in self._shares:
            if span.holds(day):
                found[network]["shares"] += sum(counts[:3])
        for day, network, valid, unique, _visitors in self._clicks:
            if span.holds(day):
                found[network]["clicks"] += valid
                found[network]["unique"] += unique
        for day, network, *counts in self._engagement:
            if span.holds(day):
                found[network]["engagement"] += sum(counts)
        for day, network, state, verified, _kind, unit, converted, count, amount in self._conversions:
            if span.holds(day) and verified and state == Conversion.State.CREDITED:
                found[network]["conversions"] += count
                found[network]["value"] += amount if converted and unit == currency else 0
        return {network: Row(network, **figures) for network, figures in found.items() if any(figures.values())}


def _sums(rows: Iterable[Day], span: Span, width: int) -> Sequence[int]:
    own = [row[2:] for row in rows if span.holds(row[0])]
    return list(map(sum, zip(*own, strict=True))) if own else [0] * width

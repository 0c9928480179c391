"""The roll-ups of everybody together over a stretch and the one before: each is read once for a page, and summed up by SQL."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final

from vocero.measurement import queries, rates
from vocero.measurement.dimensions import Dimension
from vocero.measurement.models import ConversionStat, EngagementStat, Rate, ShareStat
from vocero.measurement.plain import Reader, ask, between, marked
from vocero.measurement.queries import Clicks, Conversions, Engagement, Row, Series, Shares
from vocero.measurement.rates import MediaValue
from vocero.measurement.spans import Span
from vocero.tracking.models import ClickStat, Conversion

type Fact = tuple[Any, ...]
"""A row of a roll-up: its network, and its figures."""
type Days = tuple[date, date]
"""The first and the last of some days; there are none when the last comes first."""

_CONVERSION: Final = ("state", "verified", "kind", "currency", "converted")
_NEVER: Final = date.max


class AllDays:
    """What the roll-ups hold for everybody in some stretches without a day in common; a table is asked when first needed.

    Of days from `today` on it is known apart what they hold: they go on changing.
    """

    def __init__(self, program: int, *spans: Span, today: date = _NEVER) -> None:
        self.program, self.spans, self.today = program, spans, today

    @cached_property
    def rates(self) -> list[Rate]:
        """The confirmed rates of clicks."""
        return rates.confirmed()

    @cached_property
    def _shares(self) -> dict[date, list[Fact]]:
        return self._by_day(ShareStat, "published", "measured", "self_reported", "personalized")

    @cached_property
    def _clicks(self) -> dict[date, list[Fact]]:
        return self._by_day(ClickStat, "valid", "unique", "visitors")

    @cached_property
    def _engagement(self) -> list[Fact]:
        return self._by_span(EngagementStat, [], ["reactions", "comments", "reshares"])

    @cached_property
    def _conversions(self) -> list[Fact]:
        return self._by_span(ConversionStat, _CONVERSION, ["count", "amount"])

    def settled(self) -> tuple[object, object]:
        """Give what everybody's days before today hold, of clicks and of the rest: while it stays the same, so do their
        parts."""
        return (
            [(day, rows) for day, rows in self._clicks.items() if day < self.today],
            (
                [(day, rows) for day, rows in self._shares.items() if day < self.today],
                [row for row in self._engagement if not row[1]],
                [row for row in self._conversions if not row[1]],
            ),
        )

    def _by_day(self, table: Any, *columns: str) -> dict[date, list[Fact]]:
        """Give the rows of each day that has any, each with its network and these columns."""
        values: list[Any] = []
        begins, ends = min(span.first_on for span in self.spans), max(span.last_on for span in self.spans)
        where = self._where(table, begins, ends, values)
        day, network = Reader(table, "day_on"), Reader(table, "network")
        found: dict[date, list[Fact]] = defaultdict(list)
        names = ", ".join(f'"{column}"' for column in columns)
        for stored, through, *counts in ask(
            f"SELECT day_on, network, {names} FROM {table._meta.db_table} WHERE {where}",  # noqa: S608  names of our tables
            values,
        ):
            found[day[stored]].append((network[through], *counts))
        return found

    def _by_span(self, table: Any, keys: Sequence[str], columns: Sequence[str]) -> list[Fact]:
        """Give sums: the place of the stretch, whether of today on, the network, what they are by, and these columns."""
        values: list[Any] = []
        by = ", ".join(["network", *keys])
        sums = ", ".join(f'SUM("{column}")' for column in columns)
        # A query for each: grouped by the stretch in one, every row would be put in order by that as well.
        parts = [
            f"SELECT {place}, {is_fresh}, {by}, {sums} FROM {table._meta.db_table}"  # noqa: S608  names of our tables
            f" WHERE {self._where(table, begins, ends, values)} GROUP BY {by}"
            for place, span in enumerate(self.spans)
            for is_fresh, (begins, ends) in enumerate(self._settled_and_fresh(span))
            if begins <= ends
        ]
        own = 3 + len(keys)
        return sorted((*row[:own], *map(int, row[own:])) for row in ask(" UNION ALL ".join(parts), values))

    def _settled_and_fresh(self, span: Span) -> tuple[Days, Days]:
        yesterday = self.today - timedelta(days=1)
        return (span.first_on, min(span.last_on, yesterday)), (max(span.first_on, self.today), span.last_on)

    def _where(self, table: Any, begins: date, ends: date, values: list[Any]) -> str:
        program = marked(table, "program", self.program, values)
        dimension = marked(table, "dimension", Dimension.ALL.value, values)
        days = between(table, "day_on", begins, ends, values)
        return f"program_id = {program} AND dimension = {dimension} AND {days}"

    def shares(self, span: Span) -> Shares:
        """Give the counted shares of a stretch."""
        return Shares(*_sums((row[1:] for row in _of_days(self._shares, span)), 4))

    def clicks(self) -> list[Clicks]:
        """Give the clicks of each stretch; daily visitors are added over days and never over networks."""
        found = []
        for span, requests in zip(self.spans, queries.requests(self.program, self.spans), strict=True):
            rows = list(_of_days(self._clicks, span))
            visitors = sum(row[3] for row in rows if row[0] == ClickStat.EVERY_NETWORK)
            excluded = tuple((reason, requests[reason]) for reason in queries.REASONS)
            unique = sum(row[2] for row in rows)
            found.append(Clicks(requests["raw"], requests["valid"], unique, visitors, excluded))
        return found

    def unique_clicks(self, span: Span) -> int:
        """Give the unique clicks of a stretch."""
        return sum(row[2] for row in _of_days(self._clicks, span))

    def engagement(self, span: Span) -> Engagement:
        """Give what the networks' totals grew by in a stretch."""
        return Engagement(*_sums((row[3:] for row in self._of_span(self._engagement, span)), 3))

    def conversions(self, span: Span, currency: str) -> Conversions:
        """Give the conversions of a stretch; `currency` is the company's."""
        rows = [
            (dict(zip(_CONVERSION, row[3:8], strict=True)), row[8], row[9])
            for row in self._of_span(self._conversions, span)
        ]
        return queries.conversions_of(rows, currency)

    def media_value(self, span: Span) -> MediaValue:
        """Give what the unique clicks of a stretch would have cost as ads."""
        begins = [span.first_on, *rates.changes(self.rates, *span.days)]
        counted: dict[tuple[str, date], int] = defaultdict(int)
        for day, rows in self._clicks.items():
            if span.holds(day):
                began = begins[bisect_right(begins, day) - 1]
                for network, _valid, unique, _visitors in rows:
                    counted[network, began] += unique
        return rates.media_value({key: count for key, count in counted.items() if count}, self.rates)

    def daily(self, span: Span) -> Series:
        """Give shares and unique clicks day by day."""
        days = tuple(span.all_days())
        shares = tuple(sum(sum(row[1:4]) for row in self._shares.get(day, ())) for day in days)
        return Series(days, shares, tuple(sum(row[2] for row in self._clicks.get(day, ())) for day in days))

    def by_network(self, span: Span, currency: str) -> dict[str, Row]:
        """Give the figures of a stretch by network."""
        found: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        for network, *counts in _of_days(self._shares, span):
            found[network]["shares"] += sum(counts[:3])
        for network, valid, unique, _visitors in _of_days(self._clicks, span):
            found[network]["clicks"] += valid
            found[network]["unique"] += unique
        for _place, _is_fresh, network, *counts in self._of_span(self._engagement, span):
            found[network]["engagement"] += sum(counts)
        for row in self._of_span(self._conversions, span):
            network, (state, verified, _kind, unit, converted, count, amount) = row[2], row[3:]
            if verified and state == Conversion.State.CREDITED:
                found[network]["conversions"] += count
                found[network]["value"] += amount if converted and unit == currency else 0
        return {network: Row(network, **figures) for network, figures in found.items() if any(figures.values())}

    def _of_span(self, rows: Iterable[Fact], span: Span) -> Iterable[Fact]:
        place = self.spans.index(span)
        return (row for row in rows if row[0] == place)


def _of_days(days: dict[date, list[Fact]], span: Span) -> Iterable[Fact]:
    return (row for day, rows in days.items() if span.holds(day) for row in rows)


def _sums(rows: Iterable[Sequence[int]], width: int) -> Sequence[int]:
    own = list(rows)
    return list(map(sum, zip(*own, strict=True))) if own else [0] * width

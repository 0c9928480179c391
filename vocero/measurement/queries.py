"""Reads the roll-ups: totals of a stretch of days and the same by network, post, campaign, topic, origin or day."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.db.models import Case, Count, DateField, F, Q, QuerySet, Sum, Value, When

from vocero.lib.periods import days_between
from vocero.measurement import rates
from vocero.measurement.adoption import Adoption
from vocero.measurement.dimensions import PEOPLE, Dimension
from vocero.measurement.models import (
    AudienceTotal,
    ConversionStat,
    EngagementStat,
    Headcount,
    Rate,
    ShareStat,
    ShareWeek,
    SoFar,
)
from vocero.measurement.plain import ask, between, marked
from vocero.measurement.spans import Span
from vocero.measurement.weeks import split
from vocero.sharing.models import Share
from vocero.tracking.models import ClickStat, ClickWeek, Conversion, RequestStat

REASONS: Final = ("head", "preview", "bot", "prefetch", "no_agent", "own")
REQUESTS: Final = ("raw", "valid", *REASONS)
NETWORK: Final = "network"
"""Not a dimension of the roll-ups but a column of each: cut from `all`."""


class NotWithoutDisclosure(Exception):
    """A cut of people was asked for here; only `disclosure` may give it."""


@dataclass(frozen=True, slots=True)
class Shares:
    """Counted shares by how sure we are that they are out, and how many were made personal."""

    published: int = 0
    measured: int = 0
    self_reported: int = 0
    personalized: int = 0

    @property
    def total(self) -> int:
        """All of them together."""
        return self.published + self.measured + self.self_reported


@dataclass(frozen=True, slots=True)
class Clicks:
    """Clicks: raw requests, valid ones, unique ones, daily visitors, and what was left out by reason."""

    raw: int = 0
    valid: int = 0
    unique: int = 0
    visitors: int = 0
    excluded: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Engagement:
    """What the networks' totals grew by."""

    reactions: int = 0
    comments: int = 0
    reshares: int = 0

    @property
    def total(self) -> int:
        """All three together."""
        return self.reactions + self.comments + self.reshares


@dataclass(frozen=True, slots=True)
class Conversions:
    """Verified and credited conversions and their value in minor units; what is left out stands apart."""

    count: int = 0
    value: int = 0
    currency: str = ""
    by_kind: tuple[tuple[str, int], ...] = ()
    without_rate: tuple[tuple[str, int], ...] = ()
    unverified: int = 0
    not_credited: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one network, post, campaign, topic or origin."""

    key: str
    shares: int = 0
    clicks: int = 0
    unique: int = 0
    engagement: int = 0
    conversions: int = 0
    value: int = 0


@dataclass(frozen=True)
class Series:
    """Two figures day by day."""

    days: tuple[date, ...]
    shares: tuple[int, ...]
    unique: tuple[int, ...] = field(default=())


def requests(program: int, spans: Sequence[Span]) -> list[dict[str, int]]:
    """Give all requests of each stretch, the valid ones, and those left out by reason."""
    values: list[Any] = []
    sums = ", ".join(f"COALESCE(SUM({name}), 0)" for name in REQUESTS)
    of_spans = []
    for place, span in enumerate(spans):
        mine = marked(RequestStat, "program", program, values)
        days = between(RequestStat, "day_on", *span.days, values)
        of_spans.append(
            f"SELECT {place}, {sums} FROM {RequestStat._meta.db_table} WHERE program_id = {mine} AND {days}"  # noqa: S608
        )
    found = {row[0]: map(int, row[1:]) for row in ask(" UNION ALL ".join(of_spans), values)}
    return [dict(zip(REQUESTS, found[place], strict=True)) for place in range(len(spans))]


def conversions_of(rows: Sequence[tuple[dict[str, Any], int, int]], currency: str) -> Conversions:
    """Add up conversions that are given by what they are, how many they are, and their amount."""
    kinds: dict[str, int] = defaultdict(int)
    apart: dict[str, int] = defaultdict(int)
    totals: dict[str, int] = defaultdict(int)
    for stat, counted, amount in rows:
        if stat["state"] != Conversion.State.CREDITED:
            totals[stat["state"]] += counted
        elif not stat["verified"]:
            totals["unverified"] += counted
        else:
            kinds[stat["kind"]] += counted
            if stat["converted"] and stat["currency"] == currency:
                totals["value"] += amount
            elif stat["currency"]:
                apart[stat["currency"]] += amount
    return Conversions(
        count=sum(kinds.values()),
        value=totals["value"],
        currency=currency,
        by_kind=tuple(sorted((kind, count) for kind, count in kinds.items() if count)),
        without_rate=tuple(sorted((unit, amount) for unit, amount in apart.items() if amount)),
        unverified=totals["unverified"],
        not_credited=totals[Conversion.State.NOT_CREDITED],
        waiting=totals[Conversion.State.WAITING],
    )


def uncounted_shares(program: int, span: Span) -> dict[str, int]:
    """Give how many handoffs were only started, and how many sendings are unclear, by the UTC day they were made."""
    begins, ends = (datetime.combine(day, time.min, UTC) for day in (span.first_on, span.last_on + timedelta(days=1)))
    made = Share.objects.filter(
        program=program,
        state__in=[Share.State.STARTED, Share.State.UNCONFIRMED],
        day_on=None,
        created_at__gte=begins,
        created_at__lt=ends,
    )
    return dict(made.order_by().values_list("state").annotate(count=Count("pk")))


def adoption(program: int, *spans: Span) -> list[Adoption]:
    """Give invited, joined and active at the end of each stretch: the last headcount in it, or before it."""
    values: list[Any] = []
    last = [
        f"SELECT * FROM (SELECT {place}, invited, joined, active FROM {Headcount._meta.db_table}"  # noqa: S608
        f" WHERE program_id = {marked(Headcount, 'program', program, values)}"
        f" AND day_on <= {marked(Headcount, 'day_on', span.last_on, values)} ORDER BY day_on DESC LIMIT 1) s{place}"
        for place, span in enumerate(spans)
    ]
    found = {row[0]: Adoption(*row[1:]) for row in ask(" UNION ALL ".join(last), values)}
    return [found.get(place, Adoption(0, 0, 0)) for place in range(len(spans))]


def people_so_far(program: int, *spans: Span) -> list[SoFar]:
    """Give for each stretch how many different people shared in it and whom they could reach, in one query.

    A stretch is a calendar period or its beginning. Followers of those who shared count on the networks that they shared to,
    as far as they are known.
    """
    values: list[Any] = []
    names = ("advocates", "low", "high", "people", "numbers", "read")
    last = [
        f"SELECT * FROM (SELECT {place}, {', '.join(names)} FROM {SoFar._meta.db_table}"  # noqa: S608
        f" WHERE program_id = {marked(SoFar, 'program', program, values)}"
        f" AND period_kind = {marked(SoFar, 'period_kind', span.period.kind.value, values)}"
        f" AND first_on = {marked(SoFar, 'first_on', span.first_on, values)}"
        f" AND day_on <= {marked(SoFar, 'day_on', span.last_on, values)} ORDER BY day_on DESC LIMIT 1) s{place}"
        for place, span in enumerate(spans)
    ]
    found = {row[0]: SoFar(**dict(zip(names, row[1:], strict=True))) for row in ask(" UNION ALL ".join(last), values)}
    return [found.get(place) or SoFar() for place in range(len(spans))]


def average_audience() -> tuple[int, int]:
    """Give the average of all followers that a person told or a network reported, and of how many people that is."""
    known = ask(f"SELECT low, high, people FROM {AudienceTotal._meta.db_table}", [])  # noqa: S608  it has one row
    if not known or not known[0][2]:
        return 0, 0
    low, high, people = known[0]
    return (low + high) // (2 * people), people


def media_value_by_network(program: int, span: Span) -> dict[str, rates.MediaValue]:
    """Give by network what its unique clicks would have cost as ads."""
    known = rates.confirmed()
    counted = _unique_by_rate(_all(ClickStat, program, [span]), span, known, "network")
    by_network: dict[str, dict[tuple[str, date], int]] = defaultdict(dict)
    for (network, day), count in counted.items():
        by_network[network][network, day] = count
    return {network: rates.media_value(counts, known) for network, counts in by_network.items()}


FACTS: Final[tuple[tuple[Any, dict[str, Any], Q], ...]] = (
    (ShareStat, {"shares": F("published") + F("measured") + F("self_reported")}, Q()),
    (ShareWeek, {"shares": F("published") + F("measured") + F("self_reported")}, Q()),
    (ClickStat, {"clicks": F("valid"), "unique": F("unique")}, Q()),
    (ClickWeek, {"clicks": F("valid"), "unique": F("unique")}, Q()),
    (EngagementStat, {"engagement": F("reactions") + F("comments") + F("reshares")}, Q()),
    (
        ConversionStat,
        {"conversions": F("count"), "value": F("amount")},
        Q(state=Conversion.State.CREDITED, verified=True),
    ),
)
"""Where each figure of a cut stands: the roll-ups, what is added up, and which rows count."""


def breakdown(
    program: int, dimension: str, *spans: Span, currency: str, within: tuple[str, str] | None = None
) -> list[dict[str, Row]]:
    """Give for each stretch the figures by key, by network or by one cut of content, in five queries.

    By network they may be those `within` one post, campaign, topic or origin, by these those within one network: two
    contents at once are a slice. Topics and purposes overlap: their rows must not be added up. Raises
    NotWithoutDisclosure for a cut of people, and ValueError for what only a slice can answer.
    """
    for one in (dimension, *(within or ())[:1]):
        if one in PEOPLE:
            raise NotWithoutDisclosure(one)
    column = "network" if dimension == NETWORK else "key"
    cut, only = Dimension.ALL if dimension == NETWORK else Dimension(dimension), Q()
    if within and dimension == NETWORK:
        cut, only = Dimension(within[0]), Q(key=within[1])
    elif within and within[0] == NETWORK:
        only = Q(network=within[1])
    elif within:
        raise ValueError(f"{dimension} within {within[0]} is a slice")
    rows: list[dict[str, dict[str, int]]] = [defaultdict(lambda: defaultdict(int)) for _span in spans]
    for table, sums, which in FACTS:
        stats, within_span = pieces(table, spans)
        found = stats.filter(which & only, program=program, dimension=cut.value).order_by().values(column)
        of_money = {"value": Q(converted=True, currency=currency)}
        for stat in found.annotate(**per_span(within_span, sums, of_money)):
            for at, name in ((at, name) for at in range(len(spans)) for name in sums):
                rows[at][stat[column]][name] += stat[f"{name}_{at}"] or 0
    return [{key: Row(key, **figures) for key, figures in found.items() if any(figures.values())} for found in rows]


def _unique_by_rate(
    stats: QuerySet[Any], span: Span, known: Sequence[Rate], *columns: str
) -> dict[tuple[Any, ...], int]:
    """Count unique clicks by some columns and by the first day of each stretch in which no rate changes."""
    changes = rates.changes(known, *span.days)
    began = Case(
        *(When(day_on__gte=day, then=Value(day)) for day in reversed(changes)),
        default=Value(span.first_on),
        output_field=DateField(),
    )
    counted = stats.annotate(began=began).values(*columns, "began").annotate(sum_unique=Sum("unique"))
    return {(*(row[column] for column in columns), row["began"]): row["sum_unique"] for row in counted}


def per_span(spans: Sequence[Span | Q], sums: Mapping[str, Any], only: Mapping[str, Q] | None = None) -> dict[str, Sum]:
    """Add up for each stretch, given as days or as what says that a row lies in it."""
    return {
        f"{name}_{at}": Sum(
            what,
            filter=(span if isinstance(span, Q) else Q(day_on__range=span.days)) & (only or {}).get(name, Q()),
        )
        for at, span in enumerate(spans)
        for name, what in sums.items()
    }


def pieces(table: Any, spans: Sequence[Span]) -> tuple[QuerySet[Any], list[Q]]:
    """Give the rows of a roll-up that some stretches need, and for each stretch which of them are its own.

    Shares and clicks have weeks: of their days come those at the edges, of their weeks the whole ones between them.
    """
    has_weeks = table in (ShareStat, ShareWeek, ClickStat, ClickWeek)
    name = "week_on" if table in (ShareWeek, ClickWeek) else "day_on"
    own: list[Q] = []
    wanted: set[date] = set()
    for span in spans:
        edges, weeks = split(*span.days) if has_weeks else ([span.days], None)
        ranges = ([weeks] if weeks else []) if name == "week_on" else edges
        lies = Q(program__in=[])
        for begin, end in ranges:
            lies |= Q(**{f"{name}__range": (begin, end)})
            wanted.update(days_between(begin, end)[:: 7 if name == "week_on" else 1])
        own.append(lies)
    # Each day by itself: the key has the day in its middle, and a database goes straight to each of a list of days.
    return table._default_manager.filter(**{f"{name}__in": sorted(wanted)}), own


def _all(table: Any, program: int, spans: Sequence[Span]) -> QuerySet[Any]:
    return _stats(table, program, spans, Dimension.ALL)


def _stats(table: Any, program: int, spans: Sequence[Span], dimension: Dimension) -> QuerySet[Any]:
    days = (min(span.first_on for span in spans), max(span.last_on for span in spans))
    stats: QuerySet[Any] = table._default_manager.filter(
        program=program, dimension=dimension.value, day_on__range=days
    ).order_by()
    return stats

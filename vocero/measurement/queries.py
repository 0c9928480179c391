"""Reads the roll-ups: totals of a stretch of days and the same by network, post, campaign, topic, origin or day."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from django.db.models import Case, Count, DateField, Exists, F, OuterRef, Q, QuerySet, Sum, Value, When

from vocero.measurement import rates
from vocero.measurement.adoption import Adoption, advocates_in
from vocero.measurement.dimensions import PEOPLE, Dimension
from vocero.measurement.models import (
    AdvocateDay,
    ConversionStat,
    EngagementStat,
    Headcount,
    Participation,
    Rate,
    ShareStat,
)
from vocero.measurement.spans import Span
from vocero.networks.models import Audience
from vocero.sharing.models import Share
from vocero.tracking.models import ClickStat, Conversion

REASONS: Final = ("head", "preview", "bot", "prefetch", "no_agent", "own")
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
class Reach:
    """Followers that people told us or networks reported: the least and the most, of how many people."""

    low: int
    high: int
    people: int
    read: int
    """How many of the numbers were reported by a network."""
    numbers: int


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


def shares(program: int, span: Span) -> Shares:
    """Give the counted shares of a stretch."""
    return Shares(**_sums(ShareStat, program, span, "published", "measured", "self_reported", "personalized"))


def clicks(program: int, span: Span) -> Clicks:
    """Give the clicks of a stretch; daily visitors are added over days and never over networks."""
    found = _sums(ClickStat, program, span, "raw", "valid", "unique", *REASONS)
    return Clicks(
        raw=found["raw"],
        valid=found["valid"],
        unique=found["unique"],
        visitors=_visitors(program, span),
        excluded=tuple((reason, found[reason]) for reason in REASONS),
    )


def engagement(program: int, span: Span) -> Engagement:
    """Give what the networks' totals grew by in a stretch."""
    return Engagement(**_sums(EngagementStat, program, span, "reactions", "comments", "reshares"))


def conversions(program: int, span: Span, currency: str) -> Conversions:
    """Give the conversions of a stretch; `currency` is the company's."""
    kinds: dict[str, int] = defaultdict(int)
    apart: dict[str, int] = defaultdict(int)
    totals: dict[str, int] = defaultdict(int)
    stats = _all(ConversionStat, program, span).values("state", "verified", "kind", "currency", "converted")
    for stat in stats.annotate(counted=Sum("count"), amounts=Sum("amount")):
        if stat["state"] != Conversion.State.CREDITED:
            totals[stat["state"]] += stat["counted"]
        elif not stat["verified"]:
            totals["unverified"] += stat["counted"]
        else:
            kinds[stat["kind"]] += stat["counted"]
            if stat["converted"] and stat["currency"] == currency:
                totals["value"] += stat["amounts"]
            elif stat["currency"]:
                apart[stat["currency"]] += stat["amounts"]
    return Conversions(
        count=sum(kinds.values()),
        value=totals["value"],
        currency=currency,
        by_kind=tuple(sorted(kinds.items())),
        without_rate=tuple(sorted(apart.items())),
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
        created_at__gte=begins,
        created_at__lt=ends,
    )
    return dict(made.order_by().values_list("state").annotate(count=Count("pk")))


def adoption(program: int, span: Span) -> Adoption:
    """Give invited, joined and active at the end of a stretch: the last headcount in it, or before it."""
    row = Headcount.objects.filter(program=program, day_on__lte=span.last_on).order_by("-day_on").first()
    return Adoption(row.invited, row.joined, row.active) if row else Adoption(0, 0, 0)


def advocates(program: int, span: Span) -> int:
    """Give how many different people shared in a stretch."""
    if not span.is_whole:
        return advocates_in(program, span.first_on, span.last_on)
    counted = Participation.objects.filter(
        program=program, period_kind=span.period.kind.value, first_on=span.period.first_on
    )
    return counted.values_list("advocates", flat=True).first() or 0


def reach(program: int, span: Span) -> Reach:
    """Give the followers of those who shared, on the networks that they shared to, as far as they are known."""
    shared = AdvocateDay.objects.filter(
        program=program, member=OuterRef("member"), network=OuterRef("network"), day_on__range=span.days
    )
    known = Audience.objects.filter(Exists(shared)).aggregate(
        low=Sum("low"), high=Sum("high"), people=Count("member", distinct=True), numbers=Count("pk"),
        read=Count("pk", filter=Q(origin=Audience.Origin.READ)),
    )  # fmt: skip
    return Reach(**{name: value or 0 for name, value in known.items()})


def average_audience() -> tuple[int, int]:
    """Give the average of all followers that a person told or a network reported, and of how many people that is."""
    known = Audience.objects.aggregate(low=Sum("low"), high=Sum("high"), people=Count("member", distinct=True))
    people = known["people"] or 0
    return ((known["low"] + known["high"]) // (2 * people) if people else 0), people


def media_value(program: int, span: Span) -> rates.MediaValue:
    """Give what the unique clicks of a stretch would have cost as ads."""
    known = rates.confirmed()
    priced = _unique_by_rate(_all(ClickStat, program, span), span, known, "network")
    return rates.media_value({(network, day): count for (network, day), count in priced.items()}, known)


def breakdown(program: int, span: Span, dimension: str, currency: str) -> list[Row]:
    """Give the figures of a stretch by network or by one cut of content, the most clicked first, in four queries.

    Topics and purposes overlap: their rows must not be added up. Raises NotWithoutDisclosure for a cut of people.
    """
    if dimension in PEOPLE:
        raise NotWithoutDisclosure(dimension)
    column = "network" if dimension == NETWORK else "key"
    cut = Dimension.ALL if dimension == NETWORK else Dimension(dimension)
    rows: dict[str, dict[str, int]] = defaultdict(dict)
    for table, sums in (
        (ShareStat, {"shares": F("published") + F("measured") + F("self_reported")}),
        (ClickStat, {"clicks": F("valid"), "unique": F("unique")}),
        (EngagementStat, {"engagement": F("reactions") + F("comments") + F("reshares")}),
    ):
        added = {f"sum_{name}": Sum(what) for name, what in sums.items()}
        for stat in _stats(table, program, span, cut).values(column).annotate(**added):
            rows[stat[column]].update({name: stat[f"sum_{name}"] for name in sums})
    credited = _stats(ConversionStat, program, span, cut).filter(state=Conversion.State.CREDITED, verified=True)
    for stat in credited.values(column, "currency", "converted").annotate(
        conversions=Sum("count"), amounts=Sum("amount")
    ):
        row = rows[stat[column]]
        row["conversions"] = row.get("conversions", 0) + stat["conversions"]
        if stat["converted"] and stat["currency"] == currency:
            row["value"] = row.get("value", 0) + stat["amounts"]
    found = [Row(key, **figures) for key, figures in rows.items() if any(figures.values())]
    return sorted(found, key=lambda row: (-row.unique, -row.shares, row.key))


def daily(program: int, span: Span) -> Series:
    """Give shares and unique clicks day by day."""
    days = tuple(span.all_days())
    counted = _by_day(ShareStat, program, span, F("published") + F("measured") + F("self_reported"))
    unique = _by_day(ClickStat, program, span, F("unique"))
    return Series(days, tuple(counted.get(day, 0) for day in days), tuple(unique.get(day, 0) for day in days))


def media_value_of(program: int, span: Span, dimension: str) -> dict[str, rates.MediaValue]:
    """Give by key of a cut of content what its unique clicks would have cost as ads."""
    if dimension in PEOPLE:
        raise NotWithoutDisclosure(dimension)
    known = rates.confirmed()
    by_key: dict[str, dict[tuple[str, date], int]] = defaultdict(dict)
    stats = _stats(ClickStat, program, span, Dimension(dimension))
    for (key, network, day), count in _unique_by_rate(stats, span, known, "key", "network").items():
        by_key[key][network, day] = count
    return {key: rates.media_value(counts, known) for key, counts in by_key.items()}


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


def _visitors(program: int, span: Span) -> int:
    stats = _all(ClickStat, program, span).filter(network=ClickStat.EVERY_NETWORK)
    return int(stats.aggregate(sum_visitors=Sum("visitors"))["sum_visitors"] or 0)


def _by_day(table: Any, program: int, span: Span, what: Any) -> dict[date, int]:
    return dict(_all(table, program, span).values_list("day_on").annotate(count=Sum(what)))


def _sums(table: Any, program: int, span: Span, *columns: str) -> dict[str, Any]:
    found = _all(table, program, span).aggregate(**{f"sum_{column}": Sum(column) for column in columns})
    return {column: found[f"sum_{column}"] or 0 for column in columns}


def _all(table: Any, program: int, span: Span) -> QuerySet[Any]:
    return _stats(table, program, span, Dimension.ALL)


def _stats(table: Any, program: int, span: Span, dimension: Dimension) -> QuerySet[Any]:
    kept = table._default_manager.filter(program=program, dimension=dimension.value, day_on__range=span.days)
    stats: QuerySet[Any] = kept.order_by()
    return stats

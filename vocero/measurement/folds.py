"""Folds the facts of one day into the rows of its roll-ups, and tells by a fingerprint whether facts have changed."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Count, Min, Model, OuterRef, Q, QuerySet, Subquery, Sum

from vocero.measurement.dimensions import FROZEN_FIELDS, Dimension, counted, keys
from vocero.measurement.models import AdvocateDay, ConversionStat, EngagementStat, FoldedDay, ShareStat
from vocero.sharing.models import EngagementReading, Share
from vocero.tracking.models import Conversion

type Key = tuple[int, str, str, str]  # program, dimension, key, network

_TOTALS: Final = ("reactions", "comments", "reshares")


@dataclass(frozen=True)
class Fold:
    """One kind of fact: which tables it fills, how a day is folded, and what its facts look like from afar."""

    source: str
    tables: tuple[type[Model], ...]
    rows: Callable[[date, str], list[Model]]
    facts: Callable[[], QuerySet[Any]]
    look: dict[str, Any]
    builds_on_earlier_days: bool = False


def share_rows(day: date, currency: str) -> list[Model]:
    """Give the share roll-ups of a day and its advocate-days."""
    stats: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    advocates: dict[tuple[int, int, str], int] = defaultdict(int)
    column = {Share.Certainty.PUBLISHED: 0, Share.Certainty.MEASURED: 1, Share.Certainty.SELF_REPORTED: 2}
    fields = (*FROZEN_FIELDS, "network", "member_id", "certainty", "personalized")
    for share in counted().filter(day_on=day).values(*fields).iterator():
        program, network = share["program_id"], share["network"]
        advocates[program, share["member_id"], network] += 1
        for dimension, key in keys(share):
            row = stats[program, dimension, key, network]
            row[column[share["certainty"]]] += 1
            row[3] += share["personalized"]
    return [
        *(
            ShareStat(**_key(key, day), published=row[0], measured=row[1], self_reported=row[2], personalized=row[3])
            for key, row in sorted(stats.items())
        ),
        *(
            AdvocateDay(program_id=program, day_on=day, member_id=member, network=network, shares=shares)
            for (program, member, network), shares in sorted(advocates.items())
        ),
    ]


def engagement_rows(day: date, currency: str) -> list[Model]:
    """Give what the networks' totals grew by on a day: each reading less the one before it."""
    stats: dict[Key, list[int]] = defaultdict(lambda: [0, 0, 0])
    for reading in engagement_changes(day, day):
        for dimension, key in keys(reading):
            row = stats[reading["program_id"], dimension, key, reading["network"]]
            for place, total in enumerate(_TOTALS):
                row[place] += reading[total]
    return [
        EngagementStat(**_key(key, day), reactions=row[0], comments=row[1], reshares=row[2])
        for key, row in sorted(stats.items())
        if any(row)
    ]


def engagement_changes(first_on: date, last_on: date, **of_shares: Any) -> list[dict[str, Any]]:
    """Give the readings of some days as changes, each with member, day, network and the share's frozen columns.

    `of_shares` narrows them to shares whose columns have these values.
    """
    earlier = EngagementReading.objects.filter(share=OuterRef("share"), day_on__lt=OuterRef("day_on"))
    before = {f"{total}_before": Subquery(earlier.order_by("-day_on").values(total)[:1]) for total in _TOTALS}
    fields = [f"share__{field}" for field in (*FROZEN_FIELDS, "network", "member_id")]
    readings = EngagementReading.objects.filter(day_on__range=(first_on, last_on), share__day_on__isnull=False)
    readings = readings.filter(**{f"share__{field}": value for field, value in of_shares.items()})
    changes = []
    for reading in readings.annotate(**before).values("day_on", *_TOTALS, *before, *fields).iterator():
        change = {field.removeprefix("share__"): reading[field] for field in fields}
        change["day_on"] = reading["day_on"]
        for total in _TOTALS:
            change[total] = reading[total] - (reading[f"{total}_before"] or 0)
        changes.append(change)
    return changes


def conversion_rows(day: date, currency: str) -> list[Model]:
    """Give the conversion roll-ups of a day; tests are left out, conversions without credit count only for everybody.

    An amount with a rate is in the company's `currency`, any other in its own.
    """
    stats: dict[tuple[Any, ...], list[int]] = defaultdict(lambda: [0, 0])
    for conversion in _conversions().filter(day_on=day).select_related("share").iterator():
        share, credited = conversion.share, conversion.state == Conversion.State.CREDITED
        converted = conversion.company_amount is not None
        amount = conversion.company_amount if converted else conversion.amount
        unit = "" if amount is None else currency if converted else conversion.currency
        frozen = {field: getattr(share, field) for field in FROZEN_FIELDS} if share and credited else None
        for dimension, key in keys(frozen) if frozen else [(Dimension.ALL, "")]:
            network = share.network if share and credited else ""
            about = (conversion.state, conversion.verified, conversion.kind, unit, converted)
            row = stats[(conversion.program_id, dimension, key, network, *about)]
            row[0] += 1
            row[1] += amount or 0
    return [
        ConversionStat(
            **_key(key[:4], day),
            state=key[4],
            verified=key[5],
            kind=key[6],
            currency=key[7],
            converted=key[8],
            count=row[0],
            amount=row[1],
        )
        for key, row in sorted(stats.items())
    ]


def fingerprints(fold: Fold, first_on: date, last_on: date) -> dict[date, str]:
    """Give one short text for each day that has facts; it changes when a fact of the day does."""
    look = {f"look_{number}": what for number, what in enumerate(fold.look.values())}
    days = fold.facts().filter(day_on__range=(first_on, last_on)).order_by().values("day_on").annotate(**look)
    return {day["day_on"]: ";".join(str(int(day[name] or 0)) for name in look) for day in days}


def earliest_day() -> date | None:
    """Give the day of the oldest fact that is folded, None when there is none."""
    days = [fold.facts().aggregate(day=Min("day_on"))["day"] for fold in FOLDS]
    return min((day for day in days if day), default=None)


def _conversions() -> QuerySet[Conversion]:
    return Conversion.objects.exclude(state=Conversion.State.TEST)


def _key(key: Sequence[Any], day: date) -> dict[str, Any]:
    program, dimension, name, network = key
    return {"program_id": program, "dimension": str(dimension), "key": name, "network": network, "day_on": day}


FOLDS: Final = (
    Fold(
        FoldedDay.Source.SHARES,
        (ShareStat, AdvocateDay),
        share_rows,
        counted,
        {
            "count": Count("id"),
            "which": Sum("id"),
            "published": Sum("id", filter=Q(certainty=Share.Certainty.PUBLISHED)),
            "measured": Sum("id", filter=Q(certainty=Share.Certainty.MEASURED)),
        },
    ),
    Fold(
        FoldedDay.Source.ENGAGEMENT,
        (EngagementStat,),
        engagement_rows,
        lambda: EngagementReading.objects.filter(share__day_on__isnull=False),
        {"count": Count("id"), "which": Sum("id"), **{total: Sum(total) for total in _TOTALS}},
        builds_on_earlier_days=True,
    ),
    Fold(
        FoldedDay.Source.CONVERSIONS,
        (ConversionStat,),
        conversion_rows,
        _conversions,
        {
            "count": Count("id"),
            "which": Sum("id"),
            "credited": Sum("id", filter=Q(state=Conversion.State.CREDITED)),
            "waiting": Sum("id", filter=Q(state=Conversion.State.WAITING)),
            "shares": Sum("share_id"),
            "verified": Sum("id", filter=Q(verified=True)),
            "amount": Sum("amount"),
            "company_amount": Sum("company_amount"),
        },
    ),
)

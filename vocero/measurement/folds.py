"""Folds the facts of one day into the rows of its roll-ups, and tells by a fingerprint whether facts have changed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Count, Model, OuterRef, Q, QuerySet, Subquery, Sum

from vocero.company.models import Program
from vocero.measurement.cuts import FROZEN, by_every_key
from vocero.measurement.dimensions import FROZEN_FIELDS, counted
from vocero.measurement.models import AdvocateDay, ConversionStat, EngagementStat, FoldedDay, ShareStat
from vocero.sharing.models import EngagementReading, Share
from vocero.tracking.models import Conversion
from vocero.tracking.store import Table

_TOTALS: Final = ("reactions", "comments", "reshares")
_CERTAINTIES: Final = (Share.Certainty.PUBLISHED, Share.Certainty.MEASURED, Share.Certainty.SELF_REPORTED)
_CUT: Final = {"program_id": "bigint", "dimension": "text", "key": "text", "network": "text"}
_OF_SHARE: Final = ", ".join(f"s.{name}" for name in ("program_id", "network", *FROZEN))


@dataclass(frozen=True, eq=False, slots=True)
class _Table(Table):
    """A table whose counts may be large."""

    @property
    def types(self) -> tuple[str, ...]:
        """The columns' types in PostgreSQL."""
        return (*self.key.values(), *["bigint"] * len(self.counts))


type Question = tuple[str, dict[str, Any]]
"""A statement and its values by name."""


@dataclass(frozen=True)
class Filled:
    """A table of roll-ups that has rows for a day, and the question that gives them: the key without the day, the counts."""

    model: type[Model]
    table: Table
    question: Callable[[date, str], Question]


@dataclass(frozen=True)
class Fold:
    """One kind of fact: which tables it fills, and what its facts look like from afar."""

    source: str
    tables: tuple[Filled, ...]
    facts: Callable[[], QuerySet[Any]]
    look: dict[str, Any]
    builds_on_earlier_days: bool = False


def _share_stats(day: date, currency: str) -> Question:
    sure = ", ".join(f"CASE WHEN s.certainty = '{one.value}' THEN 1 ELSE 0 END AS {one.value}" for one in _CERTAINTIES)
    facts = (
        f"SELECT {_OF_SHARE}, {sure}, CASE WHEN s.personalized THEN 1 ELSE 0 END AS personalized"  # noqa: S608
        f" FROM sharing_share s WHERE {_counted_on_day()}"
    )
    return by_every_key(facts, [*(one.value for one in _CERTAINTIES), "personalized"]), {"day": day}


def _advocates(day: date, currency: str) -> Question:
    who = "s.program_id, s.member_id, s.network"
    return (
        f"SELECT {who}, COUNT(*) FROM sharing_share s WHERE {_counted_on_day()} GROUP BY {who}",  # noqa: S608
        {"day": day},
    )


def _engagement_stats(day: date, currency: str) -> Question:
    """Ask what the networks' totals grew by: each reading less the one before it."""
    grown = ", ".join(f"r.{total} - COALESCE(b.{total}, 0) AS {total}" for total in _TOTALS)
    facts = (
        f"SELECT {_OF_SHARE}, {grown} FROM sharing_engagementreading r"  # noqa: S608
        " JOIN sharing_share s ON s.id = r.share_id AND s.day_on IS NOT NULL"
        " LEFT JOIN sharing_engagementreading b ON b.share_id = r.share_id AND b.day_on = ("
        "SELECT MAX(e.day_on) FROM sharing_engagementreading e WHERE e.share_id = r.share_id AND e.day_on < r.day_on)"
        " WHERE r.day_on = %(day)s"
    )
    some = " OR ".join(f"SUM({total}) <> 0" for total in _TOTALS)
    return f"{by_every_key(facts, _TOTALS)} HAVING {some}", {"day": day}


def _conversion_stats(day: date, currency: str) -> Question:
    """Ask for conversions; tests are left out, those without credit count only for everybody.

    An amount with a rate is in the company's `currency`, any other in its own.
    """
    of_share = ", ".join(f"s.{name}" for name in FROZEN)
    facts = (
        f"SELECT c.program_id, COALESCE(s.network, '') AS network, {of_share}, c.state, c.verified, c.kind AS about,"  # noqa: S608
        " CASE WHEN c.company_amount IS NOT NULL THEN %(currency)s WHEN c.amount IS NULL THEN '' ELSE c.currency END"
        " AS unit, c.company_amount IS NOT NULL AS converted, 1 AS count,"
        " COALESCE(c.company_amount, c.amount, 0) AS amount"
        " FROM tracking_conversion c LEFT JOIN sharing_share s ON s.id = c.share_id AND c.state = %(credited)s"
        f" WHERE c.program_id IN ({_programs()}) AND c.day_on = %(day)s AND c.state <> %(test)s"
    )
    also = ("state", "verified", "about", "unit", "converted")
    states = {"credited": Conversion.State.CREDITED.value, "test": Conversion.State.TEST.value}
    return by_every_key(facts, ("count", "amount"), also), {"day": day, "currency": currency, **states}


def _counted_on_day() -> str:
    return f"s.program_id IN ({_programs()}) AND s.day_on = %(day)s AND s.certainty <> ''"


def _programs() -> str:
    """Give the numbers of all programs: indexes and keys begin with one."""
    return ", ".join(str(int(program)) for program in Program.objects.values_list("pk", flat=True)) or "0"


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


def fingerprints(fold: Fold, first_on: date, last_on: date) -> dict[date, str]:
    """Give one short text for each day that has facts; it changes when a fact of the day does."""
    look = {f"look_{number}": what for number, what in enumerate(fold.look.values())}
    days = fold.facts().filter(day_on__range=(first_on, last_on)).order_by().values("day_on").annotate(**look)
    return {day["day_on"]: ";".join(str(int(day[name] or 0)) for name in look) for day in days}


def earliest_day() -> date | None:
    """Give the day of the oldest fact that is folded, None when there is none."""
    days = [fold.facts().order_by("day_on").values_list("day_on", flat=True).first() for fold in FOLDS]
    return min((day for day in days if day), default=None)


def _all_programs() -> list[int]:
    return list(Program.objects.values_list("pk", flat=True))


def _counted() -> QuerySet[Share]:
    shares: QuerySet[Share] = counted().filter(program__in=_all_programs())
    return shares


def _conversions() -> QuerySet[Conversion]:
    return Conversion.objects.filter(program__in=_all_programs()).exclude(state=Conversion.State.TEST)


def _cut(model: type[Model], counts: Sequence[str], also: dict[str, str] | None = None) -> Table:
    return _Table(model._meta.db_table, {**_CUT, **(also or {}), "day_on": "date"}, tuple(counts))


FOLDS: Final = (
    Fold(
        FoldedDay.Source.SHARES,
        (
            Filled(ShareStat, _cut(ShareStat, (*(one.value for one in _CERTAINTIES), "personalized")), _share_stats),
            Filled(
                AdvocateDay,
                _Table(
                    AdvocateDay._meta.db_table,
                    {"program_id": "bigint", "member_id": "bigint", "network": "text", "day_on": "date"},
                    ("shares",),
                ),
                _advocates,
            ),
        ),
        _counted,
        {
            "count": Count("id"),
            "which": Sum("id"),
            "published": Sum("id", filter=Q(certainty=Share.Certainty.PUBLISHED)),
            "measured": Sum("id", filter=Q(certainty=Share.Certainty.MEASURED)),
        },
    ),
    Fold(
        FoldedDay.Source.ENGAGEMENT,
        (Filled(EngagementStat, _cut(EngagementStat, _TOTALS), _engagement_stats),),
        lambda: EngagementReading.objects.filter(share__day_on__isnull=False),
        {"count": Count("id"), "which": Sum("id"), **{total: Sum(total) for total in _TOTALS}},
        builds_on_earlier_days=True,
    ),
    Fold(
        FoldedDay.Source.CONVERSIONS,
        (
            Filled(
                ConversionStat,
                _cut(
                    ConversionStat,
                    ("count", "amount"),
                    {
                        "state": "text",
                        "verified": "boolean",
                        "kind": "text",
                        "currency": "text",
                        "converted": "boolean",
                    },
                ),
                _conversion_stats,
            ),
        ),
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

"""Who has the most points in a week, a month, a quarter or ever: names of those who chose it, and anybody's own place.

Everything is read from `PeriodPoints` by its index of places; the ledger is never added up for a page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from django.db.models import Count, Exists, OuterRef, QuerySet

from vocero.company.models import Program
from vocero.lib.periods import Period, PeriodKind
from vocero.measurement.definitions import LEAST_PEOPLE
from vocero.measurement.plain import ask, marked
from vocero.people.models import Enrolment, Member
from vocero.recognition.models import PeriodPoints

EVER_FROM: Final = date(1970, 1, 1)
KINDS: Final = {
    PeriodKind.WEEK: PeriodPoints.Kind.WEEK,
    PeriodKind.MONTH: PeriodPoints.Kind.MONTH,
    PeriodKind.QUARTER: PeriodPoints.Kind.QUARTER,
}
MOST_POINTS: Final = 2**31 - 1
FEW_NAMED: Final = 2000
"""Up to so many people with a name it is cheaper to look each of them up than to walk down the places."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A member's own place: 1 is the most points, equal points share a place; None without points."""

    place: int | None
    points: int
    of: int | None
    """How many people have points; None below five, so that nobody learns about one other."""


@dataclass(frozen=True, slots=True)
class Leader:
    """Somebody who chose that the name may stand beside the results; the place counts everybody."""

    place: int
    points: int
    member: Member


@dataclass(frozen=True, slots=True)
class Ranking:
    """A page of a ranking: those with names, in the order of their places, and the reader's own."""

    leaders: tuple[Leader, ...]
    own: Standing


def of_period(period: Period | None) -> tuple[PeriodPoints.Kind, date]:
    """Give how a period is kept; None is all the time. Raises KeyError for a day."""
    return (PeriodPoints.Kind.ALL, EVER_FROM) if period is None else (KINDS[period.kind], period.first_on)


def ranking(program: Program, period: Period | None, *, reader: Member, most: int = 50) -> Ranking:
    """Give the ranking of a period as one member may read it, in a few queries, however many people there are."""
    return Ranking(tuple(leaders(program, period, most=most)), standing(reader, program, period))


def standing(member: Member, program: Program, period: Period | None) -> Standing:
    """Give a member's own place, from the index of places, in two queries."""
    points = _rows(program, period).filter(member=member).values_list("points", flat=True).first() or 0
    kind, first_on = of_period(period)
    values: list[Any] = []
    sides = []
    # Both sides are counted apart: each is a stretch of the index, and no row is looked at for itself.
    for least, most in ((max(points, 0), MOST_POINTS), (0, max(points, 0))):
        where = " AND ".join(
            f"{name} = {marked(PeriodPoints, name, value, values)}"
            for name, value in (("program_id", program.pk), ("kind", kind.value), ("first_on", first_on))
        )
        more, up_to = (marked(PeriodPoints, "points", one, values) for one in (least, most))
        table = PeriodPoints._meta.db_table
        sides.append(f"(SELECT COUNT(*) FROM {table} WHERE {where} AND points > {more} AND points <= {up_to})")  # noqa: S608
    [(above, others)] = ask(f"SELECT {', '.join(sides)}", values)
    everybody = above + others
    return Standing(
        place=above + 1 if points > 0 else None,
        points=points,
        of=everybody if everybody >= LEAST_PEOPLE else None,
    )


def leaders(program: Program, period: Period | None, *, most: int = 50) -> list[Leader]:
    """Give the first of those who chose to be named, best first; nobody before five people have points."""
    rows = _rows(program, period).filter(points__gt=0)
    if len(rows.values_list("points")[:LEAST_PEOPLE]) < LEAST_PEOPLE:
        return []
    named = Enrolment.objects.filter(program=program, shows_name=True, state=Enrolment.State.JOINED)
    few = list(named.values_list("member", flat=True)[: FEW_NAMED + 1])
    if len(few) <= FEW_NAMED:
        found = _best_of(rows, few, most)
    else:
        found = list(
            rows.filter(Exists(named.filter(member=OuterRef("member"))))
            .order_by("-points", "-member")
            .values_list("member", "points")[:most]
        )
    if not found:
        return []
    least = found[-1][1]
    above: dict[int, int] = {}
    places = 0
    counted = rows.filter(points__gte=least).values("points").annotate(many=Count("points")).order_by("-points")
    for row in counted:
        above[row["points"]] = places
        places += row["many"]
    members = Member.objects.in_bulk([member for member, _points in found])
    return [Leader(above[points] + 1, points, members[member]) for member, points in found]


def _best_of(rows: QuerySet[PeriodPoints], few: Sequence[int], most: int) -> list[tuple[int, int]]:
    pairs = [
        pair
        for begin in range(0, len(few), 500)
        for pair in rows.filter(member__in=few[begin : begin + 500]).values_list("member", "points")
    ]
    return sorted(pairs, key=lambda pair: (-pair[1], -pair[0]))[:most]


def _rows(program: Program, period: Period | None) -> QuerySet[PeriodPoints]:
    kind, first_on = of_period(period)
    return PeriodPoints.objects.filter(program=program, kind=kind, first_on=first_on)

"""Who has the most points in a week, a month, a quarter or ever: names of those who chose it, and anybody's own place.

Everything is read from `PeriodPoints` by its index of places; the ledger is never added up for a page.
"""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate
from time import monotonic
from typing import Any, Final

from django.db import connections
from django.db.models import Count, Exists, OuterRef, QuerySet

from vocero.company.models import Program
from vocero.lib.periods import Period, PeriodKind
from vocero.lib.replica import alias
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
NEAR: Final = 10_000
"""So many people PostgreSQL counts for each reader. Where there are more, how many have how many points is counted once for
all readers and kept for a while: it looks at each row whose neighbours changed since the last vacuum. SQLite never does."""
KEPT_FOR: Final = 60.0
"""Seconds that such a count is kept."""


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
    """Give a member's own place, from the index of places, in two queries, or three where there are very many people.

    On PostgreSQL place and total may be as old as KEPT_FOR beyond the first NEAR people.
    """
    is_limited = connections[alias()].vendor == "postgresql"
    points = _rows(program, period).filter(member=member).values_list("points", flat=True).first() or 0
    values: list[Any] = []
    sides = []
    # Both sides are counted apart: each is a stretch of the index, and no row is looked at for itself.
    for least, most in ((max(points, 0), MOST_POINTS), (0, max(points, 0))):
        own = _with_points(program, period, least, most, values)
        sides.append(f"(SELECT COUNT(*) {f'FROM (SELECT 1 {own} LIMIT {NEAR + 1}) side' if is_limited else own})")
    [(above, others)] = ask(f"SELECT {', '.join(sides)}", values)
    everybody = above + others
    if is_limited and max(above, others) > NEAR:
        crowd = _crowd(program, period)
        above = max(above, crowd.above(points)) if above > NEAR else above
        everybody = max(everybody, above + others, crowd.everybody)
    return Standing(
        place=above + 1 if points > 0 else None,
        points=points,
        of=everybody if everybody >= LEAST_PEOPLE else None,
    )


@dataclass(frozen=True, slots=True)
class _Crowd:
    """How many people have how many points: each amount in order, and how many have at most so much."""

    counted_at: float
    amounts: Sequence[int]
    up_to: Sequence[int]

    @property
    def everybody(self) -> int:
        return self.up_to[-1] if self.up_to else 0

    def above(self, points: int) -> int:
        """Give how many have more."""
        place = bisect_right(self.amounts, points)
        return self.everybody - (self.up_to[place - 1] if place else 0)


_CROWDS: Final = dict[tuple[int, PeriodPoints.Kind, date], _Crowd]()
forget: Final = _CROWDS.clear
"""For measuring what it takes to count for the first time."""


def _crowd(program: Program, period: Period | None) -> _Crowd:
    key, now = (program.pk, *of_period(period)), monotonic()
    kept = _CROWDS.get(key)
    if kept and now - kept.counted_at < KEPT_FOR:
        return kept
    values: list[Any] = []
    own = _with_points(program, period, 0, MOST_POINTS, values)
    found = ask(f"SELECT points, COUNT(*) {own} GROUP BY points ORDER BY points", values)
    made = _Crowd(now, [points for points, _many in found], list(accumulate(many for _points, many in found)))
    for old in [one for one, crowd in list(_CROWDS.items()) if now - crowd.counted_at >= KEPT_FOR]:
        _CROWDS.pop(old, None)
    _CROWDS[key] = made
    return made


def _with_points(program: Program, period: Period | None, least: int, most: int, values: list[Any]) -> str:
    """Give the end of a statement about people with more than `least` and at most `most` points."""
    kind, first_on = of_period(period)
    where = " AND ".join(
        f"{name} = {marked(PeriodPoints, name, value, values)}"
        for name, value in (("program_id", program.pk), ("kind", kind.value), ("first_on", first_on))
    )
    more, up_to = (marked(PeriodPoints, "points", one, values) for one in (least, most))
    return f"FROM {PeriodPoints._meta.db_table} WHERE {where} AND points > {more} AND points <= {up_to}"


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

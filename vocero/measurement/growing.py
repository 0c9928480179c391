"""Counts what a period has come to day by day, so that a page never counts people: advocates, and whom they could reach."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Count, Sum

from vocero.company.models import Program
from vocero.lib.periods import Period, PeriodKind, days_between
from vocero.measurement.dimensions import counted
from vocero.measurement.models import AudienceTotal, Participation, SharedPost, SoFar
from vocero.networks.models import Audience

KINDS: Final = (PeriodKind.WEEK, PeriodKind.MONTH, PeriodKind.QUARTER)
AUDIENCE_EVERY: Final = timedelta(minutes=10)
"""How old the count of all followers may be; counting those of hundreds of thousands takes a while."""

type Told = Mapping[tuple[int, str], tuple[int, int, bool]]
"""The followers that are known, by member and network: the least, the most, and whether a network reported them."""


def count_periods(days: Iterable[date]) -> None:
    """Count again every calendar period that holds one of these days; what was shared on a day is read once for all."""
    periods = sorted({Period.of(kind, day) for day in days for kind in KINDS})
    if not periods:
        return
    rows = Audience.objects.values_list("member", "network", "low", "high", "origin")
    told = {
        (member, network): (low, high, origin == Audience.Origin.READ)
        for member, network, low, high, origin in rows.iterator()
    }
    for program in Program.objects.values_list("pk", flat=True):
        for period, grown in _grown(program, periods, told):
            _write_period(program, period, grown)


def count_audience(today: date, *, at: datetime) -> bool:
    """Count the followers of everybody, at most every ten minutes; where they changed, also this period and the last."""
    known = AudienceTotal.objects.first()
    if known and known.counted_at > at - AUDIENCE_EVERY:
        return False
    found = Audience.objects.aggregate(low=Sum("low"), high=Sum("high"), people=Count("member", distinct=True))
    total = {name: value or 0 for name, value in found.items()}
    AudienceTotal.objects.update_or_create(pk=1, defaults=total | {"counted_at": at})
    if known and total == {name: getattr(known, name) for name in total}:
        return False
    count_periods({day for kind in KINDS for day in (today, Period.of(kind, today).previous().last_on)})
    return True


def _write_period(program: int, period: Period, grown: Mapping[date, Mapping[str, int]]) -> None:
    """Add up day by day what came new; the last day says what the whole period came to."""
    row: dict[str, Any] = {"program_id": program, "period_kind": period.kind.value, "first_on": period.first_on}
    sums: dict[str, int] = defaultdict(int)
    rows = []
    for day in sorted(grown):
        for name, value in grown[day].items():
            sums[name] += value
        rows.append(SoFar(**row, day_on=day, **sums))
    with transaction.atomic():
        SoFar.objects.filter(**row).delete()
        SoFar.objects.bulk_create(rows)
        if rows:
            Participation.objects.update_or_create(**row, defaults={"advocates": rows[-1].advocates})
        else:
            Participation.objects.filter(**row).delete()


def _grown(program: int, periods: Sequence[Period], told: Told) -> Iterator[tuple[Period, dict[date, dict[str, int]]]]:
    """Give for each period what came new on each of its days, as soon as the last of them is read."""
    counted: dict[Period, _Growth] = {}
    for day in sorted({day for period in periods for day in days_between(period.first_on, period.last_on)}):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT member_id, network FROM measurement_advocateday WHERE program_id = %s AND day_on = %s",
                [program, day],
            )
            shared = set(cursor.fetchall())
        members, known = {member for member, _network in shared}, told.keys() & shared
        for period in [period for period in periods if day in period]:
            growth = counted.setdefault(period, _Growth(told))
            growth.add(day, members, known)
            if day == period.last_on:
                yield period, counted.pop(period).by_day


class _Growth:
    """What a period comes to: who shared so far, and of whom the followers are known."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._members: set[int] = set()
        self._known: set[tuple[int, str]] = set()
        self._people: set[int] = set()
        self.by_day: dict[date, dict[str, int]] = {}

    def add(self, day: date, members: set[int], known: set[tuple[int, str]]) -> None:
        """Add who shared on the next day, and which of their numbers of followers are known."""
        new, new_known = members - self._members, known - self._known
        people = {member for member, _network in new_known} - self._people
        if not new and not new_known:
            return
        numbers = [self._told[one] for one in new_known]
        self.by_day[day] = {
            "advocates": len(new),
            "low": sum(low for low, _high, _read in numbers),
            "high": sum(high for _low, high, _read in numbers),
            "people": len(people),
            "numbers": len(numbers),
            "read": sum(read for _low, _high, read in numbers),
        }
        self._members |= new
        self._known |= new_known
        self._people |= people


def mark_shared(before: set[int], now: set[int]) -> None:
    """Keep which posts were ever shared, after the roll-ups of a day changed from some posts to others."""
    marked = set(SharedPost.objects.filter(post__in=now).values_list("post", flat=True))
    SharedPost.objects.bulk_create([SharedPost(post_id=post) for post in sorted(now - marked)], ignore_conflicts=True)
    gone = before - now
    if gone:
        still = set(counted().filter(post__in=gone).values_list("post", flat=True).distinct())
        SharedPost.objects.filter(post__in=gone - still).delete()

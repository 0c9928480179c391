"""Counts what a period has come to day by day, so that a page never counts people: advocates, and whom they could reach."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Count, Sum

from vocero.company.models import Program
from vocero.lib.periods import Period, PeriodKind
from vocero.measurement.dimensions import counted
from vocero.measurement.models import AudienceTotal, Participation, SharedPost, SoFar
from vocero.networks.models import Audience

KINDS: Final = (PeriodKind.WEEK, PeriodKind.MONTH, PeriodKind.QUARTER)
AUDIENCE_EVERY: Final = timedelta(minutes=10)
"""How old the count of all followers may be; counting those of hundreds of thousands takes a while."""

_SHARED: Final = (
    "SELECT member_id, {network} MIN(day_on) AS first FROM measurement_advocateday"
    " WHERE program_id = %s AND day_on BETWEEN %s AND %s GROUP BY member_id {group}"
)
_KNOWN: Final = (
    f"({_SHARED.format(network='network,', group=', network')}) f"
    " JOIN networks_audience a ON a.member_id = f.member_id AND a.network = f.network"
)
_QUESTIONS: Final = (
    (("advocates",), "SELECT first, COUNT(*) FROM ({each}) f GROUP BY first"),
    (
        ("low", "high", "numbers", "read"),
        "SELECT first, SUM(a.low), SUM(a.high), COUNT(*), SUM(CASE WHEN a.origin = 'read' THEN 1 ELSE 0 END)"
        " FROM {known} GROUP BY first",
    ),
    (
        ("people",),
        "SELECT first, COUNT(*) FROM (SELECT f.member_id, MIN(first) AS first FROM {known} GROUP BY f.member_id) p"
        " GROUP BY first",
    ),
)


def count_periods(days: Iterable[date]) -> None:
    """Count again every calendar period that holds one of these days."""
    periods = {Period.of(kind, day) for day in days for kind in KINDS}
    for program in Program.objects.values_list("pk", flat=True):
        for period in sorted(periods):
            _count_period(program, period)


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


def _count_period(program: int, period: Period) -> None:
    """Add up day by day what came new; the last day says what the whole period came to."""
    grown = _grown(program, period)
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


def _grown(program: int, period: Period) -> dict[date, dict[str, int]]:
    grown: dict[date, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    with connection.cursor() as cursor:
        for names, about in _QUESTIONS:
            question = about.format(each=_SHARED.format(network="", group=""), known=_KNOWN)
            cursor.execute(question, [program, period.first_on, period.last_on])
            for first, *values in cursor.fetchall():
                day = date.fromisoformat(first) if isinstance(first, str) else first
                for name, value in zip(names, values, strict=True):
                    grown[day][name] += int(value)
    return grown


def mark_shared(before: set[int], now: set[int]) -> None:
    """Keep which posts were ever shared, after the roll-ups of a day changed from some posts to others."""
    marked = set(SharedPost.objects.filter(post__in=now).values_list("post", flat=True))
    SharedPost.objects.bulk_create([SharedPost(post_id=post) for post in sorted(now - marked)], ignore_conflicts=True)
    gone = before - now
    if gone:
        still = set(counted().filter(post__in=gone).values_list("post", flat=True).distinct())
        SharedPost.objects.filter(post__in=gone - still).delete()

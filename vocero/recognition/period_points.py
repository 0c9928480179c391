"""Keeps the points by calendar period: brought up to what the ledger says for some members, or made again for everybody."""

from collections.abc import Collection, Iterable, Iterator
from datetime import date
from typing import Any, Final

from django.db import connection, transaction
from django.db.models import Max, Min, Q, Sum

from vocero.company.models import Program
from vocero.lib.periods import Period, days_between
from vocero.recognition.models import LedgerEntry, PeriodPoints, ScoreLock
from vocero.recognition.ranking import KINDS, of_period
from vocero.tracking import store

_CHUNK: Final = 300
_READ_AT_ONCE: Final = 20_000
_TABLE: Final = store.Table(
    PeriodPoints._meta.db_table,
    {"program_id": "bigint", "kind": "text", "first_on": "date", "member_id": "bigint"},
    ("points",),
)
_KEY: Final = ["program", "kind", "first_on", "member"]


def bring_up_to_date(program: int, members: Collection[int], days: Iterable[date]) -> None:
    """Add the ledger up again for some members, for each period that holds one of the days; twice is the same as once."""
    periods = sorted({Period.of(kind, day) for day in days for kind in KINDS})
    wanted = sorted(set(members))
    for begin in range(0, len(wanted), _CHUNK):
        entries = LedgerEntry.objects.filter(program=program, member__in=wanted[begin : begin + _CHUNK])
        sums: dict[str, Any] = {"ever": Sum("points")}
        for number, period in enumerate(periods):
            sums[f"sum_{number}"] = Sum("points", filter=Q(day_on__range=(period.first_on, period.last_on)))
        rows = []
        added_up: Iterable[dict[str, Any]] = entries.order_by().values("member").annotate(**sums)  # type: ignore[assignment]
        for found in added_up:
            rows.append(_row(program, None, found["member"], found["ever"]))
            rows += [
                _row(program, period, found["member"], found[f"sum_{number}"])
                for number, period in enumerate(periods)
                if found[f"sum_{number}"] is not None
            ]
        PeriodPoints.objects.bulk_create(
            rows, batch_size=_CHUNK, update_conflicts=True, unique_fields=_KEY, update_fields=["points"]
        )


def rebuild_points(program: Program) -> int:
    """Make all points by period again from the ledger; the same rows come out. Gives how many there are.

    The ledger is read once, day by day, and of the rows of a period only those that differ are written.
    """
    rows = 0
    with transaction.atomic():
        ScoreLock.objects.get_or_create(program=program)
        ScoreLock.objects.select_for_update().get(program=program)
        for period, points in _added_up(program):
            _replace(program, period, points)
            rows += len(points)
        _drop_others(program)
    return rows


def _added_up(program: Program) -> Iterator[tuple[Period | None, dict[int, int]]]:
    """Give the points of all members for each period that holds an entry, and last for all the time."""
    span = LedgerEntry.objects.filter(program=program).aggregate(first=Min("day_on"), last=Max("day_on"))
    ever: dict[int, int] = {}
    running: dict[Period, dict[int, int]] = {}
    for day in days_between(span["first"], span["last"]) if span["first"] else ():
        of_day: dict[int, int] = {}
        entries = LedgerEntry.objects.filter(program=program, day_on=day).order_by()
        for member, points in entries.values_list("member", "points").iterator(chunk_size=_READ_AT_ONCE):
            of_day[member] = of_day.get(member, 0) + points
        holding = [Period.of(kind, day) for kind in KINDS]
        for sums in (ever, *(running.setdefault(period, {}) for period in holding)):
            for member, points in of_day.items():
                sums[member] = sums.get(member, 0) + points
        for period in [one for one in running if one.last_on <= day or day == span["last"]]:
            yield period, running.pop(period)
    yield None, ever


def _replace(program: Program, period: Period | None, points: dict[int, int]) -> None:
    kind, first_on = of_period(period)
    kept = PeriodPoints.objects.filter(program=program, kind=kind, first_on=first_on).order_by()
    stored = dict(kept.values_list("member", "points").iterator(chunk_size=_READ_AT_ONCE))
    if stored == points:
        return
    gone = sorted(stored.keys() - points.keys())
    key = (program.pk, kind.value, first_on)
    differ = sorted(member for member, sum_ in points.items() if stored.get(member) != sum_)
    store.put(_TABLE, [(*key, member, points[member]) for member in differ] + [(*key, member, 0) for member in gone])
    store.drop_empty(_TABLE, [(*key, member) for member in gone])


def _drop_others(program: Program) -> None:
    """Delete the rows of periods that hold no entry."""
    known = {of_period(period) for period in _periods(program)}
    kept = PeriodPoints.objects.filter(program=program)
    kinds = [(kind, first_on) for kind, first_on in kept.order_by().values_list("kind", "first_on").distinct()]
    for kind, first_on in kinds:
        if (PeriodPoints.Kind(kind), first_on) not in known:
            kept.filter(kind=kind, first_on=first_on).delete()


def lacks_points(program: Program) -> bool:
    """Whether the ledger has entries and no period has points: it is older than this table."""
    kept = PeriodPoints.objects.filter(program=program, kind=PeriodPoints.Kind.ALL)
    return not kept.exists() and LedgerEntry.objects.filter(program=program).exists()


def wrong_points(program: Program) -> int:
    """Count the rows that are not what the ledger says, or are missing; changes nothing."""
    table, ledger = PeriodPoints._meta.db_table, LedgerEntry._meta.db_table
    kept_for = PeriodPoints.objects.filter(program=program)
    wrong, known = 0, 0
    with connection.cursor() as cursor:
        for period in _periods(program):
            kind, first_on = of_period(period)
            within = "" if period is None else "AND day_on BETWEEN %s AND %s"
            facts = f"SELECT member_id, SUM(points) FROM {ledger} WHERE program_id = %s {within} GROUP BY member_id"  # noqa: S608
            told = [program.pk] if period is None else [program.pk, period.first_on, period.last_on]
            kept = (
                f"SELECT member_id, points FROM {table}"  # noqa: S608
                f" WHERE program_id = %s AND kind = %s AND first_on = {_DAY[connection.vendor]}"
            )
            asked = [program.pk, kind.value, first_on]
            for left, right, values in ((facts, kept, [*told, *asked]), (kept, facts, [*asked, *told])):
                cursor.execute(f"SELECT COUNT(*) FROM ({left} EXCEPT {right}) found", values)  # noqa: S608
                wrong += cursor.fetchone()[0]
            known += kept_for.filter(kind=kind, first_on=first_on).count()
    return wrong + kept_for.count() - known


_DAY: Final = {"sqlite": "%s", "postgresql": "%s::date"}


def _periods(program: Program) -> list[Period | None]:
    """Give every period that holds an entry, and all the time."""
    days = LedgerEntry.objects.filter(program=program).aggregate(first=Min("day_on"), last=Max("day_on"))
    if days["first"] is None:
        return [None]
    return [
        None,
        *sorted({Period.of(kind, day) for day in days_between(days["first"], days["last"]) for kind in KINDS}),
    ]


def _row(program: int, period: Period | None, member: int, points: int) -> PeriodPoints:
    kind, first_on = of_period(period)
    return PeriodPoints(program_id=program, kind=kind, first_on=first_on, member_id=member, points=points)

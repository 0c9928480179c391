"""Writes measurement: folds facts into roll-ups, rebuilds them, and compares them with the facts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from vocero.company.models import Installation, Program
from vocero.company.queries import company_day, house, reporting_zone
from vocero.lib.errors import Refusal
from vocero.lib.periods import Period, PeriodKind, day_starts_at, days_between
from vocero.measurement import disclosure
from vocero.measurement.adoption import ACTIVE_DAYS, adoption_at, advocates_in
from vocero.measurement.contributions import asked_people, contributions
from vocero.measurement.folds import FOLDS, Fold, earliest_day, fingerprints
from vocero.measurement.models import DisclosedCell, DisclosureDecision, FoldedDay, Headcount, Participation

RECENT_DAYS: Final = 35
KINDS: Final = (PeriodKind.WEEK, PeriodKind.MONTH, PeriodKind.QUARTER)


class NotRebuilt(Refusal):
    """The roll-ups of that day cannot be made again from facts."""


@dataclass(frozen=True)
class RolledUp:
    """What a roll-up found: how many days of facts it looked at, and which of them it folded."""

    days: int
    folded: tuple[date, ...]


def roll_up(first_on: date, last_on: date, *, at: datetime, anew: bool = False) -> RolledUp:
    """Bring the roll-ups of some days up to date: only days whose facts have changed, or all of them `anew`.

    Safe to run at any time, twice, and on two machines at once: each day is replaced in one transaction under a lock.
    """
    installation = house()
    folded: set[date] = set()
    share_days: set[date] = set()
    for fold in FOLDS:
        days = _days_to_fold(fold, first_on, last_on, anew=anew)
        for day in days:
            _fold_day(fold, day, installation.currency)
        folded.update(days)
        if fold.source == FoldedDay.Source.SHARES:
            share_days.update(days)
    _count_advocates(share_days)
    _count_heads(installation, first_on, last_on, share_days, at=at, anew=anew)
    return RolledUp(len(days_between(first_on, last_on)), tuple(sorted(folded)))


def roll_up_recent(*, at: datetime) -> RolledUp:
    """Bring the roll-ups of the last 35 days up to date, or of all days since the last run if that is longer ago."""
    today = company_day(house(), at)
    first_on = today - timedelta(days=RECENT_DAYS - 1)
    last = Headcount.objects.aggregate(day=Max("day_on"))["day"]
    return roll_up(min(first_on, last or oldest_complete_day(at)), today, at=at)


def rebuild(*, since: date, at: datetime) -> RolledUp:
    """Make all roll-ups from a day on again from facts; they come out as the same rows.

    Raises NotRebuilt for a day before the oldest one whose facts are complete, and for a day to come.
    """
    today = company_day(house(), at)
    oldest = oldest_complete_day(at)
    if since < oldest:
        raise NotRebuilt(
            _("The facts are complete from %(day)s on. Choose that day or a later one."), day=oldest.isoformat()
        )
    if since > today:
        raise NotRebuilt(_("That day is still to come. Choose today or an earlier one."))
    return roll_up(since, today, at=at, anew=True)


def oldest_complete_day(at: datetime) -> date:
    """Give the oldest day whose facts are all kept: the first day of the house, or of its first fact."""
    installation = house()
    days = [company_day(installation, installation.set_up_at or at)]
    if first := earliest_day():
        days.append(first)
    return min(days)


def _days_to_fold(fold: Fold, first_on: date, last_on: date, *, anew: bool) -> list[date]:
    now = fingerprints(fold, first_on, last_on)
    then = dict(
        FoldedDay.objects.filter(source=fold.source, day_on__range=(first_on, last_on)).values_list(
            "day_on", "fingerprint"
        )
    )
    if anew:
        return days_between(first_on, last_on)
    changed = {day for day in now.keys() | then.keys() if now.get(day) != then.get(day)}
    if fold.builds_on_earlier_days and changed:
        changed |= {day for day in now if day > min(changed)}
    return sorted(changed)


@transaction.atomic
def _fold_day(fold: Fold, day: date, currency: str) -> None:
    folded, _made = FoldedDay.objects.get_or_create(source=fold.source, day_on=day)
    folded = FoldedDay.objects.select_for_update().get(pk=folded.pk)
    fingerprint = fingerprints(fold, day, day).get(day)
    rows = fold.rows(day, currency)
    for table in fold.tables:
        table._default_manager.filter(day_on=day).delete()
        table._default_manager.bulk_create([row for row in rows if type(row) is table], batch_size=500)
    if fingerprint is None:
        folded.delete()
    elif folded.fingerprint != fingerprint:
        folded.fingerprint = fingerprint
        folded.save(update_fields=["fingerprint"])


def _count_advocates(days: Iterable[date]) -> None:
    """Count the distinct advocates of every calendar period that holds one of these days."""
    periods = {Period.of(kind, day) for day in days for kind in KINDS}
    for program in Program.objects.values_list("pk", flat=True):
        for period in sorted(periods):
            _count_period(program, period)


def _count_period(program: int, period: Period) -> None:
    advocates = advocates_in(program, period.first_on, period.last_on)
    row: dict[str, Any] = {"program_id": program, "period_kind": period.kind.value, "first_on": period.first_on}
    if advocates:
        Participation.objects.update_or_create(**row, defaults={"advocates": advocates})
    else:
        Participation.objects.filter(**row).delete()


def _count_heads(
    installation: Installation,
    first_on: date,
    last_on: date,
    share_days: Iterable[date],
    *,
    at: datetime,
    anew: bool,
) -> None:
    """Write the headcount of each day since the last run, and of earlier days that changed shares reach."""
    programs = {program.pk: company_day(installation, program.created_at) for program in Program.objects.all()}
    reached = {day + timedelta(days=ahead) for day in share_days for ahead in range(ACTIVE_DAYS)}
    for program, begins_on in programs.items():
        last = Headcount.objects.filter(program=program, day_on__lte=last_on).aggregate(day=Max("day_on"))["day"]
        for day in days_between(max(first_on, begins_on), last_on):
            if anew or last is None or day >= last or day in reached:
                _count_day(installation, program, day, at=at)


def _count_day(installation: Installation, program: int, day: date, *, at: datetime) -> None:
    ends_at = day_starts_at(day + timedelta(days=1), reporting_zone(installation, at))
    counted = adoption_at(program, ends_at, day)
    Headcount.objects.update_or_create(
        program_id=program,
        day_on=day,
        defaults={"invited": counted.invited, "joined": counted.joined, "active": counted.active},
    )


def decide_due(program: Program, *, at: datetime) -> list[Period]:
    """Decide what may be shown about groups for each closed month and quarter that is not decided yet, oldest first."""
    installation = house()
    zone = reporting_zone(installation, at)
    begins_on = oldest_complete_day(at)
    decided = set(DisclosureDecision.objects.filter(program=program).values_list("period_kind", "first_on"))
    due = []
    for kind in disclosure.KINDS:
        period = Period.of(kind, begins_on)
        while period.ends_at(zone) + disclosure.SETTLING <= at:
            if (period.kind.value, period.first_on) not in decided:
                due.append(period)
            period = period.next()
    due.sort(key=lambda period: (period.last_on, disclosure.KINDS.index(period.kind)))
    for period in due:
        decide(program, period, at=at)
    return due


def decide(program: Program, period: Period, *, at: datetime) -> DisclosureDecision:
    """Decide and store what may be shown about groups for a closed period; what was decided stays."""
    rows = disclosure.decide(
        period,
        contributions(program.pk, period.first_on, period.last_on),
        asked_people(program.pk),
        disclosure.decided_parts(program.pk, period),
        disclosure.team_parents(),
    )
    with transaction.atomic():
        decision, is_new = DisclosureDecision.objects.get_or_create(
            program=program,
            period_kind=period.kind.value,
            first_on=period.first_on,
            defaults={"decided_at": at},
        )
        if is_new:
            for row in rows:
                row.decision = decision
            DisclosedCell.objects.bulk_create(rows)
    return decision

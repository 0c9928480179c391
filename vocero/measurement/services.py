"""Writes measurement: folds facts into roll-ups, rebuilds them, and compares them with the facts."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Final

from django.db import transaction
from django.db.models import Max, Min
from django.utils.translation import gettext_lazy as _

from vocero.company import audit
from vocero.company.models import Installation, Program
from vocero.company.queries import company_day, house, reporting_zone
from vocero.lib.errors import Refusal
from vocero.lib.ids import new_secret
from vocero.lib.money import CURRENCIES, to_millionths
from vocero.lib.periods import Period, day_starts_at, days_between
from vocero.lib.text import tidy
from vocero.lib.tokens import fingerprint
from vocero.measurement import disclosure
from vocero.measurement.adoption import ACTIVE_DAYS, adoption_at_ends
from vocero.measurement.contributions import asked_people, contributions
from vocero.measurement.filling import fill_day, posts_in, rows_from_facts
from vocero.measurement.folds import FOLDS, Fold, earliest_day, fingerprints
from vocero.measurement.growing import count_audience, count_periods, mark_shared
from vocero.measurement.models import (
    DisclosedCell,
    DisclosureDecision,
    FoldedDay,
    Headcount,
    MonthPlan,
    Rate,
    ReportLink,
    ShareStat,
)
from vocero.measurement.rates import STARTERS, starter_costs
from vocero.measurement.weeks import follow, mend
from vocero.people.models import Member
from vocero.tracking.abreast import Work, work_through
from vocero.tracking.queries import first_day_with_clicks, why_not_countable
from vocero.tracking.services import rebuild_clicks

RECENT_DAYS: Final = 35
REPORT_LINK_LASTS: Final = timedelta(days=30)
REPORT_PURPOSE: Final = "measurement.report_link"


class NotRebuilt(Refusal):
    """The roll-ups of that day cannot be made again from facts."""


class NotARate(Refusal):
    """What was given cannot be the cost of a click."""


@dataclass(frozen=True)
class RolledUp:
    """What a roll-up found: how many days of facts it looked at, and which of them it folded."""

    days: int
    folded: tuple[date, ...]


def roll_up(first_on: date, last_on: date, *, at: datetime) -> RolledUp:
    """Bring the roll-ups of some days up to date: only days whose facts have changed.

    Safe to run at any time, twice, and on two machines at once: each day is replaced in one transaction under a lock.
    """
    installation = house()
    folded: set[date] = set()
    share_days: set[date] = set()
    for fold in FOLDS:
        days = _days_to_fold(fold, first_on, last_on)
        for day in days:
            _fold_day(fold, day, installation.currency)
        folded.update(days)
        if fold.source == FoldedDay.Source.SHARES:
            share_days.update(days)
    count_periods(share_days)
    _count_heads(installation, first_on, last_on, share_days, at=at)
    return RolledUp(len(days_between(first_on, last_on)), tuple(sorted(folded)))


def roll_up_anew(
    first_on: date,
    last_on: date,
    *,
    at: datetime,
    tell: Callable[[date], None] = lambda _day: None,
    processes: int = 1,
) -> RolledUp:
    """Make the roll-ups of all these days again, in so many processes at once; `tell` hears of each day."""
    installation, days = house(), days_between(first_on, last_on)
    work_through(days, lambda: _folding(installation.currency), processes=processes, tell=tell)
    mend(first_on, last_on)
    count_periods(days)
    _count_heads(installation, first_on, last_on, days, at=at, anew=True)
    return RolledUp(len(days), tuple(days))


def _folding(currency: str) -> Work:
    """Give what folds all facts of days again."""

    def fold_some(days: Sequence[date], tell: Callable[[date], None]) -> None:
        for day in days:
            for fold in FOLDS:
                _fold_day(fold, day, currency)
            tell(day)

    return fold_some


def roll_up_recent(*, at: datetime) -> RolledUp:
    """Bring the roll-ups of the last 35 days up to date, or of all days since the last run if that is longer ago."""
    today = company_day(house(), at)
    first_on = today - timedelta(days=RECENT_DAYS - 1)
    last = Headcount.objects.aggregate(day=Max("day_on"))["day"]
    if last is None or not FoldedDay.objects.exists():
        last = first_day_of_facts(at)
    done = roll_up(min(first_on, last), today, at=at)
    count_audience(today, at=at)
    return done


def rebuild(
    *,
    since: date,
    at: datetime,
    tell: Callable[[date], None] = lambda _day: None,
    tell_folded: Callable[[date], None] = lambda _day: None,
    processes: int = 1,
) -> RolledUp:
    """Make all roll-ups from a day on again from facts; they come out as the same rows.

    `tell` hears of each day whose clicks are done, `tell_folded` of each whose shares, engagement and conversions are;
    so many processes work at once.
    Raises NotRebuilt for a day before the oldest one whose facts are complete, and for a day to come.
    """
    today = company_day(house(), at)
    oldest = oldest_complete_day(at)
    if since < oldest and (reason := why_not_countable(since)):
        raise NotRebuilt(_("The facts are complete from %(day)s on. %(reason)s"), day=oldest.isoformat(), reason=reason)
    if since < oldest:
        raise NotRebuilt(
            _("The facts are complete from %(day)s on. Choose that day or a later one."), day=oldest.isoformat()
        )
    if since > today:
        raise NotRebuilt(_("That day is still to come. Choose today or an earlier one."))
    rebuild_clicks(since, today, tell=tell, processes=processes)
    return roll_up_anew(since, today, at=at, tell=tell_folded, processes=processes)


def first_day(at: datetime, known: Installation | None = None) -> date:
    """Give the first day that there are figures for: that of the house, or the first one in the roll-ups.

    `known` is the house if it is read already.
    """
    installation = known or house()
    days = [company_day(installation, installation.set_up_at or at)]
    if folded := FoldedDay.objects.aggregate(day=Min("day_on"))["day"]:
        days.append(folded)
    return min(days)


def first_day_of_facts(at: datetime) -> date:
    """Give the same from the facts, of which some may not be in the roll-ups yet: it looks at all of them."""
    return min([first_day(at), *filter(None, [earliest_day()])])


def oldest_complete_day(at: datetime) -> date:
    """Give the oldest day whose facts are all kept: the first day, or the first whose single clicks are not forgotten."""
    return max(first_day_of_facts(at), first_day_with_clicks() or date.min)


def _days_to_fold(fold: Fold, first_on: date, last_on: date) -> list[date]:
    now = fingerprints(fold, first_on, last_on)
    then = dict(
        FoldedDay.objects.filter(source=fold.source, day_on__range=(first_on, last_on)).values_list(
            "day_on", "fingerprint"
        )
    )
    changed = {day for day in now.keys() | then.keys() if now.get(day) != then.get(day)}
    if fold.builds_on_earlier_days and changed:
        changed |= {day for day in now if day > min(changed)}
    return sorted(changed)


def _fold_day(fold: Fold, day: date, currency: str) -> None:
    """Make the rows of a day again. Facts are added up without holding anybody up, and again if they changed meanwhile."""
    before = fingerprints(fold, day, day).get(day)
    found = [rows_from_facts(filled, day, currency) for filled in fold.tables]
    with transaction.atomic():
        folded, _made = FoldedDay.objects.get_or_create(source=fold.source, day_on=day)
        folded = FoldedDay.objects.select_for_update().get(pk=folded.pk)
        fingerprint = fingerprints(fold, day, day).get(day)
        if fingerprint != before:
            found = [rows_from_facts(filled, day, currency) for filled in fold.tables]
        for filled, rows in zip(fold.tables, found, strict=True):
            stood, changes = fill_day(filled.table, day, rows)
            if filled.model is ShareStat:
                if changes:
                    follow(day, changes)
                mark_shared(posts_in(stood), posts_in(rows))
        if fingerprint is None:
            folded.delete()
        elif folded.fingerprint != fingerprint:
            folded.fingerprint = fingerprint
            folded.save(update_fields=["fingerprint"])


def _count_heads(
    installation: Installation,
    first_on: date,
    last_on: date,
    share_days: Iterable[date],
    *,
    at: datetime,
    anew: bool = False,
) -> None:
    """Write the headcount of each day since the last run, and of earlier days that changed shares reach."""
    programs = {program.pk: company_day(installation, program.created_at) for program in Program.objects.all()}
    reached = {day + timedelta(days=ahead) for day in share_days for ahead in range(ACTIVE_DAYS)}
    zone = reporting_zone(installation, at)
    for program, begins_on in programs.items():
        last = Headcount.objects.filter(program=program, day_on__lte=last_on).aggregate(day=Max("day_on"))["day"]
        days = [
            day
            for day in days_between(max(first_on, begins_on), last_on)
            if anew or last is None or day >= last or day in reached
        ]
        ends = [(day, day_starts_at(day + timedelta(days=1), zone)) for day in days]
        for day, counted in zip(days, adoption_at_ends(program, ends), strict=True):
            Headcount.objects.update_or_create(
                program_id=program,
                day_on=day,
                defaults={"invited": counted.invited, "joined": counted.joined, "active": counted.active},
            )


def decide_due(program: Program, *, at: datetime) -> list[Period]:
    """Decide what may be shown about groups for each closed month and quarter that is not decided yet, oldest first."""
    installation = house()
    zone = reporting_zone(installation, at)
    begins_on = first_day(at)
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


def unconfirmed_rates(*, at: datetime) -> list[Rate]:
    """Give the published rates, not stored yet, of networks that have none."""
    known = set(Rate.objects.values_list("network", flat=True))
    begins_on = first_day(at)
    return [
        Rate(
            network=starter.network,
            currency=starter.currency,
            **starter_costs(starter),
            from_on=begins_on,
            source=starter.source,
            source_on=starter.source_on,
            is_starter=True,
            created_at=at,
        )
        for starter in STARTERS
        if starter.network not in known
    ]


@transaction.atomic
def confirm_starter_rates(*, by: Member, at: datetime) -> int:
    """Confirm the published rates for networks that have none, so that clicks are priced with them; gives how many."""
    rates = unconfirmed_rates(at=at)
    for rate in rates:
        rate.confirmed_at, rate.confirmed_by = at, by
        rate.save(force_insert=True)
    if rates:
        audit.record("measurement.rates_confirmed", actor=by.public_id, at=at, detail={"count": len(rates)})
    return len(rates)


@transaction.atomic
def set_rate(
    network: str,
    *,
    currency: str,
    base: Decimal,
    low: Decimal | None = None,
    high: Decimal | None = None,
    from_on: date,
    source: str,
    by: Member,
    at: datetime,
) -> Rate:
    """Enter what a click costs on a network from a day on; it is confirmed by entering it. Days before keep their rate.

    Amounts are in major units of the currency. Raises NotARate.
    """
    costs = [to_millionths(cost) for cost in (base if low is None else low, base, base if high is None else high)]
    if costs[1] <= 0 or sorted(costs) != costs:
        raise NotARate(_("Please give a cost above zero, and the least and the most around it."), field="base")
    if currency not in CURRENCIES:
        raise NotARate(_("Please choose one of the currencies in the list."), field="currency")
    if not source.strip():
        raise NotARate(_("Please say where this number comes from, so that others can judge it."), field="source")
    rate, _made = Rate.objects.update_or_create(
        network=network,
        from_on=from_on,
        defaults={
            "currency": currency,
            "low": costs[0],
            "base": costs[1],
            "high": costs[2],
            "source": source.strip()[:300],
            "source_on": None,
            "is_starter": False,
            "created_at": at,
            "confirmed_at": at,
            "confirmed_by": by,
        },
    )
    audit.record("measurement.rate_set", actor=by.public_id, at=at, subject=network)
    return rate


def drop_rate(rate: Rate, *, by: Member, at: datetime) -> None:
    """Take a rate away; its days are priced by the one before, or not at all."""
    rate.delete()
    audit.record("measurement.rate_dropped", actor=by.public_id, at=at, subject=rate.network)


def make_report_link(program: Program, month: Period, *, language: str, by: Member, at: datetime) -> str:
    """Make a read-only address of a month's page that ends after 30 days; gives its token, which is shown once."""
    token = new_secret()
    ReportLink.objects.create(
        program=program,
        first_on=month.first_on,
        token_hash=fingerprint(REPORT_PURPOSE, token),
        language=language,
        created_by=by,
        created_at=at,
        expires_at=at + REPORT_LINK_LASTS,
    )
    audit.record("measurement.report_link_made", actor=by.public_id, at=at, subject=month.key)
    return token


def report_link(token: str, *, at: datetime) -> ReportLink | None:
    """Give the read-only address that a token opens now, None when it is not ours, ended or over."""
    link = ReportLink.objects.filter(token_hash=fingerprint(REPORT_PURPOSE, token), revoked_at=None, expires_at__gt=at)
    return link.select_related("program").first()


def plan_month(program: Program, month: Period, *, text: str, at: datetime) -> None:
    """Keep what the program team wants to do next; an empty text brings the suggestions back."""
    MonthPlan.objects.update_or_create(
        program=program, first_on=month.first_on, defaults={"text": tidy(text)[:600], "updated_at": at}
    )


def end_report_link(link: ReportLink, *, by: Member, at: datetime) -> None:
    """End a read-only address before its time."""
    if ReportLink.objects.filter(pk=link.pk, revoked_at=None).update(revoked_at=at):
        audit.record("measurement.report_link_ended", actor=by.public_id, at=at, subject=link.public_id)

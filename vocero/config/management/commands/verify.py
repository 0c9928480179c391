"""`vocero verify`: recount everything from the facts and compare with the roll-ups; changes nothing."""

from collections import Counter
from datetime import date, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.db.models import Model

from vocero.company.models import Program
from vocero.company.queries import company_day, house, installation
from vocero.lib import clock
from vocero.measurement import services
from vocero.measurement.models import (
    AdvocateDay,
    ConversionStat,
    EngagementStat,
    Headcount,
    Participation,
    SharedPost,
    ShareStat,
    ShareWeek,
)
from vocero.recognition.period_points import wrong_points
from vocero.tracking.queries import why_not_countable
from vocero.tracking.services import wrong_roll_ups

FOLDED: tuple[type[Model], ...] = (
    ShareStat,
    ShareWeek,
    EngagementStat,
    ConversionStat,
    AdvocateDay,
    Participation,
    SharedPost,
    Headcount,
)


class Command(BaseCommand):
    help = (
        "Recounts everything from the facts and compares with the roll-ups. Nothing is changed. Clicks are compared day by"
        " day while more come in; while shares are folded anew, what wants to be written waits."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        if installation() is None:
            raise CommandError("There is no company here yet: vocero setup")
        at = clock.now()
        if left_out := why_not_countable(services.first_day(at)):
            oldest = services.oldest_complete_day(at)
            self.stdout.write(f"  note   days before {oldest} cannot be recounted. {left_out}")
        since, today = services.oldest_complete_day(at), company_day(house(), at)
        wrong = 0
        for table, rows_wrong in wrong_roll_ups(since, today, tell=self._tell).items():
            wrong += bool(rows_wrong)
            name, rows = table._meta.verbose_name_plural, table._default_manager.count()
            told = f"{rows_wrong} rows are not what the clicks say" if rows_wrong else f"{rows} rows"
            self.stdout.write(f"  {'WRONG ' if rows_wrong else 'ok    '} {name}: {told}")
        self.stdout.write("  folding shares, engagement and conversions of these days anew ...")
        wrong += self._compare_folds(since, today, at=at)
        points = sum(wrong_points(program) for program in Program.objects.all())
        wrong += bool(points)
        self.stdout.write(f"  WRONG  {points} rows of points by period" if points else "  ok     points by period")
        if wrong:
            raise CommandError("The roll-ups are not what the facts say. Make them anew: vocero rebuild")
        self.stdout.write("The roll-ups are what the facts say.")

    def _compare_folds(self, since: date, today: date, *, at: datetime) -> int:
        """Fold all days anew in a transaction that is taken back; gives how many tables came out different."""
        with transaction.atomic():
            services.roll_up_recent(at=at)
            before = {table: rows(table) for table in FOLDED}
            services.roll_up_anew(since, today, at=at)
            after = {table: rows(table) for table in FOLDED}
            transaction.set_rollback(True)
        wrong = 0
        for table in FOLDED:
            name = str(table._meta.verbose_name_plural)
            missing, extra = (after[table] - before[table]).total(), (before[table] - after[table]).total()
            if missing or extra:
                wrong += 1
                self.stdout.write(f"  WRONG  {name}: {missing} rows should be there, {extra} should not")
            else:
                self.stdout.write(f"  ok     {name}: {after[table].total()} rows")
        return wrong

    def _tell(self, day: date) -> None:
        self.stdout.write(f"  {day.isoformat()}: clicks counted")


def rows(table: type[Model]) -> Counter[tuple[Any, ...]]:
    """How often each row is there, by everything but its key."""
    fields = [field.attname for field in table._meta.concrete_fields if field.attname != "id"]
    return Counter(table._default_manager.values_list(*fields).iterator())

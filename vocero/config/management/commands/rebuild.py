"""`vocero rebuild --since DATE`: make the roll-ups anew from the facts."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vocero.company.models import Program
from vocero.company.queries import installation
from vocero.lib import clock
from vocero.lib.errors import Refusal
from vocero.measurement.services import oldest_complete_day, rebuild
from vocero.recognition.period_points import rebuild_points


class Command(BaseCommand):
    help = (
        "Makes the roll-ups of all days since DATE again from the facts, and points by period from the ledger; "
        "running it twice gives the same rows."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since",
            type=date.fromisoformat,
            metavar="YYYY-MM-DD",
            help="the first day; by default the oldest complete one",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if installation() is None:
            raise CommandError("There is no company here yet: vocero setup")
        at = clock.now()
        try:
            done = rebuild(since=options["since"] or oldest_complete_day(at), at=at, tell=self._tell)
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
        for program in Program.objects.all():
            rebuild_points(program)
        self.stdout.write(f"{len(done.folded)} days were made anew.")

    def _tell(self, day: date) -> None:
        self.stdout.write(f"  {day.isoformat()}: clicks counted")

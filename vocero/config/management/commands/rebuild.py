"""`vocero rebuild --since DATE`: make the roll-ups anew from the facts."""

import time
from argparse import ArgumentParser
from datetime import date, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vocero.company.models import Program
from vocero.company.queries import company_day, house, installation
from vocero.lib import clock
from vocero.lib.errors import Refusal
from vocero.measurement.services import oldest_complete_day, rebuild
from vocero.recognition.period_points import rebuild_points
from vocero.tracking.abreast import NotFinished, cores


class Progress:
    """How far it is: the days whose clicks are done and those whose shares are, and from which one to go on after an end."""

    def __init__(self, first_on: date, last_on: date) -> None:
        self._first_on, self._last_on = first_on, last_on
        self._done: set[date] = set()
        self._folded = 0
        self._began = time.monotonic()

    @property
    def is_done(self) -> bool:
        """Whether the clicks of all days are counted."""
        return self.next_on > self._last_on

    @property
    def next_on(self) -> date:
        """The first day that is not done."""
        day = self._first_on
        while day in self._done:
            day += timedelta(days=1)
        return day

    def note(self, day: date) -> str:
        """Note that a day is done; gives what to say about it."""
        self._done.add(day)
        done, whole = len(self._done), (self._last_on - self._first_on).days + 1
        left = (time.monotonic() - self._began) / done * (whole - done)
        return f"  {day.isoformat()}: clicks counted, {done} of {whole} days, about {_length(left)} left"

    def note_folded(self, day: date) -> str:
        """Note that the shares, engagement and conversions of a day are folded; gives what to say about it."""
        self._folded += 1
        whole = (self._last_on - self._first_on).days + 1
        return f"  {day.isoformat()}: shares, engagement and conversions folded, {self._folded} of {whole} days"


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
        parser.add_argument(
            "--processes",
            type=int,
            default=cores(),
            metavar="NUMBER",
            help="how many processes work at once; by default one for each core of this machine",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if installation() is None:
            raise CommandError("There is no company here yet: vocero setup")
        at = clock.now()
        since = options["since"] or oldest_complete_day(at)
        progress = Progress(since, company_day(house(), at))
        try:
            done = rebuild(
                since=since,
                at=at,
                tell=lambda day: self.stdout.write(progress.note(day)),
                tell_folded=lambda day: self.stdout.write(progress.note_folded(day)),
                processes=max(1, options["processes"]),
            )
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
        except (NotFinished, KeyboardInterrupt) as reason:
            raise CommandError(f"It is not finished. {reason}\n{self._go_on(progress)}".replace(" \n", "\n")) from None
        self.stdout.write("  points by period ...")
        for program in Program.objects.all():
            rebuild_points(program)
        self.stdout.write(f"{len(done.folded)} days were made anew.")

    def _go_on(self, progress: Progress) -> str:
        if progress.is_done:
            return "The clicks of all days are counted; what is left is short. Run it again."
        return f"What was told of is done and stays. Go on with: vocero rebuild --since {progress.next_on}"


def _length(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"

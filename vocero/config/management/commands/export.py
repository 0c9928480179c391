"""`vocero export`: take single clicks to ClickHouse now, or compare how many each day has there."""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vocero.company.queries import company_day, house, installation
from vocero.lib import clock
from vocero.measurement.services import first_day
from vocero.tracking import export
from vocero.tracking.clickhouse import CREATE, ClickHouseAway


class Command(BaseCommand):
    help = "Takes single clicks to ClickHouse (VOCERO_CLICKHOUSE_URL); what is there already counts once."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--compare", action="store_true", help="only compare how many clicks each day has there")
        parser.add_argument("--table", action="store_true", help="only print the statement that makes the table")
        parser.add_argument(
            "--since", type=date.fromisoformat, metavar="YYYY-MM-DD", help="the first day to compare; by default all"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["table"]:
            self.stdout.write(CREATE + ";")
            return
        if not export.is_set():
            raise CommandError("No ClickHouse server is set: VOCERO_CLICKHOUSE_URL")
        if installation() is None:
            raise CommandError("There is no company here yet: vocero setup")
        try:
            if not options["compare"]:
                self._send()
            self._compare(options["since"], may_send=not options["compare"])
        except ClickHouseAway as error:
            raise CommandError(
                f"ClickHouse did not do what it was asked: {error}. Nothing is lost; try again."
            ) from None

    def _send(self) -> None:
        sent = 0
        while count := export.send_next(at=clock.now()):
            sent += count
            self.stderr.write(f"{sent} clicks sent")

    def _compare(self, since: date | None, *, may_send: bool) -> None:
        at = clock.now()
        span = since or first_day(at), company_day(house(), at)
        if may_send:
            for day in export.send_again(*span, at=at):
                self.stderr.write(f"{day} sent again")
        different = export.differences(*span)
        for day, (ours, theirs) in different.items():
            self.stdout.write(f"  {day}: {ours} clicks here, {theirs} in ClickHouse")
        if different:
            raise CommandError(
                f"{len(different)} days differ. Clicks of the last minute are still to go; else: vocero export"
            )
        self.stdout.write("ClickHouse has the same clicks as the roll-ups, day by day.")

"""`vocero archive`: take single clicks beyond their time out of the database now, and say what the archive holds."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from vocero.company.queries import company_day, installation
from vocero.lib import clock
from vocero.tracking import archive
from vocero.tracking.services import settle_clicks


class Command(BaseCommand):
    help = "Takes months of single clicks beyond their time into the archive (or forgets them, as set), and lists them."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        house = installation()
        if house is None:
            raise CommandError("There is no company here yet: vocero setup")
        at = clock.now()
        before_on = company_day(house, at) - timedelta(days=settings.VOCERO_RAW_CLICK_DAYS)
        gone = settle_clicks(before_on=before_on, at=at, tell=self._tell)
        for month, row in archive.settled_months():
            state = archive.why_unreadable(row, archive.folder()) or f"{row.clicks} clicks, {row.bytes} bytes"
            self.stdout.write(f"  {month.key}  {state}")
        self.stdout.write(f"{gone} clicks were taken out of the database.")
        left = archive.months_due(before_on=before_on)
        if left:
            raise CommandError(f"{len(left)} months stay in the database; what was said above tells why.")

    def _tell(self, text: str) -> None:
        self.stderr.write(text)

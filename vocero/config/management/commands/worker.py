"""`vocero worker`: run the due work, on this or on any further machine."""

import signal
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vocero.config.schedule import SecondMachine, Worker


class Command(BaseCommand):
    help = "Runs the due work: publishing, fetching, counting, mail. Any number of workers may run with PostgreSQL."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        worker = Worker()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: worker.stop())
        try:
            worker.run()
        except SecondMachine as error:
            raise CommandError(str(error)) from None

"""`vocero ingest`: take the clicks of this machine's segments into the database."""

import signal
import threading
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from vocero.config import links
from vocero.lib import clock
from vocero.tracking.ingest import Ingest, alone


class Command(BaseCommand):
    help = "Takes the clicks of this machine's links into the database. A second one waits for the first to end."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        stopped = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        folder = settings.ENVIRONMENT.segments
        known = links.settings(settings.ENVIRONMENT).known
        with alone(folder, stop=stopped.is_set) as is_alone:
            if is_alone:
                Ingest(folder, known=known).run(now=clock.now, stop=stopped.is_set)

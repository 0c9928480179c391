"""Makes the demo company in an empty demo database; `vocero demo` calls it."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from vocero.config import waiting
from vocero.config.demo.build import Build
from vocero.config.demo.start import PROGRESS
from vocero.lib import clock


class Command(BaseCommand):
    """Makes ninety days of history by the product's own services."""

    help = "Make the demo company (called by `vocero demo`)."

    def handle(self, *args: Any, **options: Any) -> None:
        """Build, telling the waiting page how far it is."""
        told = settings.ENVIRONMENT
        if not told.demo:
            raise CommandError("This makes up a company. Start it with `vocero demo`.")
        progress = str(told.data / PROGRESS)
        build = Build(
            ends_at=clock.now(),
            base_url=told.base_url,
            segments=told.segments,
            say=lambda step, part: waiting.write(progress, step, part),
        )
        build.run()
        waiting.write(progress, "start")

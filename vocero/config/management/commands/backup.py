"""`vocero backup [FOLDER]`: copy the whole installation into a folder of its own, while it runs, without its keys."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from vocero.company.models import Installation
from vocero.config import backup
from vocero.config.dumps import NoDump
from vocero.lib import clock


class Command(BaseCommand):
    help = (
        "Copies database, files, clicks and archive as they are now into a new folder below FOLDER, with the sum of"
        " each file. The keys are not in it: they belong in another place (--keys-to)."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "folder", nargs="?", type=Path, help="where backups are kept; by default `backups` in the data folder"
        )
        parser.add_argument("--keys-to", type=Path, metavar="FOLDER", help="write the keys here too: somewhere else")
        parser.add_argument("--keep", type=int, metavar="N", help="then delete all but the newest N backups in FOLDER")

    def handle(self, *args: Any, **options: Any) -> None:
        told, at = settings.ENVIRONMENT, clock.now()
        place: Path = options["folder"] or told.data / backup.BACKUPS
        if options["keep"] is not None and options["keep"] < 1:
            raise CommandError("Keep at least one backup: --keep 1")
        try:
            made = backup.make(told, place, at=at, tell=self.stdout.write)
            if options["keys_to"]:
                backup.copy_keys(told, options["keys_to"], backup=place)
            Installation.objects.update(backed_up_at=at)
            gone = backup.keep_only(place, options["keep"] or 0)
        except (backup.BadBackup, NoDump) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename or place}: {error.strerror or error}. No backup was made.") from error
        self.stdout.write(f"Complete: {made}")
        if gone:
            self.stdout.write(f"{gone} older deleted.")
        if options["folder"] is None:
            self.stdout.write("It lies on the disk that it protects. Give a FOLDER on another one.")

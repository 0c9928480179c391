"""`vocero restore FOLDER`: put a backup into an empty place, with shares and mail stopped until somebody has looked."""

import os
import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from vocero.config import backup, restoring
from vocero.config.dumps import NoDump
from vocero.lib import clock


class Command(BaseCommand):
    help = "Checks a backup and puts it into an empty data folder and database. Nothing leaves until you say so."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", type=Path, help="the folder that `vocero backup` named")
        parser.add_argument("--keys-from", type=Path, metavar="FOLDER", help="what `backup --keys-to` wrote")

    def handle(self, *args: Any, **options: Any) -> None:
        told, folder = settings.ENVIRONMENT, options["folder"]
        try:
            if options["keys_from"]:
                restoring.put_keys(options["keys_from"], told)
                # The keys that this process read at its start are others: begin anew with those.
                os.execv(sys.executable, [sys.executable, "-m", "vocero", "restore", str(folder)])  # noqa: S606
            back = restoring.restore(folder, told, at=clock.now(), tell=self.stdout.write)
        except (backup.BadBackup, NoDump) as error:
            raise CommandError(str(error)) from error
        except OSError as error:
            raise CommandError(f"{error.filename or folder}: {error.strerror or error}.") from error
        self._say(back)

    def _say(self, back: restoring.Restored) -> None:
        manifest = back.manifest
        lines = [f"Restored: {backup.rows_of(manifest.rows)}, as they were {manifest.moment:%Y-%m-%d %H:%M} UTC."]
        if not back.has_keys:
            lines.append(
                "The keys of that installation are not here: accounts have to be connected again. Or begin anew"
                " with --keys-from."
            )
        if not back.has_whole_log:
            lines.append("The seals of the audit log cannot be checked: they were made with another secret key.")
        lines += [
            "Nothing leaves: shares and mail are stopped.",
            f"{back.in_doubt} shares were due since and may be out: their advocates are asked to look.",
            "Next:",
            "  1. vocero check, then vocero verify",
            "  2. vocero serve, and look at it: what was planned for later, who left or was erased since",
            "  3. Guideline and checks: press “Let it go on”. In a copy beside the real installation, never.",
        ]
        self.stdout.write("\n".join(lines))

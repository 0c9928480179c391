"""`vocero check`: what is wrong with this installation and how to mend it; Django's own checks run first."""

from typing import Any

from django.conf import settings
from django.core.checks import Error
from django.core.checks import run_checks as run_system_checks
from django.core.management.base import CommandParser
from django.core.management.commands.check import Command as SystemCheck

from vocero.config import diagnosis
from vocero.config.diagnosis import FINE, NOTE, WRONG, Finding
from vocero.lib import clock

_MARKS = {FINE: "  ok   ", NOTE: "  note ", WRONG: "  WRONG"}


class Command(SystemCheck):
    help = "Says what is wrong with this installation, how to mend it, and what does not work without HTTPS or from outside."

    def add_arguments(self, parser: CommandParser) -> None:
        super().add_arguments(parser)
        parser.add_argument("--code", action="store_true", help="only Django's checks of the code")

    def handle(self, *app_labels: Any, **options: Any) -> None:
        if app_labels or options["code"] or options["tags"] or options["list_tags"] or options["deploy"]:
            super().handle(*app_labels, **options)
            return
        wrong = 0
        for finding in self._findings():
            wrong += finding.level == WRONG
            self.stdout.write(f"{_MARKS[finding.level]}  {finding.about}: {finding.text}")
            if finding.mend:
                self.stdout.write(f"           -> {finding.mend}")
        self.stdout.write("")
        if wrong:
            self.stdout.write(f"{wrong} things are wrong.")
            raise SystemExit(1)
        self.stdout.write("Nothing is wrong.")

    def _findings(self) -> list[Finding]:
        code = [issue for issue in run_system_checks() if isinstance(issue, Error)]
        found = [Finding(WRONG, "code", f"{issue.msg} ({issue.id})", issue.hint or "") for issue in code]
        told = settings.ENVIRONMENT
        found.append(Finding(FINE, "settings", "Every setting is known and can be used."))
        if diagnosis.has_debug():
            found.append(
                Finding(
                    WRONG, "settings", "VOCERO_DEBUG is on: error pages show code and data.", "Leave VOCERO_DEBUG out."
                )
            )
        return [*found, *diagnosis.findings(told, at=clock.now())]

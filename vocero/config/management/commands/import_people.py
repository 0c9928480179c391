"""`vocero import-people FILE`: bring in a people list of any layout, after showing what it would do."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vocero.company.queries import installation
from vocero.lib import clock
from vocero.lib.errors import Refusal
from vocero.people import importing
from vocero.people.columns import FIELDS

_SHOWN = 20


class Command(BaseCommand):
    requires_system_checks = ()
    help = (
        "Brings in a CSV or XLSX list of people. Nothing is written before the question is answered, or --yes is given."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="a CSV or XLSX file")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument(
            "--column",
            action="append",
            default=[],
            metavar="FIELD=NUMBER",
            help=f"say which column (from 1) holds a field: {', '.join(FIELDS)}",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if installation() is None:
            raise CommandError("There is no company here yet: vocero setup")
        file: Path = options["file"]
        try:
            data = file.read_bytes()
        except OSError as error:
            raise CommandError(f"{file} cannot be read: {error.strerror}.") from None
        try:
            uploaded = importing.upload(file.name, data, by=None, at=clock.now())
            importing.map_columns(uploaded, uploaded.mapping | self._columns(options["column"]))
            faults = self._show(importing.preview(uploaded), uploaded.columns, uploaded.mapping)
            if not options["yes"] and not self._agreed():
                importing.discard(uploaded)
                self.stdout.write("Nothing was written.")
                return
            importing.confirm(uploaded, actor="", at=clock.now())
            while not importing.is_finished(uploaded):
                uploaded = importing.write_step(uploaded, at=clock.now())
        except Refusal as refusal:
            raise CommandError(str(refusal)) from None
        result = uploaded.result
        self.stdout.write(
            f"{result['new']} people are new, {result['changed']} were changed, {result['same']} were the same, "
            f"{faults} lines were left out."
        )

    def _columns(self, given: list[str]) -> dict[str, int]:
        columns = {}
        for words in given:
            name, _, number = words.partition("=")
            if name not in FIELDS or not number.isdigit() or int(number) < 1:
                raise CommandError(f"--column {words} is not understood. Write for example: --column email=3")
            columns[name] = int(number) - 1
        return columns

    def _show(self, preview: importing.Preview, columns: list[str], mapping: dict[str, int]) -> int:
        """Say what the import would do; gives the number of faulty lines."""
        for name, column in sorted(mapping.items(), key=lambda pair: pair[1]):
            self.stdout.write(f"  {name}: column {column + 1}, “{columns[column]}”")
        faulty = preview.of(importing.FAULTY)
        for line in faulty[:_SHOWN]:
            self.stdout.write(f"  line {line.number}: {line.reason}")
        if len(faulty) > _SHOWN:
            self.stdout.write(f"  ... and {len(faulty) - _SHOWN} more faulty lines")
        counts = preview.counts
        self.stdout.write(
            f"{counts[importing.NEW]} new, {counts[importing.CHANGED]} changed, {counts[importing.SAME]} the same, "
            f"{len(faulty)} faulty."
        )
        return len(faulty)

    def _agreed(self) -> bool:
        if not sys.stdin.isatty():
            raise CommandError("Add --yes to write this.")
        return input("Write this? [y/N] ").strip().lower() in {"y", "yes"}

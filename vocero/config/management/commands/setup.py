"""`vocero setup`: the first questions of a new installation, asked or given as options."""

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from vocero.company.queries import installation
from vocero.lib import clock
from vocero.lib.errors import Refusal
from vocero.people.services import set_up_company

QUESTIONS = {
    "company_name": ("Name of the company", ""),
    "owner_name": ("Your name (you become the owner)", ""),
    "owner_email": ("Your work e-mail", ""),
    "base_url": ("Address that people will open", settings.ENVIRONMENT.base_url),
    "time_zone": ("Time zone, such as Europe/Madrid", "UTC"),
    "language": ("First language (en, es, it or pl)", "en"),
    "currency": ("Currency", "EUR"),
}
_FIELDS = {"company": "company_name"}


class Command(BaseCommand):
    help = "Makes the company and its first owner. What is not given as an option is asked; the browser can do it too."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        for name, (question, _) in QUESTIONS.items():
            parser.add_argument("--" + name.replace("_", "-"), help=question)
        parser.add_argument(
            "--password-stdin", action="store_true", help="read the owner's password from standard input"
        )
        parser.add_argument("--no-points", action="store_true", help="do without points")

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("prepare")
        if installation() is not None:
            raise CommandError(f"This company is set up already. Sign in at {settings.ENVIRONMENT.base_url}")
        asks = sys.stdin.isatty() and not options["password_stdin"]
        answers: dict[str, Any] = {name: options[name] or self._answer(name, asks=asks) for name in QUESTIONS}
        password = sys.stdin.readline().rstrip("\n") if options["password_stdin"] else self._password(asks=asks)
        while True:
            try:
                house, owner = set_up_company(
                    **answers, password=password, points=not options["no_points"], at=clock.now()
                )
                break
            except Refusal as refusal:
                field = _FIELDS.get(refusal.field or "", refusal.field or "")
                if not asks or field not in QUESTIONS:
                    raise CommandError(f"{field}: {refusal}" if field else str(refusal)) from None
                self.stderr.write(str(refusal))
                answers[field] = self._answer(field, asks=True)
        self.stdout.write(
            f"{house.name} is set up. Sign in as {owner.email}: {house.base_url}{reverse('public:sign-in')}"
        )

    def _answer(self, name: str, *, asks: bool) -> str:
        question, usual = QUESTIONS[name]
        if not asks:
            if not usual:
                raise CommandError(f"Please give --{name.replace('_', '-')}.")
            return usual
        return input(f"{question}{f' [{usual}]' if usual else ''}: ").strip() or usual

    def _password(self, *, asks: bool) -> str:
        """The owner's password; needed where no mail can bring a code to sign in with."""
        if not asks:
            if settings.ENVIRONMENT.mail_server is None:
                raise CommandError(
                    "Without VOCERO_SMTP_URL no code can be mailed: give a password with --password-stdin."
                )
            return ""
        while True:
            first = getpass.getpass("Password (at least 12 characters): ")
            if len(first) >= 12 and first == getpass.getpass("The same again: "):
                return first
            self.stderr.write("That was too short or not the same twice. Once more, please.")

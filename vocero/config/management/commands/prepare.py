"""`vocero prepare`: bring the database and the static files to this version; `serve` does it by itself."""

import errno
import fcntl
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import OperationalError, connection
from django.urls import reverse

from vocero.company.services import setup_token
from vocero.config.readiness import unapplied
from vocero.config.watching import put_in_place

_LOCK_NUMBER = 0x766F6365
_NO_ROOM = 1 << 20
"""With less than this free, a disk is full."""


class Command(BaseCommand):
    help = "Applies missing migrations and collects static files, once, also when several machines start together."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--tell", action="store_true", help="say where to begin while there is no company yet")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self._prepare(**options)
        except (OperationalError, OSError) as error:
            raise CommandError(_why(error)) from error

    def _prepare(self, **options: Any) -> None:
        with _alone():
            missing = unapplied()
            if missing:
                self.stderr.write(f"Bringing the database to this version ({len(missing)} steps) ...")
                call_command("migrate", interactive=False, verbosity=0)
            put_in_place(connection.alias)
        _collect_static()
        token = setup_token() if options["tell"] else None
        if token:
            address = settings.ENVIRONMENT.base_url + reverse("public:setup", args=[token])
            self.stderr.write(f"There is no company here yet. Set it up in your browser:\n  {address}")


def _why(error: Exception) -> str:
    """Say in plain words why the installation could not be prepared. Each step is one transaction: none is half done."""
    data: Path = settings.ENVIRONMENT.data
    is_full = isinstance(error, OSError) and error.errno == errno.ENOSPC
    if is_full or shutil.disk_usage(data).free < _NO_ROOM:
        return f"There is no room left on the disk of {data}. Make room and start again: it goes on where it stopped."
    said = (str(error).strip() or type(error).__name__).splitlines()[0].rstrip(".")
    return f"The installation could not be prepared: {said}. `vocero check` looks for the reason; then start again."


@contextmanager
def _alone() -> Iterator[None]:
    """Only one process of the installation migrates at a time: a lock in PostgreSQL, or on a file beside SQLite."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_LOCK_NUMBER])
            try:
                yield
            finally:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK_NUMBER])
    else:
        data: Path = settings.ENVIRONMENT.data
        with (data / "migrate.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


def _collect_static() -> None:
    """Collect and compress static files when they are not the ones that were collected last."""
    root = Path(settings.STATIC_ROOT)
    stamp = root / ".collected"
    now = _static_fingerprint()
    if not stamp.exists() or stamp.read_text() != now:
        call_command("collectstatic", interactive=False, verbosity=0, clear=True)
        stamp.write_text(now)


def _static_fingerprint() -> str:
    """What the static files of this version are known by: their names, sizes and times."""
    lines = []
    for finder in get_finders():
        for name, storage in finder.list(ignore_patterns=[]):
            found = Path(storage.path(name)).stat()
            lines.append(f"{name} {found.st_size} {found.st_mtime_ns}")
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()

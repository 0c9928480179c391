"""What is wrong with this installation, how to mend it, and what does not work without HTTPS or from outside."""

import os
import shutil
import sqlite3
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.core.mail import mailers
from django.db import DatabaseError, connection

from vocero.company.models import Schedule
from vocero.company.queries import company_day, installation
from vocero.config import readiness, schedule, secrets
from vocero.config.addresses import LOOPBACK_NAMES
from vocero.config.environment import Environment
from vocero.lib import http
from vocero.lib.ids import public_id
from vocero.tracking import archive, export, parquet
from vocero.tracking.clickhouse import ClickHouseAway
from vocero.tracking.queries import clicks_lost

FINE, NOTE, WRONG = "fine", "note", "wrong"
_LEAST_FREE = 2 * 1024**3
_CLOCKS_APART = timedelta(seconds=5)
_OLDEST_BACKUP = timedelta(days=2)
_OLDEST_SQLITE = (3, 37, 0)
_OLDEST_POSTGRESQL = 150000


@dataclass(frozen=True)
class Finding:
    """One line of the check: what was looked at, how it is, and how to mend it."""

    level: str
    about: str
    text: str
    mend: str = ""


def findings(told: Environment, *, at: datetime) -> Iterator[Finding]:
    """Look at everything, one thing after another; nothing that is looked at is changed."""
    yield from check_data(told)
    database = list(check_database(told))
    yield from database
    answers = not any(finding.level == WRONG for finding in database)
    yield from check_clock(at, answers=answers)
    yield from check_storage()
    yield from check_mail(told)
    yield from check_address(told)
    if answers:
        yield from check_work(told, at)
        yield from check_archive(at)
        yield from check_export()


def check_data(told: Environment) -> Iterator[Finding]:
    """The data folder: its secrets are its owner's alone, and there is room."""
    exposed = [
        name
        for name in (secrets.SECRET_KEY_FILE, secrets.KEYS_FILE)
        if (told.data / name).exists() and (told.data / name).stat().st_mode & 0o077
    ]
    for name in exposed:
        place = told.data / name
        yield Finding(WRONG, "secrets", f"Other people on this machine can read {place}.", f"chmod 600 {place}")
    if not exposed:
        yield Finding(FINE, "secrets", "They are readable by their owner only.")
    free = shutil.disk_usage(told.data).free
    shown = f"{free / 1024**3:.1f} GiB are free in {told.data}."
    if free < _LEAST_FREE:
        yield Finding(WRONG, "disk", shown, "Make room: clicks and pictures are refused on a full disk.")
    else:
        yield Finding(FINE, "disk", shown)


def check_database(told: Environment) -> Iterator[Finding]:
    """The database answers, is new enough and has its migrations."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        missing = readiness.unapplied()
    except DatabaseError as error:
        yield Finding(
            WRONG,
            "database",
            f"It does not answer ({type(error).__name__}).",
            "Check DATABASE_URL and that the server runs and lets this machine in.",
        )
        return
    if told.database.is_sqlite:
        version = ".".join(map(str, sqlite3.sqlite_version_info))
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            yield Finding(WRONG, "database", f"SQLite {version} is too old.", "Use a newer Python, or PostgreSQL.")
        else:
            yield Finding(FINE, "database", f"SQLite {version} in {told.database.name}.")
        yield Finding(NOTE, "database", "SQLite serves one machine. For more than one use PostgreSQL (DATABASE_URL).")
    else:
        number = int(getattr(connection, "pg_version", 0))
        shown = f"PostgreSQL {number // 10000}.{number % 10000}"
        if number < _OLDEST_POSTGRESQL:
            yield Finding(WRONG, "database", f"{shown} is too old.", "Use PostgreSQL 15 or newer.")
        else:
            yield Finding(FINE, "database", f"{shown}.")
    if missing:
        yield Finding(WRONG, "database", f"{len(missing)} migrations are missing.", "Run: vocero prepare")


def check_clock(at: datetime, *, answers: bool) -> Iterator[Finding]:
    """This machine's clock and the database server's agree, as schedules and sign-in codes need."""
    if not answers or connection.vendor != "postgresql":
        yield Finding(
            FINE, "clock", f"It is {at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC on this machine. Compare it once."
        )
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        theirs: datetime = cursor.fetchone()[0]
    apart = abs(theirs - at)
    if apart > _CLOCKS_APART:
        yield Finding(
            WRONG,
            "clock",
            f"This machine and the database server differ by {apart.total_seconds():.0f} seconds.",
            "Let both keep time (for example: apt-get install chrony).",
        )
    else:
        yield Finding(FINE, "clock", "This machine and the database server agree.")


def check_storage() -> Iterator[Finding]:
    """A file can be written, read and deleted where uploads are kept."""
    try:
        name = default_storage.save(f"check-{public_id()}", ContentFile(b"vocero"))
        with default_storage.open(name) as file:
            same = file.read() == b"vocero"
        default_storage.delete(name)
    except OSError as error:
        yield Finding(
            WRONG, "storage", f"Uploads cannot be kept: {error.strerror}.", "Let Vocero write to VOCERO_STORAGE."
        )
        return
    if same:
        yield Finding(FINE, "storage", "Uploads can be written, read and deleted.")
    else:
        yield Finding(
            WRONG, "storage", "A file read back was not what was written.", "Check the disk of VOCERO_STORAGE."
        )


def check_mail(told: Environment) -> Iterator[Finding]:
    """The mail server lets us in; nothing is sent."""
    server = told.mail_server
    if server is None:
        yield Finding(
            NOTE,
            "mail",
            "No mail is sent: the owner hands over personal links or QR codes; signing in with a mailed code, reminders "
            "and the weekly mail do not work.",
            "Set VOCERO_SMTP_URL.",
        )
        return
    mailer = mailers["default"]
    try:
        mailer.open()
        mailer.close()
    except (OSError, ssl.SSLError) as error:
        yield Finding(
            WRONG,
            "mail",
            f"{server.host}:{server.port} does not let us in ({type(error).__name__}).",
            "Check VOCERO_SMTP_URL: host, port, tls, user and password.",
        )
        return
    yield Finding(
        FINE, "mail", f"{server.host}:{server.port} lets us in. Send yourself a test mail from the settings page."
    )


def check_address(told: Environment) -> Iterator[Finding]:
    """The address that people open leads here, safely and from outside."""
    house = installation() if readiness.why_not_ready() == "" else None
    if house is not None and house.base_url.rstrip("/") != told.base_url:
        yield Finding(
            WRONG,
            "address",
            f"The company's address is {house.base_url}, the setting says {told.base_url}.",
            "Make VOCERO_BASE_URL and the address on the settings page the same.",
        )
    yield from _check_https(told)
    host = urlsplit(told.base_url).hostname or ""
    if host in LOOPBACK_NAMES:
        yield Finding(
            NOTE,
            "address",
            f"{told.base_url} works on this machine only: phones cannot open it, tracked links lead nowhere for others, and "
            "networks cannot read a link's preview.",
            "Set VOCERO_BASE_URL to a name that others can open.",
        )
        return
    for address in dict.fromkeys((told.base_url, told.links_url)):
        yield _reach(address)


def _check_https(told: Environment) -> Iterator[Finding]:
    if told.is_https:
        yield Finding(FINE, "address", f"{told.base_url} uses HTTPS.")
        if not told.trusted_proxies:
            yield Finding(
                NOTE,
                "address",
                "Vocero itself speaks HTTP, so a proxy stands in front of it; visitors' addresses are then the proxy's.",
                "Set VOCERO_TRUSTED_PROXIES to the number of your proxies.",
            )
        return
    yield Finding(
        NOTE,
        "address",
        "Without HTTPS these do not work: the phone's own share sheet, copying with one touch (people select the text "
        "instead), installing Vocero on a phone; and sign-in can be read on the way.",
        "Put a proxy with a certificate in front and set VOCERO_BASE_URL to https://...",
    )


def _reach(address: str) -> Finding:
    try:
        answer = http.fetch(f"{address}/healthz", seconds=10)
    except http.Forbidden:
        return Finding(
            NOTE,
            "address",
            f"{address} is inside your own network, where Vocero calls nobody, so it was not tried. Networks and people outside "
            "cannot open its links.",
            f"Open {address}/healthz from a phone on mobile data to see it as others do.",
        )
    except http.CallFailed as error:
        return Finding(
            WRONG,
            "address",
            f"{address} cannot be reached from here ({error.reason}).",
            "Check its name (DNS), the proxy and the certificate.",
        )
    if answer.ok:
        return Finding(FINE, "address", f"{address} leads here.")
    return Finding(
        WRONG,
        "address",
        f"{address}/healthz answers {answer.status}.",
        "Let the proxy send every path to Vocero's port.",
    )


def check_work(told: Environment, at: datetime) -> Iterator[Finding]:
    """The due work is done, and clicks are taken in."""
    beat = schedule.last_beat()
    if beat is None or at - beat > schedule.BEAT_VALID:
        since = "" if beat is None else f" since {beat:%Y-%m-%d %H:%M} UTC"
        yield Finding(
            NOTE,
            "worker",
            f"No worker has been at work{since}: nothing is sent, fetched or counted.",
            "Run: vocero serve",
        )
    else:
        yield Finding(FINE, "worker", "It is at work.")
    for row in Schedule.objects.exclude(last_error="").order_by("name"):
        yield Finding(
            WRONG, "worker", f"{row.name} failed last time ({row.last_error}).", "The log says where it happened."
        )
    if lost := clicks_lost(at=at):
        yield Finding(
            WRONG,
            "clicks",
            f"{lost} clicks could not be stored within a week; their visitors were sent on.",
            f"Give {told.segments} room on a disk that works.",
        )
    yield from _check_backup(at)
    waiting = sum(path.stat().st_size for path in _segments(told.segments))
    if waiting and (beat is None or at - beat > schedule.BEAT_VALID):
        yield Finding(NOTE, "clicks", f"{waiting / 1024:.0f} KiB of clicks are kept on the disk.", "Run: vocero serve")


def _check_backup(at: datetime) -> Iterator[Finding]:
    """There is a backup, and it is not old."""
    told = installation()
    if told is None:
        return
    last = told.backed_up_at
    if last is None:
        text = "`vocero backup` has not been run here. Perhaps you copy everything in another way."
        yield Finding(NOTE, "backup", text, "Each night: vocero backup FOLDER (docs/operate/backup.md)")
    elif at - last > _OLDEST_BACKUP:
        yield Finding(NOTE, "backup", f"The last one is of {last:%Y-%m-%d %H:%M} UTC.", "Run: vocero backup FOLDER")
    else:
        yield Finding(FINE, "backup", f"The last one is of {last:%Y-%m-%d %H:%M} UTC.")


def check_archive(at: datetime) -> Iterator[Finding]:
    """Single clicks beyond their time go where the settings send them."""
    house = installation()
    if house is None:
        return
    due = archive.months_due(before_on=company_day(house, at) - timedelta(days=settings.VOCERO_RAW_CLICK_DAYS))
    if due and settings.VOCERO_OLD_CLICKS == "archive" and not parquet.is_installed():
        yield Finding(
            NOTE,
            "archive",
            f"Single clicks of {due[0].key} and later stay in the database though their time is over: the extra that writes "
            "the archive is not installed.",
            f"{parquet.INSTALL}, or VOCERO_OLD_CLICKS=forget to keep totals only.",
        )
    elif len(due) > 1:
        yield Finding(
            WRONG,
            "archive",
            f"Single clicks of {due[0].key} should have left the database.",
            "vocero archive says why.",
        )
    for _month, row in archive.settled_months():
        if row.file and not (archive.folder().place / row.file).is_file():
            yield Finding(
                NOTE,
                "archive",
                f"{archive.folder().place / row.file} is not on this machine; {row.machine} wrote it.",
                "Let all machines with workers share VOCERO_ARCHIVE.",
            )


def check_export() -> Iterator[Finding]:
    """The ClickHouse server that clicks are exported to lets us in."""
    if not export.is_set():
        return
    try:
        export.server().ping()
    except ClickHouseAway as error:
        yield Finding(
            WRONG,
            "clickhouse",
            f"It does not do what it is asked ({error}). Clicks wait in the database.",
            "Check VOCERO_CLICKHOUSE_URL: host, port, user, password and database.",
        )
        return
    yield Finding(FINE, "clickhouse", "It lets us in.")


def _segments(folder: Path) -> list[Path]:
    return [Path(entry.path) for entry in os.scandir(folder) if entry.is_file()] if folder.is_dir() else []


def has_debug() -> bool:
    """Whether error pages show code to whoever meets one."""
    return bool(settings.DEBUG)

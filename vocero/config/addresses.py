"""Read one written value of a setting (an address, a number, a list) or say what would be allowed."""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
KEY_BYTES = 32


_KEPT_SECONDS: Final = 60
_NOT_FOR_EVER: Final[dict[str, Any]] = {
    "connect_timeout": 10,
    "tcp_user_timeout": 30_000,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
"""A database whose machine is gone without a word counts as away after half a minute, not after TCP's quarter of an hour."""


@dataclass(frozen=True)
class DatabaseAddress:
    """Where the one database is; `password` is kept out of every representation."""

    engine: str
    name: str
    user: str = ""
    password: str = field(default="", repr=False)
    host: str = ""
    port: int | None = None
    options: tuple[tuple[str, str], ...] = ()

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is one SQLite file."""
        return self.engine == "sqlite"

    def as_django(self) -> dict[str, Any]:
        """The entry of `DATABASES`: SQLite with WAL, FULL and IMMEDIATE; connections are kept, on PostgreSQL checked."""
        if self.is_sqlite:
            pragmas = "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA temp_store=MEMORY; PRAGMA mmap_size=134217728;"
            options: dict[str, Any] = {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": pragmas}
            # Opening a connection costs more than a page's questions; a file that was put in place of this one is seen soon.
            return {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": self.name,
                "CONN_MAX_AGE": _KEPT_SECONDS,
                "OPTIONS": options,
            }
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": self.name,
            "USER": self.user,
            "PASSWORD": self.password,
            "HOST": self.host,
            "PORT": str(self.port or ""),
            "CONN_MAX_AGE": _KEPT_SECONDS,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": _NOT_FOR_EVER | dict(self.options),
        }


@dataclass(frozen=True)
class ClickHouseAddress:
    """Where clicks are exported to; `password` is kept out of every representation."""

    url: str
    database: str
    user: str = ""
    password: str = field(default="", repr=False)


@dataclass(frozen=True)
class MailServer:
    """The SMTP server that mail leaves by; `security` is `none`, `start` (STARTTLS) or `tls` from the first byte."""

    host: str
    port: int
    user: str = ""
    password: str = field(default="", repr=False)
    security: str = "none"

    def as_django(self) -> dict[str, Any]:
        """The options of Django's SMTP mailer."""
        return {
            "host": self.host,
            "port": self.port,
            "username": self.user,
            "password": self.password,
            "use_tls": self.security == "start",
            "use_ssl": self.security == "tls",
            "timeout": 20,
        }


@dataclass(frozen=True)
class Key:
    """One key of the ring: a short id that is stored beside what it encrypted, and 32 secret bytes."""

    id: str
    secret: bytes = field(repr=False)

    def written(self) -> str:
        """The form that `VOCERO_KEYS` and the key file hold: `id:base64`."""
        return f"{self.id}:{base64.b64encode(self.secret).decode()}"


def text(value: str) -> str:
    """Any text that is not empty."""
    if not value:
        raise ValueError("some text")
    return value


def yes_or_no(value: str) -> bool:
    """Yes, true, on, 1 or no, false, off, 0 in any case."""
    word = value.lower()
    if word in {"yes", "true", "on", "1"}:
        return True
    if word in {"no", "false", "off", "0"}:
        return False
    raise ValueError("yes or no")


def whole_number(lowest: int, highest: int) -> Callable[[str], int]:
    """A reader of whole numbers from lowest to highest, both included."""

    def read(value: str) -> int:
        if not re.fullmatch(r"[0-9]{1,9}", value) or not lowest <= int(value) <= highest:
            raise ValueError(f"a whole number from {lowest} to {highest}")
        return int(value)

    return read


def one_of(*words: str) -> Callable[[str], str]:
    """A reader of exactly one of these words."""

    def read(value: str) -> str:
        if value not in words:
            raise ValueError("one of " + ", ".join(words))
        return value

    return read


def path(value: str) -> Path:
    """A path of this machine, made absolute."""
    if not value or "\0" in value:
        raise ValueError("a path on this machine")
    return Path(value).expanduser().absolute()


def names(value: str) -> tuple[str, ...]:
    """A list of names separated by commas; blanks around them do not matter."""
    return tuple(name.strip() for name in value.split(",") if name.strip())


def node_name(value: str) -> str:
    """A name for this machine that can stand in file names."""
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}", value):
        raise ValueError("letters, digits, dots, dashes and underscores, at most 63 of them")
    return value


def web_address(value: str) -> str:
    """The beginning of a web address, `https://name` with an optional port and no path; without the last slash."""
    allowed = "a web address such as https://people.example.com, without a path"
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018  reading it checks it
    except ValueError:
        raise ValueError(allowed) from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise ValueError(allowed)
    if parts.path not in {"", "/"} or re.search(r"\s", value):
        raise ValueError(allowed)
    return f"{parts.scheme}://{parts.netloc}"


def database_address(value: str) -> DatabaseAddress:
    """An address of the form `postgresql://user:password@host:5432/name` or `sqlite:////absolute/path`."""
    allowed = "postgresql://user:password@host:5432/name or sqlite:////absolute/path/of/file.sqlite3"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError(allowed) from None
    name = unquote(parts.path)[1:]
    if parts.scheme == "sqlite" and name and not parts.netloc:
        return DatabaseAddress(engine="sqlite", name=name if name == ":memory:" else str(Path(name).absolute()))
    if parts.scheme not in {"postgresql", "postgres"} or not name:
        raise ValueError(allowed)
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", unquote(parts.hostname or ""))
    return DatabaseAddress(
        engine="postgresql",
        name=name,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        host=host,
        port=port,
        options=tuple(sorted(options.items())),
    )


def clickhouse_address(value: str) -> ClickHouseAddress:
    """An address of the form `http://user:password@host:8123/database`, or the same with https."""
    allowed = "http://user:password@host:8123/database or the same with https"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError(allowed) from None
    database = unquote(parts.path)[1:]
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError(allowed)
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", database):
        raise ValueError(allowed)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return ClickHouseAddress(
        url=f"{parts.scheme}://{host}{f':{port}' if port else ''}/",
        database=database,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
    )


def mail_server(value: str) -> MailServer:
    """An address of the form `smtp://user:password@host:587?tls=start` or `smtps://user:password@host:465`."""
    allowed = "smtp://user:password@host:587?tls=start, the same with ?tls=none, or smtps://user:password@host:465"
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError(allowed) from None
    query = dict(parse_qsl(parts.query, keep_blank_values=True))
    if (
        parts.scheme not in {"smtp", "smtps"}
        or not parts.hostname
        or parts.path not in {"", "/"}
        or set(query) - {"tls"}
    ):
        raise ValueError(allowed)
    usual = "none" if parts.hostname in LOOPBACK_NAMES else "start"
    security = "tls" if parts.scheme == "smtps" else query.get("tls", usual)
    if security not in {"none", "start"} and parts.scheme == "smtp":
        raise ValueError(allowed)
    return MailServer(
        host=parts.hostname,
        port=port or {"tls": 465, "start": 587, "none": 25}[security],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        security=security,
    )


def key_ring(value: str) -> tuple[Key, ...]:
    """Keys of the form `id:base64,id:base64`, 32 bytes each; the first encrypts, all of them decrypt."""
    allowed = "id:base64 pairs separated by commas or line ends, 32 bytes each, every id once"
    keys = []
    for pair in re.split(r"[,\s]+", value.strip()):
        key_id, _, encoded = pair.partition(":")
        try:
            secret = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            raise ValueError(allowed) from None
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,16}", key_id) or len(secret) != KEY_BYTES:
            raise ValueError(allowed)
        keys.append(Key(key_id, secret))
    if len({key.id for key in keys}) != len(keys):
        raise ValueError(allowed)
    return tuple(keys)

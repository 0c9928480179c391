"""The one table of settings: their names, defaults and meaning, read from the environment, loud when wrong."""

import difflib
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from vocero.config import addresses, secrets
from vocero.config.addresses import ClickHouseAddress, DatabaseAddress, Key, MailServer

PREFIX = "VOCERO_"
TESTING_PREFIX = "VOCERO_TEST_"
FILE_SUFFIX = "_FILE"


class WrongSettings(Exception):
    """One or more settings cannot be used; `problems` holds one sentence for each."""

    def __init__(self, problems: list[str]) -> None:
        self.problems = problems
        super().__init__("Vocero cannot start with these settings:\n" + "\n".join(f"  - {line}" for line in problems))


@dataclass(frozen=True)
class Setting[T]:
    """One setting: how it is called, read and explained; `default` is read like a given value, None is worked out."""

    name: str
    kind: str
    read: Callable[[str], T]
    text: str
    default: str | None = None
    otherwise: str = ""
    secret: bool = False

    @property
    def shown_default(self) -> str:
        """What the documentation says holds when nothing is set."""
        return self.otherwise or (f"`{self.default}`" if self.default else "nothing")


DATA = Setting(
    "VOCERO_DATA",
    "folder",
    addresses.path,
    "The data folder: SQLite database, secrets, uploaded files, click segments. Back it up as a whole.",
    default="./data",
)
DATABASE = Setting(
    "DATABASE_URL",
    "database address",
    addresses.database_address,
    "Where the database is: `postgresql://user:password@host:5432/name` or `sqlite:////absolute/path/of/file.sqlite3`.",
    otherwise="the SQLite file `vocero.sqlite3` in the data folder",
    secret=True,
)
REPLICA = Setting(
    "DATABASE_REPLICA_URL",
    "database address",
    addresses.database_address,
    "A read replica of the PostgreSQL database, with an account that can only read. Results, the month and their files are "
    "read from it; while it is away or too far behind, from the database itself.",
    secret=True,
)
REPLICA_LAG = Setting(
    "VOCERO_REPLICA_LAG",
    "number",
    addresses.whole_number(1, 86400),
    "How many seconds the replica may be behind and still be read.",
    default="60",
)
BASE_URL = Setting(
    "VOCERO_BASE_URL",
    "web address",
    addresses.web_address,
    "The address under which people open Vocero, as they type it. Links in mails begin with it.",
    otherwise="`http://localhost` with the port",
)
LINKS_URL = Setting(
    "VOCERO_LINKS_URL",
    "web address",
    addresses.web_address,
    "The (short) address that tracked links begin with. It must lead to the `links` or the `serve` process.",
    otherwise="the base address",
)
ALLOWED_HOSTS = Setting(
    "VOCERO_ALLOWED_HOSTS",
    "list of host names",
    addresses.names,
    "Further host names that requests may be made to, separated by commas; `*` allows all of them.",
    otherwise="the hosts of both addresses and this machine's own names",
)
SECRET_KEY = Setting(
    "VOCERO_SECRET_KEY",
    "text",
    addresses.text,
    "Signs sessions and invitations. All machines of one installation need the same.",
    otherwise="made on the first start, in the file `secret-key` of the data folder",
    secret=True,
)
KEYS = Setting(
    "VOCERO_KEYS",
    "key ring",
    addresses.key_ring,
    "Encrypts the networks' tokens: `id:base64` pairs of 32 bytes, separated by commas. The first encrypts, all decrypt. "
    "All machines of one installation need the same.",
    otherwise="made on the first start, in the file `keys` of the data folder",
    secret=True,
)
SMTP_URL = Setting(
    "VOCERO_SMTP_URL",
    "mail server address",
    addresses.mail_server,
    "How mail leaves: `smtp://user:password@host:587?tls=start`, the same with `?tls=none`, or `smtps://user:password@host:465`. "
    "Without it no mail is sent and Vocero offers personal links and QR codes instead.",
    secret=True,
)
MAIL_FROM = Setting(
    "VOCERO_MAIL_FROM",
    "mail address",
    addresses.text,
    "The sender of every mail, such as `Vocero <vocero@example.com>`.",
    otherwise="`Vocero <vocero@` and the host of the base address`>`",
)
STORAGE = Setting(
    "VOCERO_STORAGE",
    "folder",
    addresses.path,
    "Where uploaded pictures and files are kept. Several machines need the same shared folder.",
    otherwise="the folder `files` in the data folder",
)
HOST = Setting(
    "VOCERO_HOST",
    "host",
    addresses.text,
    "The address of this machine that `vocero serve` listens on; `0.0.0.0` is every one.",
    default="127.0.0.1",
)
PORT = Setting(
    "VOCERO_PORT",
    "number",
    addresses.whole_number(1, 65535),
    "The port that `vocero serve` listens on.",
    default="8000",
)
WORKERS = Setting(
    "VOCERO_WORKERS",
    "number",
    addresses.whole_number(1, 64),
    "How many processes answer pages. One is enough for a few hundred people; with PostgreSQL use one per core.",
    default="1",
)
SENDS_AT_ONCE = Setting(
    "VOCERO_SENDS_AT_ONCE",
    "number",
    addresses.whole_number(1, 512),
    "How many shares a worker has on their way to networks at the same time. One server gets at most an eighth of them, "
    "one account one.",
    default="256",
)
NODE = Setting(
    "VOCERO_NODE",
    "name",
    addresses.node_name,
    "The name of this machine among those that share one database. It stands in the names of click segments.",
    otherwise="the host name of the machine",
)
TRUSTED_PROXIES = Setting(
    "VOCERO_TRUSTED_PROXIES",
    "number",
    addresses.whole_number(0, 9),
    "How many proxies of your own stand in front. The visitor's address is read that many places from the right of "
    "`X-Forwarded-For`; with 0 the header is not believed.",
    default="0",
)
CLICK_SYNC = Setting(
    "VOCERO_CLICK_SYNC",
    "word",
    addresses.one_of("local", "kernel", "database"),
    "When a click counts as safe and is answered: `local` after it is on this machine's disk, `kernel` after the operating "
    "system has it (a power cut may lose a second of clicks), `database` after PostgreSQL has committed it.",
    default="local",
)
RAW_CLICK_DAYS = Setting(
    "VOCERO_RAW_CLICK_DAYS",
    "number",
    addresses.whole_number(35, 3650),
    "How many days single clicks stay in the database at least. A month that lies wholly before that is taken out of it.",
    default="90",
)
OLD_CLICKS = Setting(
    "VOCERO_OLD_CLICKS",
    "word",
    addresses.one_of("archive", "forget"),
    "What becomes of single clicks beyond their time: `archive` writes one Parquet file a month, which needs the extra "
    "`vocero[archive]` (without it they stay in the database); `forget` deletes them. Totals stay either way.",
    default="archive",
)
ARCHIVE = Setting(
    "VOCERO_ARCHIVE",
    "folder",
    addresses.path,
    "Where the archive of single clicks is kept. Several machines with workers need the same shared folder.",
    otherwise="the folder `archive` in the data folder",
)
CLICKHOUSE_URL = Setting(
    "VOCERO_CLICKHOUSE_URL",
    "address",
    addresses.clickhouse_address,
    "A ClickHouse server that single clicks are exported to: `http://user:password@host:8123/database`. "
    "It may be inside your own network.",
    secret=True,
)
GEO_DATABASE = Setting(
    "VOCERO_GEO_DATABASE",
    "file",
    addresses.path,
    "Your own table of countries by network address (MMDB format).",
    otherwise="the table that comes with Vocero",
)
ALLOW_PRIVATE_HOSTS = Setting(
    "VOCERO_ALLOW_PRIVATE_HOSTS",
    "list of hosts",
    addresses.names,
    "Hosts inside your own network that Vocero may call though they are private, with their port if it is not the usual one, "
    "separated by commas; such as an intranet Mastodon: `social.intranet.example`.",
)
DEBUG = Setting(
    "VOCERO_DEBUG",
    "yes or no",
    addresses.yes_or_no,
    "For people who work on Vocero itself: error pages with code, and the style guide. Never for real data.",
    default="no",
)
DEMO = Setting(
    "VOCERO_DEMO",
    "yes or no",
    addresses.yes_or_no,
    "Set by `vocero demo`: mail goes to a mailbox page instead of out, and one-click sign-in links work. Never for real data.",
    default="no",
)

SETTINGS: tuple[Setting[Any], ...] = (
    DATA,
    DATABASE,
    BASE_URL,
    LINKS_URL,
    ALLOWED_HOSTS,
    HOST,
    PORT,
    WORKERS,
    SENDS_AT_ONCE,
    NODE,
    TRUSTED_PROXIES,
    SECRET_KEY,
    KEYS,
    SMTP_URL,
    MAIL_FROM,
    STORAGE,
    CLICK_SYNC,
    RAW_CLICK_DAYS,
    OLD_CLICKS,
    ARCHIVE,
    CLICKHOUSE_URL,
    GEO_DATABASE,
    ALLOW_PRIVATE_HOSTS,
    REPLICA,
    REPLICA_LAG,
    DEBUG,
    DEMO,
)


@dataclass(frozen=True)
class Environment:
    """What one process was told, checked and complete; secrets are kept out of every representation."""

    data: Path
    database: DatabaseAddress
    replica: DatabaseAddress | None
    replica_lag: int
    base_url: str
    links_url: str
    allowed_hosts: tuple[str, ...]
    host: str
    port: int
    workers: int
    sends_at_once: int
    node: str
    trusted_proxies: int
    mail_server: MailServer | None
    mail_from: str
    storage: Path
    click_sync: str
    raw_click_days: int
    old_clicks: str
    archive: Path
    clickhouse: ClickHouseAddress | None
    geo_database: Path | None
    allow_private_hosts: tuple[str, ...]
    debug: bool
    demo: bool
    secret_key: str = field(repr=False)
    keys: tuple[Key, ...] = field(repr=False)

    @property
    def is_https(self) -> bool:
        """Whether people open Vocero over HTTPS."""
        return self.base_url.startswith("https://")

    @property
    def segments(self) -> Path:
        """The folder of this node's click segments."""
        return self.data / "segments"


class _Reader:
    """Reads settings one by one and gathers what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = environ
        self.problems: list[str] = []

    def written(self, name: str) -> str | None:
        """The text given for a setting: its own variable, or the file that `NAME_FILE` names; None when neither is set."""
        own, place = self.environ.get(name), self.environ.get(name + FILE_SUFFIX)
        if own and place:
            self.problems.append(f"{name} and {name}{FILE_SUFFIX} are both set; keep one of them.")
        if own or not place:
            return own.strip() if own else None
        try:
            return Path(place).read_text().strip()
        except (OSError, UnicodeDecodeError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "it is not text"
            self.problems.append(f"{name}{FILE_SUFFIX} names {place}, which cannot be read: {reason}.")
            return None

    def take[T](self, setting: Setting[T]) -> T | None:
        """The value of a setting, its default, or None."""
        given = self.written(setting.name)
        if given is None:
            return None if setting.default is None else setting.read(setting.default)
        try:
            return setting.read(given)
        except ValueError as error:
            said = "a value" if setting.secret else f"“{given}”"
            self.problems.append(f"{setting.name} was given {said} that it cannot use. Allowed: {error}.")
            return None if setting.default is None else setting.read(setting.default)

    def must[T](self, setting: Setting[T]) -> T:
        """The value of a setting that always has a default."""
        value = self.take(setting)
        if value is None:
            raise LookupError(f"{setting.name} has no default")
        return value

    def name_unknown(self) -> None:
        """Report every `VOCERO_` variable that is no setting, with the name that was probably meant."""
        known = {setting.name for setting in SETTINGS}
        known |= {name + FILE_SUFFIX for name in known}
        for name in sorted(self.environ):
            if name.startswith(PREFIX) and not name.startswith(TESTING_PREFIX) and name not in known:
                near = difflib.get_close_matches(name, sorted(known), n=1)
                hint = f" Did you mean {near[0]}?" if near else " See docs/operate/settings.md for all of them."
                self.problems.append(f"{name} is not a setting of Vocero.{hint}")


def load(environ: Mapping[str, str] | None = None) -> Environment:
    """Read all settings (from the process's environment by default); missing secrets are made in the data folder.

    Raises WrongSettings, which names every setting that is wrong, what was given (secrets excepted) and what is allowed.
    """
    reader = _Reader(os.environ if environ is None else environ)
    reader.name_unknown()
    data, port = reader.must(DATA), reader.must(PORT)
    base_url = reader.take(BASE_URL) or f"http://localhost:{port}"
    links_url = reader.take(LINKS_URL) or base_url
    database = reader.take(DATABASE) or DatabaseAddress(engine="sqlite", name=str(data / "vocero.sqlite3"))
    click_sync = reader.must(CLICK_SYNC)
    if click_sync == "database" and database.is_sqlite:
        reader.problems.append("VOCERO_CLICK_SYNC=database needs PostgreSQL; with SQLite use local.")
    replica = reader.take(REPLICA)
    if replica and (database.is_sqlite or replica.is_sqlite):
        reader.problems.append("DATABASE_REPLICA_URL needs PostgreSQL on both sides; SQLite has no replica.")
    secret_key, keys = _secrets(reader, data)
    environment = Environment(
        data=data,
        database=database,
        replica=replica,
        replica_lag=reader.must(REPLICA_LAG),
        base_url=base_url,
        links_url=links_url,
        allowed_hosts=_allowed_hosts(base_url, links_url, reader.take(ALLOWED_HOSTS) or ()),
        host=reader.must(HOST),
        port=port,
        workers=reader.must(WORKERS),
        sends_at_once=reader.must(SENDS_AT_ONCE),
        node=reader.take(NODE) or _own_name(),
        trusted_proxies=reader.must(TRUSTED_PROXIES),
        mail_server=reader.take(SMTP_URL),
        mail_from=reader.take(MAIL_FROM) or f"Vocero <vocero@{urlsplit(base_url).hostname}>",
        storage=reader.take(STORAGE) or data / "files",
        click_sync=click_sync,
        raw_click_days=reader.must(RAW_CLICK_DAYS),
        old_clicks=reader.must(OLD_CLICKS),
        archive=reader.take(ARCHIVE) or data / "archive",
        clickhouse=reader.take(CLICKHOUSE_URL),
        geo_database=reader.take(GEO_DATABASE),
        allow_private_hosts=reader.take(ALLOW_PRIVATE_HOSTS) or (),
        debug=reader.must(DEBUG),
        demo=reader.must(DEMO),
        secret_key=secret_key,
        keys=keys,
    )
    if reader.problems:
        raise WrongSettings(reader.problems)
    return environment


def _secrets(reader: _Reader, data: Path) -> tuple[str, tuple[Key, ...]]:
    """The signing key and the key ring: given, or kept in the data folder; nothing is made while anything is wrong."""
    secret_key, keys = reader.take(SECRET_KEY), reader.take(KEYS)
    if reader.problems:
        return "", ()
    try:
        secret_key = secret_key or secrets.secret_key(data)
        keys = keys or addresses.key_ring(secrets.written_keys(data))
    except OSError as error:
        reason = error.strerror or "unknown reason"
        reader.problems.append(
            f"VOCERO_DATA is {data}, where secrets cannot be kept: {reason}. Name a folder to write to."
        )
    except ValueError as error:
        reader.problems.append(
            f"The file {data / secrets.KEYS_FILE} is damaged. Restore it from a backup. Allowed: {error}."
        )
    return secret_key or "", keys or ()


def _allowed_hosts(base_url: str, links_url: str, more: tuple[str, ...]) -> tuple[str, ...]:
    """Host names that requests may name: those of both addresses, this machine's own, and the ones asked for."""
    hosts = [
        urlsplit(base_url).hostname or "",
        urlsplit(links_url).hostname or "",
        "localhost",
        "127.0.0.1",
        "[::1]",
        *more,
    ]
    return tuple(dict.fromkeys(hosts))


def _own_name() -> str:
    """This machine's host name, made fit for file names."""
    return (
        "".join(sign if sign.isalnum() and sign.isascii() else "-" for sign in platform.node())[:63].strip("-")
        or "node"
    )


def as_markdown() -> str:
    """The table of `docs/operate/settings.md`, made from the settings themselves."""
    lines = ["| setting | what it is | when it is not set |", "| --- | --- | --- |"]
    for setting in SETTINGS:
        secret = " Secret." if setting.secret else ""
        lines.append(f"| `{setting.name}` | {setting.text} ({setting.kind}){secret} | {setting.shown_default} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(as_markdown(), end="")

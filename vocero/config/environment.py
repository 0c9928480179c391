"""What a process was told: its settings read from the environment, checked and complete, loud when wrong."""

import difflib
import os
import platform
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from vocero.config import addresses, secrets, variables
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
    clicks_per_address: int
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

    def take[T](self, setting: variables.Setting[T]) -> T | None:
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

    def must[T](self, setting: variables.Setting[T]) -> T:
        """The value of a setting that always has a default."""
        value = self.take(setting)
        if value is None:
            raise LookupError(f"{setting.name} has no default")
        return value

    def name_unknown(self) -> None:
        """Report every `VOCERO_` variable that is no setting, with the name that was probably meant."""
        known = {setting.name for setting in variables.SETTINGS}
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
    data, port = reader.must(variables.DATA), reader.must(variables.PORT)
    base_url = reader.take(variables.BASE_URL) or f"http://localhost:{port}"
    links_url = reader.take(variables.LINKS_URL) or base_url
    database = reader.take(variables.DATABASE) or DatabaseAddress(engine="sqlite", name=str(data / "vocero.sqlite3"))
    click_sync = reader.must(variables.CLICK_SYNC)
    if click_sync == "database" and database.is_sqlite:
        reader.problems.append("VOCERO_CLICK_SYNC=database needs PostgreSQL; with SQLite use local.")
    replica = reader.take(variables.REPLICA)
    if replica and (database.is_sqlite or replica.is_sqlite):
        reader.problems.append("DATABASE_REPLICA_URL needs PostgreSQL on both sides; SQLite has no replica.")
    secret_key, keys = _secrets(reader, data)
    environment = Environment(
        data=data,
        database=database,
        replica=replica,
        replica_lag=reader.must(variables.REPLICA_LAG),
        base_url=base_url,
        links_url=links_url,
        allowed_hosts=_allowed_hosts(base_url, links_url, reader.take(variables.ALLOWED_HOSTS) or ()),
        host=reader.must(variables.HOST),
        port=port,
        workers=reader.must(variables.WORKERS),
        sends_at_once=reader.must(variables.SENDS_AT_ONCE),
        node=reader.take(variables.NODE) or _own_name(),
        trusted_proxies=reader.must(variables.TRUSTED_PROXIES),
        mail_server=reader.take(variables.SMTP_URL),
        mail_from=reader.take(variables.MAIL_FROM) or f"Vocero <vocero@{urlsplit(base_url).hostname}>",
        storage=reader.take(variables.STORAGE) or data / "files",
        click_sync=click_sync,
        clicks_per_address=reader.must(variables.CLICKS_PER_ADDRESS),
        raw_click_days=reader.must(variables.RAW_CLICK_DAYS),
        old_clicks=reader.must(variables.OLD_CLICKS),
        archive=reader.take(variables.ARCHIVE) or data / "archive",
        clickhouse=reader.take(variables.CLICKHOUSE_URL),
        geo_database=reader.take(variables.GEO_DATABASE),
        allow_private_hosts=reader.take(variables.ALLOW_PRIVATE_HOSTS) or (),
        debug=reader.must(variables.DEBUG),
        demo=reader.must(variables.DEMO),
        secret_key=secret_key,
        keys=keys,
    )
    if reader.problems:
        raise WrongSettings(reader.problems)
    return environment


def _secrets(reader: _Reader, data: Path) -> tuple[str, tuple[Key, ...]]:
    """The signing key and the key ring: given, or kept in the data folder; nothing is made while anything is wrong."""
    secret_key, keys = reader.take(variables.SECRET_KEY), reader.take(variables.KEYS)
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
    for setting in variables.SETTINGS:
        secret = " Secret." if setting.secret else ""
        lines.append(f"| `{setting.name}` | {setting.text} ({setting.kind}){secret} | {setting.shown_default} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(as_markdown(), end="")

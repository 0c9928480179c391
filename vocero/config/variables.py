"""The one table of settings: their names, kinds, defaults and meaning; `environment` reads them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from vocero.config import addresses


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
CLICKS_PER_ADDRESS = Setting(
    "VOCERO_CLICKS_PER_ADDRESS",
    "number",
    addresses.whole_number(0, 65_000),
    "How many clicks on one link from one address count on one day, in each process that answers links. Who clicks more is "
    "still sent on, and the clicks stand among robots. All people of an office behind one address are one address here; "
    "private addresses have no limit, and with 0 none has.",
    default="5000",
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
    CLICKS_PER_ADDRESS,
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

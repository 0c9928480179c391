"""Settings are read from the environment or from files, and a wrong one is named."""

import base64
from pathlib import Path

import pytest

from vocero.config import environment
from vocero.config.environment import WrongSettings
from vocero.config.variables import SETTINGS


def load(data: Path, **given: str) -> environment.Environment:
    return environment.load({"VOCERO_DATA": str(data), **given})


def problem(data: Path, **given: str) -> str:
    with pytest.raises(WrongSettings) as caught:
        load(data, **given)
    return str(caught.value)


def test_nothing_needs_to_be_set(tmp_path: Path) -> None:
    told = load(tmp_path)
    assert told.base_url == told.links_url == "http://localhost:8000"
    assert told.database.as_django()["NAME"] == str(tmp_path / "vocero.sqlite3")
    assert told.storage == tmp_path / "files"
    assert told.mail_server is None
    assert told.allowed_hosts == ("localhost", "127.0.0.1", "[::1]")


def test_secrets_are_made_once_and_only_for_the_owner_of_the_folder(tmp_path: Path) -> None:
    first, second = load(tmp_path / "new"), load(tmp_path / "new")
    assert (first.secret_key, first.keys) == (second.secret_key, second.keys)
    assert len(first.secret_key) >= 64
    assert len(first.keys[0].secret) == 32
    for name in ("secret-key", "keys"):
        assert (tmp_path / "new" / name).stat().st_mode & 0o777 == 0o600
    assert load(tmp_path / "other").secret_key != first.secret_key


def test_secrets_are_in_no_representation(tmp_path: Path) -> None:
    told = load(
        tmp_path,
        DATABASE_URL="postgresql://vocero:dbpass@db/vocero",
        VOCERO_SMTP_URL="smtp://mailer:mailpass@mail.example.com",
    )
    shown = repr(told)
    for secret in (
        "dbpass",
        "mailpass",
        told.secret_key,
        told.keys[0].written().split(":")[1],
        repr(told.keys[0].secret),
    ):
        assert secret not in shown


def test_every_setting_can_stand_in_a_file(tmp_path: Path) -> None:
    given = {
        "DATABASE_URL": "postgresql://u@h/n",
        "DATABASE_REPLICA_URL": "postgresql://r@h2/n",
        "VOCERO_REPLICA_LAG": "30",
        "VOCERO_BASE_URL": "https://people.example.com",
        "VOCERO_LINKS_URL": "https://go.example.com",
        "VOCERO_ALLOWED_HOSTS": "a.example.com, b.example.com",
        "VOCERO_HOST": "0.0.0.0",
        "VOCERO_PORT": "9000",
        "VOCERO_WORKERS": "2",
        "VOCERO_SENDS_AT_ONCE": "64",
        "VOCERO_NODE": "north",
        "VOCERO_TRUSTED_PROXIES": "1",
        "VOCERO_SECRET_KEY": "s" * 50,
        "VOCERO_KEYS": "a:" + base64.b64encode(b"1" * 32).decode(),
        "VOCERO_SMTP_URL": "smtps://u:p@mail.example.com",
        "VOCERO_MAIL_FROM": "Vocero <v@example.com>",
        "VOCERO_STORAGE": "/srv/files",
        "VOCERO_CLICK_SYNC": "database",
        "VOCERO_CLICKS_PER_ADDRESS": "900",
        "VOCERO_RAW_CLICK_DAYS": "120",
        "VOCERO_OLD_CLICKS": "forget",
        "VOCERO_ARCHIVE": "/srv/archive",
        "VOCERO_CLICKHOUSE_URL": "http://u:p@clickhouse.example:8123/vocero",
        "VOCERO_GEO_DATABASE": "/srv/geo.mmdb",
        "VOCERO_ALLOW_PRIVATE_HOSTS": "social.intranet.example",
        "VOCERO_DEBUG": "yes",
        "VOCERO_DEMO": "yes",
    }
    assert {setting.name for setting in SETTINGS} == {*given, "VOCERO_DATA"}, "a new setting belongs into this test"
    files = {}
    for name, value in given.items():
        place = tmp_path / name
        place.write_text(value + "\n")
        files[f"{name}_FILE"] = str(place)
    assert load(tmp_path, **files) == load(tmp_path, **given)
    assert load(tmp_path, **files).trusted_proxies == 1


@pytest.mark.parametrize(
    ("name", "given", "allowed"),
    [
        ("VOCERO_PORT", "eighty", "a whole number from 1 to 65535"),
        ("VOCERO_PORT", "70000", "a whole number from 1 to 65535"),
        ("VOCERO_BASE_URL", "people.example.com", "a web address such as https://people.example.com, without a path"),
        ("VOCERO_BASE_URL", "https://people.example.com/vocero", "without a path"),
        ("VOCERO_LINKS_URL", "https://people.example.com:x", "without a path"),
        ("VOCERO_DEBUG", "perhaps", "yes or no"),
        ("VOCERO_CLICK_SYNC", "never", "one of local, kernel, database"),
        ("VOCERO_NODE", "a/b", "letters, digits, dots"),
        ("VOCERO_TRUSTED_PROXIES", "-1", "a whole number from 0 to 9"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(tmp_path: Path, name: str, given: str, allowed: str) -> None:
    said = problem(tmp_path, **{name: given})
    assert name in said
    assert given in said
    assert allowed in said


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("DATABASE_URL", "mysql://root:hunter2@localhost/vocero"),
        ("DATABASE_URL", "postgresql://root:hunter2@localhost"),
        ("VOCERO_SMTP_URL", "smtp://user:hunter2@mail.example.com?tls=maybe"),
        ("VOCERO_SMTP_URL", "imap://user:hunter2@mail.example.com"),
        ("VOCERO_KEYS", "hunter2"),
        ("VOCERO_KEYS", "a:aHVudGVyMg=="),
    ],
)
def test_a_wrong_secret_is_named_but_not_shown(tmp_path: Path, name: str, given: str) -> None:
    said = problem(tmp_path, **{name: given})
    assert name in said
    assert "hunter2" not in said
    assert "aHVudGVyMg" not in said


def test_all_problems_are_said_at_once_and_nothing_is_made(tmp_path: Path) -> None:
    said = problem(tmp_path / "new", VOCERO_PORT="x", VOCERO_DEBUG="x", VOCERO_BASE_ULR="x", VOCERO_NOVELTY="x")
    assert "VOCERO_BASE_ULR is not a setting of Vocero. Did you mean VOCERO_BASE_URL?" in said
    assert "VOCERO_NOVELTY is not a setting" in said
    assert "VOCERO_PORT" in said
    assert "VOCERO_DEBUG" in said
    assert not (tmp_path / "new").exists()


def test_a_setting_and_its_file_together_are_refused(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("9000")
    said = problem(tmp_path, VOCERO_PORT="8000", VOCERO_PORT_FILE=str(tmp_path / "port"))
    assert "VOCERO_PORT and VOCERO_PORT_FILE are both set" in said


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    said = problem(tmp_path, VOCERO_PORT_FILE=str(tmp_path / "absent"))
    assert f"VOCERO_PORT_FILE names {tmp_path}/absent, which cannot be read: No such file or directory." in said


def test_a_database_address_is_taken_apart(tmp_path: Path) -> None:
    address = load(
        tmp_path, DATABASE_URL="postgresql://me%40x:p%2Fw@db.example.com:6432/vo%63ero?sslmode=require"
    ).database
    django = address.as_django()
    assert (django["USER"], django["PASSWORD"], django["HOST"], django["PORT"]) == (
        "me@x",
        "p/w",
        "db.example.com",
        "6432",
    )
    assert django["NAME"] == "vocero"
    assert django["OPTIONS"]["sslmode"] == "require"
    assert django["OPTIONS"]["tcp_user_timeout"] == 30_000
    own = load(tmp_path, DATABASE_URL="postgresql://u@h/n?tcp_user_timeout=5000&connect_timeout=3").database.as_django()
    assert (own["OPTIONS"]["tcp_user_timeout"], own["OPTIONS"]["connect_timeout"]) == ("5000", "3")
    socket = load(tmp_path, DATABASE_URL="postgresql://me:@/vocero?host=/run/postgresql").database
    assert socket.host == "/run/postgresql"
    file = load(tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/own.sqlite3").database
    assert file.name == str(tmp_path / "own.sqlite3")
    assert file.is_sqlite


@pytest.mark.parametrize(
    ("address", "port", "security"),
    [
        ("smtp://mail.example.com", 587, "start"),
        ("smtp://mail.example.com?tls=none", 25, "none"),
        ("smtp://mail.example.com:2525?tls=start", 2525, "start"),
        ("smtps://mail.example.com", 465, "tls"),
        ("smtp://127.0.0.1:1025", 1025, "none"),
    ],
)
def test_a_mail_server_is_spoken_to_securely_unless_told_otherwise(
    tmp_path: Path, address: str, port: int, security: str
) -> None:
    server = load(tmp_path, VOCERO_SMTP_URL=address).mail_server
    assert server is not None
    assert (server.port, server.security) == (port, security)


def test_clicks_kept_in_the_database_need_postgresql(tmp_path: Path) -> None:
    assert "needs PostgreSQL" in problem(tmp_path, VOCERO_CLICK_SYNC="database")


def test_a_data_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = problem(tmp_path / "file" / "below")
    assert "VOCERO_DATA is" in said


def test_a_damaged_key_file_is_named_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("k1:broken\n")
    assert "is damaged. Restore it from a backup." in problem(tmp_path)
    assert (tmp_path / "keys").read_text() == "k1:broken\n"


def test_the_key_ring_holds_older_keys_after_the_current_one(tmp_path: Path) -> None:
    new, old = (base64.b64encode(sign * 32).decode() for sign in (b"n", b"o"))
    keys = load(tmp_path, VOCERO_KEYS=f"k2:{new}, k1:{old}").keys
    assert [key.id for key in keys] == ["k2", "k1"]
    assert keys[0].secret == b"n" * 32

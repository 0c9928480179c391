"""Backups of a running installation: complete, checked, refused when damaged, and silent when they are restored."""

import json
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bench.drills import counting, restore
from bench.drills.cluster import Cluster
from tests.cast import MOMENT, House
from tests.running import Running, installation, prepared_database, wait_for
from tests.servers.fake_networks import FakeNetworks
from tests.sharing.drill import Crew
from vocero.company.models import Installation
from vocero.config import backup, dumps
from vocero.config.backup import BadBackup
from vocero.tracking import ingest

PASSWORD = "correct horse battery staple"
ANSWERS = ("--company-name", "Aurora Mills", "--owner-name", "Olga Owner", "--owner-email", "olga@aurora.example",
           "--base-url", "http://127.0.0.1", "--time-zone", "Europe/Madrid", "--language", "en", "--currency", "EUR",
           "--password-stdin")  # fmt: skip


@pytest.mark.once
def test_backups_under_clicks_and_shares_come_back_whole_on_sqlite(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    prepared_database(data)
    outcome = restore.drill(data, counting.clean_environ(data), backups=1, seed=3)
    assert outcome.is_right, outcome


@pytest.mark.once
def test_backups_under_clicks_and_shares_come_back_whole_on_postgresql(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    cluster = Cluster()
    try:
        cluster.start()
        environ = restore.on_cluster(cluster, data)
        outcome = restore.drill(data, environ, backups=1, seed=3, empty_database=lambda: cluster.make_database("copy"))
    finally:
        cluster.remove()
    assert outcome.is_right, outcome


MAKE_SALTS = """
from vocero.company.queries import house
from vocero.lib.clock import now
from vocero.tracking.models import DailySalt
from vocero.tracking.services import make_salts
make_salts(house(), at=now())
assert DailySalt.objects.exists()
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Running, Path]]:
    """A small company with a file, and a backup of it."""
    folder = tmp_path_factory.mktemp("kept")
    with installation(folder / "house", start=False) as house:
        done = house.run("setup", *ANSWERS, input=PASSWORD + "\n")
        assert done.returncode == 0, done.stderr
        done = house.run("shell", "-c", MAKE_SALTS)
        assert done.returncode == 0, done.stderr
        (house.data / "files" / "ab").mkdir(parents=True)
        (house.data / "files" / "ab" / "picture").write_bytes(os.urandom(5000))
        done = house.run("backup", str(folder / "backups"), "--keys-to", str(folder / "safe"))
        assert done.returncode == 0, done.stderr
        yield house, Path(done.stdout.rpartition("Complete: ")[2].splitlines()[0])


@pytest.mark.once
def test_a_backup_holds_files_and_rows_and_no_secret_and_no_salt(kept: tuple[Running, Path]) -> None:
    house, folder = kept
    manifest = backup.read(folder)
    assert "data/files/ab/picture" in manifest.files
    assert manifest.rows["people_member"] == 1
    assert manifest.rows["tracking_dailysalt"] == manifest.rows["tracking_ownvisit"] == 0
    safe = folder.parent.parent / "safe"
    for name in ("keys", "secret-key"):
        secret = (house.data / name).read_text().strip().encode()
        assert (safe / name).read_bytes().strip() == secret
        assert (safe / name).stat().st_mode & 0o077 == 0
        assert not [path for path in folder.rglob("*") if path.is_file() and secret in path.read_bytes()]


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def flip(path: Path) -> None:
    held = bytearray(path.read_bytes())
    held[len(held) // 2] ^= 1
    path.write_bytes(held)


def newer(path: Path) -> None:
    told = json.loads(path.read_text())
    told.pop("sum")
    told["format"] = backup.FORMAT + 1
    path.write_text(json.dumps(told | {"sum": backup._sum_of(told)}))


@pytest.mark.once
@pytest.mark.parametrize(
    ("damage", "name", "said"),
    [
        (cut, "database.sqlite3", "damaged"),
        (flip, "database.sqlite3", "damaged"),
        (flip, "data/files/ab/picture", "damaged"),
        (Path.unlink, "data/files/ab/picture", "not complete"),
        (Path.touch, "data/files/ab/another", "does not belong"),
        (cut, "manifest.json", "damaged"),
        (flip, "manifest.json", "damaged"),
        (newer, "manifest.json", "newer Vocero"),
        (Path.unlink, "manifest.json", "no complete backup"),
    ],
    ids=lambda one: getattr(one, "__name__", None),
)
def test_a_damaged_backup_is_refused(
    kept: tuple[Running, Path], tmp_path: Path, damage: Callable[[Path], Any], name: str, said: str
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(kept[1], folder)
    damage(folder / name)
    with pytest.raises(BadBackup, match=said):
        backup.read(folder)


@pytest.mark.once
def test_a_backup_comes_back_into_an_empty_place_alone(kept: tuple[Running, Path], tmp_path: Path) -> None:
    house, folder = kept
    refused = house.run("restore", str(folder))
    assert refused.returncode == 1
    assert "There is an installation here already" in refused.stderr
    with installation(tmp_path / "copy", start=False) as copy:
        for left_over in ("vocero.sqlite3", "static"):
            (shutil.rmtree if (copy.data / left_over).is_dir() else os.unlink)(copy.data / left_over)  # type: ignore[operator]
        done = copy.run("restore", str(folder), "--keys-from", str(folder.parent.parent / "safe"))
        assert done.returncode == 0, done.stderr
        assert "shares and mail are stopped" in done.stdout
        assert "audit log" not in done.stdout, "its seals fit"
        assert "have to be connected again" not in done.stdout, "its keys are there"
        assert (copy.data / "files" / "ab" / "picture").read_bytes() == (
            house.data / "files" / "ab" / "picture"
        ).read_bytes()
        (copy.data / "restoring").touch()
        begun = copy.run("worker")
        assert begun.returncode == 1
        assert "did not end" in begun.stderr


SEND = """
from datetime import timedelta
from vocero.lib import clock
from vocero.policy.queries import mail_waits
from vocero.sharing.publishing import Publisher
print("handled", Publisher(now=lambda: clock.now() + timedelta(hours=2)).run())
print("mail waits" if mail_waits() else "mail goes")
"""
PLAN_ONE = """
from datetime import timedelta
from vocero.lib import clock
from vocero.sharing.models import Share
one = Share.objects.filter(network="fake-key").order_by("pk").last()
Share.objects.filter(pk=one.pk).update(due_at=clock.now() + timedelta(hours=1))
"""


@contextmanager
def databases(kind: str, folder: Path) -> Iterator[tuple[dict[str, str], dict[str, str]]]:
    """What a house and its copy need in their environment: databases of their own, one made and one still empty."""
    if kind == "sqlite":
        yield (
            {"DATABASE_URL": f"sqlite:///{folder}/house.sqlite3"},
            {"DATABASE_URL": f"sqlite:///{folder}/copy.sqlite3"},
        )
        return
    cluster = Cluster()
    try:
        cluster.start()
        told = {"PATH": restore.on_cluster(cluster, folder)["PATH"]}
        yield told | {"DATABASE_URL": cluster.url}, told | {"DATABASE_URL": cluster.make_database("copy")}
    finally:
        cluster.remove()


@pytest.mark.once
@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_restored_copy_sends_nothing(tmp_path: Path, kind: str) -> None:
    networks = FakeNetworks.start(tmp_path, faults=0, seed=7)
    settings = networks.environment()
    try:
        with (
            databases(kind, tmp_path) as (of_house, of_copy),
            installation(tmp_path / "house", start=False, **settings, **of_house) as house,
            installation(tmp_path / "copy", start=False, **settings, **of_copy) as copy,
        ):
            crew = Crew(house.data, house.environ)
            crew.ask("make 8 0")
            done = house.run("shell", "-c", PLAN_ONE)
            assert done.returncode == 0, done.stderr
            done = house.run("backup", str(tmp_path / "backups"))
            assert done.returncode == 0, done.stderr
            folder = Path(done.stdout.rpartition("Complete: ")[2].splitlines()[0])
            crew.start()
            wait_for(lambda: Counter(one["state"] for one in crew.ask("report"))["planned"] == 1, what="seven to leave")
            wait_for(lambda: len(networks.posts()) == 7, what="seven posts")
            crew.close()
            done = copy.run("restore", str(folder))
            assert done.returncode == 0, done.stderr
            assert "7 shares were due since" in done.stdout
            sent = copy.run("shell", "-c", SEND)
            assert sent.returncode == 0, sent.stderr
            assert "handled 0\nmail waits" in sent.stdout
            networks.settle()
            assert len(networks.posts()) == 7
            assert networks.posted_more_than_once() == {}
    finally:
        networks.stop()


def test_an_older_vocero_refuses_a_newer_database() -> None:
    assert dumps.unknown_migrations(["people.0001_initial", "people.9999_from_tomorrow"]) == [
        "people.9999_from_tomorrow"
    ]


@pytest.mark.parametrize(
    ("backed_up", "spared_before"),
    [
        (None, timedelta(hours=26)),
        (timedelta(hours=3), timedelta(hours=3)),
        (timedelta(days=3), timedelta(days=3)),
        (timedelta(days=90), timedelta(days=7)),
    ],
)
def test_a_segment_stays_until_a_backup_holds_its_clicks(
    house: House, backed_up: timedelta | None, spared_before: timedelta
) -> None:
    Installation.objects.update(backed_up_at=backed_up and MOMENT - backed_up)
    assert ingest._spare_since(MOMENT) == MOMENT - spared_before

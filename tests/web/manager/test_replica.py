"""Reports read from a replica when there is one, from the database when it is away, and nothing is ever written there.

A second database stands in for the replica: a copy in which one figure is another, opened by an account that can only read.
"""

import logging
import sqlite3
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, connections
from django.db.utils import InternalError, OperationalError
from django.test import Client

from tests.cast import People
from tests.measurement.facts import share_on
from tests.sharing.library import make_post
from vocero.lib import replica
from vocero.lib.clock import now
from vocero.measurement.models import MonthPlan, ShareStat
from vocero.measurement.services import roll_up_recent
from vocero.people.models import Member

type SignIn = Callable[[Any], Client]

pytestmark = pytest.mark.django_db(transaction=True)
OURS, THEIRS = 3, 700_000


class Copy:
    """The stand-in: `lose` takes it away, `restore` brings it back."""

    def __init__(self, tmp_path: Path) -> None:
        self.file = tmp_path / "replica.sqlite3"
        self.name = f"{connection.settings_dict['NAME']}_replica"
        self._make()
        own = dict(connection.settings_dict)
        if connection.vendor == "sqlite":
            own |= {"NAME": f"file:{self.file}?mode=ro", "OPTIONS": {"uri": True}}
        else:
            own |= {"NAME": self.name, "OPTIONS": {"options": "-c default_transaction_read_only=on"}}
        connections.settings[replica.REPLICA] = own
        self._allow(connections[replica.REPLICA])

    @staticmethod
    def _allow(wrapper: Any) -> None:
        """Django's tests forbid connections that were not there when the test began."""

        def connect() -> None:
            if wrapper.connection is None:
                with wrapper.wrap_database_errors:
                    wrapper.connect()

        wrapper.ensure_connection = connect

    def _make(self) -> None:
        changed = f"UPDATE measurement_sharestat SET published = {THEIRS}, measured = 0, self_reported = 0 WHERE dimension = 'all'"
        if connection.vendor == "sqlite":
            with connection.cursor() as cursor:
                cursor.execute("VACUUM INTO %s", [str(self.file)])
            with sqlite3.connect(self.file) as made:
                made.execute(changed)
            return
        self._on_server(f'CREATE DATABASE "{self.name}" TEMPLATE "{connection.settings_dict["NAME"]}"')
        self._on_server(changed, name=self.name)

    def _on_server(self, statement: str, *, name: str = "postgres") -> None:
        import psycopg

        connection.close()
        own = connection.get_connection_params() | {"dbname": name, "autocommit": True}
        for unknown in ("cursor_factory", "context", "prepare_threshold"):
            own.pop(unknown, None)
        with psycopg.connect(**own) as server:
            server.execute(statement)

    def lose(self) -> None:
        """Let nobody connect any more."""
        connections[replica.REPLICA].close()
        if connection.vendor == "sqlite":
            self.file.rename(self.file.with_suffix(".gone"))
        else:
            self._on_server(f'ALTER DATABASE "{self.name}" ALLOW_CONNECTIONS false')

    def end(self) -> None:
        """Remove it."""
        connections[replica.REPLICA].close()
        del connections[replica.REPLICA]
        del connections.settings[replica.REPLICA]
        if connection.vendor != "sqlite":
            self._on_server(f'DROP DATABASE "{self.name}"')


@pytest.fixture
def copy(people: People, tmp_path: Path) -> Iterator[Copy]:
    """Three shares by the database, seven hundred thousand by the copy."""
    for _ in range(OURS):
        share_on(people.ana, make_post(people.house), now().date() - timedelta(days=1))
    roll_up_recent(at=now())
    made = Copy(tmp_path)
    replica.health.forget()
    yield made
    made.end()
    replica.health.forget()


def shares_shown(client: Client) -> str:
    """The results of the newest quarter as a file of figures."""
    day = now().date()
    address = f"/manage/results/file?by=figures&period={day.year}-Q{(day.month + 2) // 3}"
    return next(
        line
        for line in client.get(address).content.decode().splitlines()
        if line.lower().startswith(("shares", '"shares'))
    )


def test_results_come_from_the_replica_and_from_the_database_when_it_is_lost(
    people: People, sign_in: SignIn, copy: Copy, caplog: pytest.LogCaptureFixture
) -> None:
    client = sign_in(people.marta)
    assert str(THEIRS) in shares_shown(client)
    copy.lose()
    replica.health.forget()
    with caplog.at_level(logging.WARNING):
        told = shares_shown(client)
    assert str(THEIRS) not in told
    assert f",{OURS}," in told
    assert "reports read from the database" in caplog.text


def test_a_replica_that_is_lost_in_the_middle_is_not_noticed_by_the_reader(
    people: People, sign_in: SignIn, copy: Copy
) -> None:
    client = sign_in(people.marta)
    assert str(THEIRS) in shares_shown(client)
    copy.lose()
    assert str(THEIRS) not in shares_shown(client)


def test_a_replica_that_is_too_far_behind_is_not_read(
    people: People, sign_in: SignIn, copy: Copy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replica, "_LAG", f"SELECT {settings.VOCERO_REPLICA_LAG + 1}")
    told = shares_shown(sign_in(people.marta))
    assert (str(THEIRS) in told) == (connection.vendor == "sqlite"), "a SQLite file has no lag to ask for"


def test_nothing_is_written_to_the_replica_and_the_rest_of_the_pages_does_not_read_it(
    people: People, sign_in: SignIn, copy: Copy
) -> None:
    with replica.reading() as there:
        assert there
        assert ShareStat.objects.filter(dimension="all").first().published == THEIRS  # type: ignore[union-attr]
        read = Member.objects.get(pk=people.ana.pk)
        assert read._state.db == replica.REPLICA
        read.job_title = "Changed"
        read.save(update_fields=["job_title"])
        with pytest.raises((InternalError, OperationalError)), connections[replica.REPLICA].cursor() as cursor:
            cursor.execute("UPDATE people_member SET job_title = 'x'")
    assert Member.objects.get(pk=people.ana.pk).job_title == "Changed"
    month = f"{now():%Y-%m}"
    client = sign_in(people.marta)
    client.post(f"/manage/month/{month}/plan", {"text": "More of the same"})
    assert MonthPlan.objects.filter(text="More of the same").exists()
    assert "More of the same" in client.get(f"/manage/month/{month}").content.decode()

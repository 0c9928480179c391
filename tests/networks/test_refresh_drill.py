"""P4: refreshers race and are killed between answer and save: one refresh each, one reconnect for each real loss."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests import postgresql
from tests.networks.single_use import SingleUse
from tests.servers.processes import ROOT

LONG = "VOCERO_TEST_REFRESH_KILLS" in os.environ
KILLS = int(os.environ.get("VOCERO_TEST_REFRESH_KILLS", "2"))
ACCOUNTS = int(os.environ.get("VOCERO_TEST_REFRESH_ACCOUNTS", "6"))
ROUNDS = 2
DATABASES = pytest.mark.parametrize("database", ["sqlite", "postgresql"] if LONG else ["sqlite"])
AHEAD = 11 * 60
"""Seconds from one round to the next: a little more than the ten minutes between two refreshes of an account."""


class Refreshers:
    """The process that forks refreshers; every round is later than the one before."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.rounds = 0

    def ask(self, *words: str) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(" ".join(words) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def race(self, *words: str) -> int:
        self.rounds += 1
        killed: int = self.ask("round", str(self.rounds * AHEAD), *words)["killed"]
        return killed


@contextmanager
def refreshers(folder: Path, server: SingleUse, database: str) -> Iterator[Refreshers]:
    """Start the process on a database of its own."""
    own = None
    address = f"sqlite:///{folder}/drill.sqlite3"
    if database == "postgresql":
        address, own = postgresql.start()
    environ = {"VOCERO_DATA": str(folder), "VOCERO_ALLOW_PRIVATE_HOSTS": server.place, "DATABASE_URL": address}
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.networks.refreshers"],
        cwd=ROOT,
        env={**os.environ, **environ},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=(folder / "refreshers.log").open("w"),
        text=True,
    )
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == "ready"
        yield Refreshers(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        process.wait(60)
        if own is not None:
            own.cleanup()


@DATABASES
def test_eight_refreshers_refresh_each_account_once(tmp_path: Path, database: str) -> None:
    with SingleUse() as server, refreshers(tmp_path, server, database) as crew:
        crew.ask("make", str(ACCOUNTS), server.url)
        for _ in range(ROUNDS):
            crew.race()
        assert set(server.refreshed.values()) == {ROUNDS}
        assert len(server.refreshed) == ACCOUNTS
        assert not server.refused
        assert crew.ask("report") == {"connected": ACCOUNTS}


@DATABASES
def test_a_refresher_killed_before_it_saved_costs_one_reconnect_and_never_a_loop(tmp_path: Path, database: str) -> None:
    killed = asked = 0
    with SingleUse() as server, refreshers(tmp_path, server, database) as crew:
        crew.ask("make", str(ACCOUNTS), server.url)
        while killed < KILLS:
            killed += crew.race("die")
            assert crew.rounds < 40 * KILLS
            before = server.refused.total()
            crew.race()  # nobody dies: whoever lost a token is found out
            found_out = server.refused.total() - before
            assert crew.ask("report").get("reconnect", 0) == found_out
            refreshed = server.refreshed.total()
            crew.race()  # nobody uses a lost token a second time
            assert server.refused.total() == before + found_out
            assert server.refreshed.total() == refreshed + ACCOUNTS - found_out
            asked += crew.ask("reconnect", json.dumps(server.serials, separators=(",", ":")))
        print("outcome", json.dumps({"killed": killed, "asked": asked, "refreshed": server.refreshed.total()}))
        assert 0 < asked <= killed
        assert server.refused.total() == asked


def test_refreshers_without_a_lock_are_found_out(tmp_path: Path) -> None:
    with SingleUse() as server, refreshers(tmp_path, server, "sqlite") as crew:
        crew.ask("make", "8", server.url)
        crew.race("no-lock")
        assert server.refused or max(server.refreshed.values()) > 1

"""Publishers are killed, frozen and faulted: nothing is posted twice, nothing is lost silently."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from tests import postgresql
from tests.servers.fake_networks import FakeNetworks
from tests.servers.processes import ROOT
from tests.sharing.crew import LEASE

KILLS = int(os.environ.get("VOCERO_TEST_KILLS", "6"))
SHARES_A_KILL = 5
LONGEST = 240.0
ENDED = {"sent", "unconfirmed"}


class Crew:
    """The process that forks publishers; all are killed by the ids it gave."""

    def __init__(self, data: Path, environ: Mapping[str, str]) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.sharing.crew"],
            cwd=ROOT,
            env={**os.environ, "VOCERO_DATA": str(data), "DJANGO_SETTINGS_MODULE": "vocero.config.settings", **environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=(data / "crew.log").open("w"),
            text=True,
        )
        assert self.process.stdout is not None
        assert json.loads(self.process.stdout.readline()) == "ready"
        self.alive: list[int] = []

    def ask(self, command: str) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(command + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def start(self) -> None:
        self.alive.append(self.ask("start"))

    def kill(self, number: int) -> None:
        os.kill(self.alive.pop(number), signal.SIGKILL)

    def close(self) -> None:
        while self.alive:
            self.kill(0)
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait(60)


@pytest.fixture
def networks(tmp_path: Path) -> Iterator[FakeNetworks]:
    """The four fake networks; a fifth of all posts meets a fault."""
    server = FakeNetworks.start(tmp_path, faults=0.2, seed=7)
    yield server
    server.stop()


def drill(crew: Crew, networks: FakeNetworks, *, kills: int) -> list[dict[str, Any]]:
    """Let two publishers work; kill one at a time, freeze one past its lease, lose two hours in the middle."""
    chance = random.Random(11)
    crew.ask(f"make {kills * SHARES_A_KILL}")
    crew.start()
    crew.start()
    frozen, thaw_at = 0, 0.0
    for number in range(kills):
        time.sleep(chance.uniform(0.05, 0.25))
        if number == kills // 3:
            frozen, thaw_at = crew.alive.pop(0), time.monotonic() + LEASE.total_seconds() + 1
            os.kill(frozen, signal.SIGSTOP)
            crew.start()
        if number == kills // 2:
            time.sleep(max(0.0, thaw_at - time.monotonic()))
            os.kill(frozen, signal.SIGCONT)
            crew.alive.append(frozen)
            time.sleep(0.5)
            while crew.alive:
                crew.kill(0)
            networks.settle()
            networks.move_clock(timedelta(hours=2))
            crew.ask("later 7200")
            crew.start()
            crew.start()
        crew.kill(chance.randrange(len(crew.alive)))
        crew.start()
    deadline = time.monotonic() + LONGEST
    told = crew.ask("report")
    while any(one["state"] in {"planned", "sending"} for one in told):
        assert time.monotonic() < deadline, Counter((one["network"], one["state"]) for one in told)
        time.sleep(0.5)
        told = crew.ask("report")
    networks.settle()
    time.sleep(2)  # what a network still stores "late" comes within a second and a half
    return told


def judge(told: list[dict[str, Any]], networks: FakeNetworks) -> None:
    """Compare what we believe with what the networks stored."""
    posted = {(post["network"], post["link"]) for post in networks.posts()}
    assert networks.posted_more_than_once() == {}
    believed = {(one["network"], one["link"]): one["state"] for one in told}
    assert posted <= set(believed)
    assert [which for which, state in believed.items() if state == "sent" and which not in posted] == []
    assert [
        which for which, state in believed.items() if state != "sent" and which in posted and state != "unconfirmed"
    ] == []
    assert {one["state"] for one in told} <= ENDED
    unsure = Counter(one["network"] for one in told if one["state"] == "unconfirmed")
    assert unsure["fake-record"] == unsure["fake-lookup"] == 0
    assert unsure["fake-key"] <= 4 * 2 * 2 + 2, "only what was under way when two hours were lost"
    assert len(posted) >= 0.75 * len(told)


def test_nothing_is_posted_twice_and_nothing_is_lost_on_sqlite(tmp_path: Path, networks: FakeNetworks) -> None:
    crew = Crew(tmp_path, {**networks.environment(), "DATABASE_URL": f"sqlite:///{tmp_path}/drill.sqlite3"})
    try:
        judge(drill(crew, networks, kills=KILLS), networks)
    finally:
        crew.close()


def test_nothing_is_posted_twice_and_nothing_is_lost_on_postgresql(tmp_path: Path, networks: FakeNetworks) -> None:
    address, server = postgresql.start()
    crew = Crew(tmp_path, {**networks.environment(), "DATABASE_URL": address})
    try:
        judge(drill(crew, networks, kills=KILLS), networks)
    finally:
        crew.close()
        server.cleanup()

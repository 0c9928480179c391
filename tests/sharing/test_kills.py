"""Publishers are killed, frozen and faulted: nothing is posted twice, nothing is lost silently."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from pathlib import Path

import pytest

from tests import postgresql
from tests.servers.fake_networks import FakeNetworks
from tests.sharing import drill
from tests.sharing.drill import Crew, Outcome

KILLS = int(os.environ.get("VOCERO_TEST_KILLS", "6"))
SHARES = int(os.environ.get("VOCERO_TEST_SHARES", str(5 * KILLS)))
LONG = "VOCERO_TEST_FREEZES" in os.environ
FREEZES = int(os.environ.get("VOCERO_TEST_FREEZES", "3"))
SEED = int(os.environ.get("VOCERO_TEST_SEED", "11"))


@pytest.fixture
def networks(tmp_path: Path) -> Iterator[FakeNetworks]:
    """The four fake networks; a fifth of all posts meets a fault."""
    server = FakeNetworks.start(tmp_path, faults=0.2, seed=SEED)
    yield server
    server.stop()


@contextmanager
def crew_on_sqlite(folder: Path, environ: Mapping[str, str]) -> Iterator[Crew]:
    """Publishers over one SQLite file."""
    crew = Crew(folder, {**environ, "DATABASE_URL": f"sqlite:///{folder}/drill.sqlite3"})
    try:
        yield crew
    finally:
        crew.close()


@contextmanager
def crew_on_postgresql(folder: Path, environ: Mapping[str, str]) -> Iterator[Crew]:
    """Publishers over a PostgreSQL of their own."""
    address, server = postgresql.start()
    crew = Crew(folder, {**environ, "DATABASE_URL": address})
    try:
        yield crew
    finally:
        crew.close()
        server.cleanup()


def held(outcome: Outcome) -> bool:
    """Show what came of it; `./run drill` reads the line."""
    print("outcome", json.dumps(asdict(outcome)))
    return outcome.wrong == []


def test_nothing_is_posted_twice_and_nothing_is_lost_on_sqlite(tmp_path: Path, networks: FakeNetworks) -> None:
    with crew_on_sqlite(tmp_path, networks.environment()) as crew:
        assert held(drill.kills(crew, networks, kills=KILLS, shares=SHARES, seed=SEED))


def test_nothing_is_posted_twice_and_nothing_is_lost_on_postgresql(tmp_path: Path, networks: FakeNetworks) -> None:
    with crew_on_postgresql(tmp_path, networks.environment()) as crew:
        assert held(drill.kills(crew, networks, kills=KILLS, shares=SHARES, seed=SEED))


@pytest.mark.parametrize("crew_on", [crew_on_sqlite, crew_on_postgresql][: 2 if LONG else 1])
def test_publishers_frozen_past_their_lease_send_nothing_twice(
    tmp_path: Path, networks: FakeNetworks, crew_on: Callable[..., AbstractContextManager[Crew]]
) -> None:
    with crew_on(tmp_path, networks.environment()) as crew:
        assert held(drill.freezes(crew, networks, freezes=FREEZES, shares=40 * FREEZES))


def posts_twice(folder: Path, run: Callable[[Crew, FakeNetworks], Outcome]) -> bool:
    """Say whether a broken publisher is found out. Chance may let one run end well; it does not let six."""
    for number in range(6):
        place = folder / str(number)
        place.mkdir()
        networks = FakeNetworks.start(place, faults=0.2, seed=SEED + number)
        try:
            with crew_on_sqlite(place, networks.environment()) as crew:
                if any("more than once" in what for what in run(crew, networks).wrong):
                    return True
        finally:
            networks.stop()
    return False


def test_publishers_without_fencing_are_found_out(tmp_path: Path) -> None:
    assert posts_twice(
        tmp_path, lambda crew, networks: drill.freezes(crew, networks, freezes=3, shares=120, flaw="without-fencing")
    )


def test_publishers_that_do_not_look_first_are_found_out(tmp_path: Path) -> None:
    assert posts_twice(
        tmp_path, lambda crew, networks: drill.kills(crew, networks, kills=6, shares=60, flaw="without-looking")
    )

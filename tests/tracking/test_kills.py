"""Servers and ingest are killed under click load: nothing acknowledged is lost, nothing is stored twice."""

import os
from pathlib import Path

import pytest

from bench.drills import counting, kills
from bench.drills.cluster import Cluster
from tests.running import prepared_database

KILLS = int(os.environ.get("VOCERO_TEST_KILLS", "6"))


def sqlite(folder: Path) -> dict[str, str]:
    folder.mkdir()
    prepared_database(folder)
    return counting.clean_environ(folder)


def test_no_acknowledged_click_is_lost_or_stored_twice_by_kills_on_sqlite(tmp_path: Path) -> None:
    data = tmp_path / "data"
    outcome = kills.drill(data, sqlite(data), kills=KILLS, with_single_port=KILLS > 6)
    assert outcome.count.acknowledged > 20 * KILLS
    assert outcome.count.is_right, outcome


@pytest.mark.parametrize("sync", ["local", "database"])
def test_no_acknowledged_click_is_lost_or_stored_twice_by_kills_on_postgresql(tmp_path: Path, sync: str) -> None:
    data = tmp_path / "data"
    data.mkdir()
    cluster = Cluster()
    try:
        cluster.start()
        environ = counting.clean_environ(data, DATABASE_URL=cluster.url, VOCERO_CLICK_SYNC=sync)
        outcome = kills.drill(data, environ, kills=KILLS, with_single_port=KILLS > 6)
    finally:
        cluster.remove()
    assert outcome.count.acknowledged > 20 * KILLS
    assert outcome.count.is_right, outcome


def test_links_that_answer_before_they_have_written_are_found_out(tmp_path: Path) -> None:
    data = tmp_path / "data"
    outcome = kills.drill(
        data, sqlite(data), kills=4, links_application="bench.drills.faulty:hasty", with_single_port=False
    )
    assert outcome.count.lost > 0
    assert not outcome.count.is_right

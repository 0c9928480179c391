"""Short forms of the drills: power cuts, a database that goes away, a full disk, a disk that fails."""

import socket
import threading
from pathlib import Path

import pytest

from bench.drills import broken_disk, counting, database_away, disks, floods, full_disk, power, slow_clients
from bench.tools import what_is_missing
from tests.running import prepared_database

needs_mount = pytest.mark.skipif(not disks.can_mount(), reason="mounting a file system needs root")
needs_strace = pytest.mark.skipif(
    not broken_disk.is_possible(), reason="strace is not installed: apt-get install strace"
)


@needs_mount
def test_no_acknowledged_click_is_lost_by_power_cuts(tmp_path: Path) -> None:
    outcome = power.drill(tmp_path, cuts=2, furnish=prepared_database)
    assert outcome.count.acknowledged > 40
    assert outcome.count.is_right, outcome
    assert outcome.whole
    assert outcome.rows_committed >= 6
    assert outcome.rows_lost == 0


@needs_mount
def test_rows_that_do_not_wait_for_the_disk_are_lost_by_a_power_cut(tmp_path: Path) -> None:
    outcome = power.drill(tmp_path, cuts=1, synchronous="OFF", furnish=prepared_database)
    assert outcome.rows_lost > 0


@needs_mount
def test_clicks_that_only_the_operating_system_has_are_lost_by_a_power_cut(tmp_path: Path) -> None:
    outcome = power.drill(tmp_path, cuts=1, sync="kernel", furnish=prepared_database)
    assert outcome.count.lost > 0


def test_known_links_go_on_without_the_database_and_every_click_comes_in_later(tmp_path: Path) -> None:
    outcome = database_away.drill(tmp_path, faults=2, seconds_away=0.5, pause=0.02)
    assert outcome.not_sent_on == 0, outcome
    assert outcome.count.is_right, outcome


def test_links_that_know_nothing_by_heart_are_found_out_without_the_database(tmp_path: Path) -> None:
    outcome = database_away.drill(
        tmp_path, faults=1, seconds_away=0.1, pause=0.02, application="bench.drills.faulty:forgetful"
    )
    assert outcome.not_sent_on > 0


@needs_mount
def test_a_full_disk_loses_no_visitor_and_no_loss_is_silent(tmp_path: Path) -> None:
    outcome = full_disk.drill(tmp_path, furnish=prepared_database)
    assert outcome.not_sent_on == 0, outcome
    assert outcome.marked > 0
    assert outcome.counted_lost == outcome.marked
    assert outcome.resumed_in_seconds < 5
    assert outcome.refused
    assert all("full" in why or "No space" in why for why in outcome.refused), outcome.refused
    assert (outcome.rows_lost, outcome.reads_failed) == (0, 0)
    assert outcome.rows_resumed_in_seconds < 60
    assert outcome.count.is_right, outcome


@needs_mount
def test_links_that_keep_losses_to_themselves_are_found_out(tmp_path: Path) -> None:
    outcome = full_disk.drill(tmp_path, furnish=prepared_database, application="bench.drills.faulty:mute")
    assert outcome.marked > outcome.counted_lost, outcome


@needs_mount
def test_an_upgrade_without_room_says_so_changes_nothing_and_goes_on_later(tmp_path: Path) -> None:
    outcome = full_disk.upgrade(tmp_path)
    assert outcome.refused
    assert outcome.said.startswith("CommandError: There is no room left on the disk of "), outcome
    assert "Traceback" not in outcome.said
    assert (outcome.rows_kept, outcome.is_whole, outcome.done_afterwards) == (True, True, True), outcome


@needs_strace
def test_what_a_failing_disk_did_not_take_is_never_acknowledged(tmp_path: Path) -> None:
    prepared_database(tmp_path)
    outcome = broken_disk.drill(tmp_path, counting.clean_environ(tmp_path), places=4)
    assert outcome.not_sent_on == 0, outcome
    assert outcome.marked > 0
    assert outcome.count.is_right, outcome


@needs_strace
def test_links_that_do_not_hear_of_failure_are_found_out(tmp_path: Path) -> None:
    prepared_database(tmp_path)
    outcome = broken_disk.drill(
        tmp_path, counting.clean_environ(tmp_path), places=2, application="bench.drills.faulty:deaf"
    )
    assert outcome.count.lost > 0


@pytest.mark.skipif(bool(what_is_missing(["nginx"])), reason=what_is_missing(["nginx"]))
def test_slow_clients_keep_nobody_waiting_behind_the_guides_proxy(tmp_path: Path) -> None:
    outcome = slow_clients.drill(tmp_path, slow=150, seconds=2)
    assert outcome.clicks > 0, outcome
    assert outcome.pages > 0, outcome
    assert (outcome.not_answered, outcome.pages_not_answered) == (0, 0), outcome


def test_slow_forms_without_a_proxy_keep_pages_from_others_but_no_link(tmp_path: Path) -> None:
    outcome = slow_clients.drill(tmp_path, slow=150, seconds=2, behind_proxy=False)
    assert outcome.clicks > 0, outcome
    assert outcome.not_answered == 0, outcome
    assert outcome.pages_not_answered > 0, outcome


def furnished(folder: Path) -> Path:
    """Put a database with all migrations where a drill looks for its own."""
    (folder / "data").mkdir()
    prepared_database(folder / "data")
    return folder


def test_a_flood_from_one_address_costs_nobody_else_anything(tmp_path: Path) -> None:
    outcome = floods.drill(furnished(tmp_path), limit=50)
    assert outcome.is_right, outcome


def test_a_side_that_takes_too_much_of_a_large_body_is_found_out() -> None:
    def take_much() -> None:
        taker, _ = door.accept()
        with taker:
            left = (floods.MOST_MIB + 2) << 20
            while left > 0:
                left -= len(taker.recv(min(left, 1 << 20)))

    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=take_much, daemon=True).start()
        _, mib = floods.send_body(door.getsockname()[1], "/l/any")
    assert mib > floods.MOST_MIB


def test_links_without_a_limit_that_count_a_flood_are_found_out(tmp_path: Path) -> None:
    outcome = floods.drill(furnished(tmp_path), limit=50, told_limit=0)
    assert (outcome.sent_on, outcome.counted, outcome.left_out) == (500, 500, 0), outcome
    assert not outcome.is_right

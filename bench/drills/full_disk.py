"""D4: the disk fills up under clicks, shares, audit lines, consent and uploads, and in an upgrade; all resumes by itself.

Visitors are sent on, each loss is marked and counted; what cannot be written is refused with an error that says why; reading
goes on.
"""

import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.drills import counting, crew
from bench.drills.counting import Count
from bench.drills.crew import ROOT, Crew
from bench.drills.disks import disk
from bench.drills.finding import Finding
from bench.drills.visitors import Visitors
from bench.drills.writing import Writing, missing


@dataclass(frozen=True)
class Outcome:
    """What visitors were told while there was no room, and how soon clicks and rows were stored again.

    `refused` counts the errors that writers were given, by what was to be written and why not.
    """

    marked: int
    counted_lost: int
    not_sent_on: int
    resumed_in_seconds: float
    refused: dict[str, int]
    rows_committed: int
    rows_lost: int
    rows_resumed_in_seconds: float
    reads_failed: int
    count: Count


def drill(
    folder: Path,
    *,
    rounds: int = 1,
    furnish: Callable[[Path], object] = lambda _: None,
    application: str = "vocero.config.links:application",
) -> Outcome:
    """Fill the disk that holds segments and SQLite, let visitors click, make room again, and count."""
    resumed = rows_resumed = 0.0
    reads_failed = 0
    with disk(folder, megabytes=96) as ours:
        data = ours.place / "data"
        data.mkdir()
        furnish(data)
        environ = counting.clean_environ(data)
        tokens = counting.prepare(environ, 20)
        team = Crew(environ, folder / "drill.log")
        try:
            port = crew.free_port()
            team.add("links", crew.links(port, application=application), port)
            team.add("ingest", crew.ingest())
            team.wait_until_answering("links")
            visitors = Visitors([port], tokens, threads=8)
            writing = Writing(environ, folder / "drill.log")
            writing.wait_for(8)
            for _ in range(rounds):
                visitors.wait_for(200)
                filler = ours.fill()
                marked, refused = len(visitors.marked), len(writing.refused)
                deadline = time.monotonic() + 20
                while (
                    len(visitors.marked) < marked + 300 or len(writing.refused) < refused + 8
                ) and time.monotonic() < deadline:
                    time.sleep(0.05)
                    reads_failed += not _can_read(environ)
                filler.unlink()
                begun = time.monotonic()
                visitors.wait_for(1)
                resumed = max(resumed, time.monotonic() - begun)
                writing.wait_for(4)
                rows_resumed = max(rows_resumed, time.monotonic() - begun)
                visitors.wait_for(200)
            visitors.stop()
            writing.stop()
        finally:
            team.end_all()
        counting.take_in(environ)
        count = counting.count(environ, visitors.acknowledged)
        ((lost,),) = counting.rows(environ, "SELECT COALESCE(SUM(lost), 0) FROM tracking_segmentcursor")
        rows_lost = missing(environ, writing.said)
    wrong = sum(visitors.others.values()) + visitors.failures
    return Outcome(
        len(visitors.marked),
        int(lost),
        wrong,
        resumed,
        dict(Counter(writing.refused)),
        len(writing.said),
        rows_lost,
        rows_resumed,
        reads_failed,
        count,
    )


@dataclass(frozen=True)
class Upgrade:
    """What was said when an upgrade found no room, and what became of the database then and afterwards."""

    refused: bool
    said: str
    rows_kept: bool
    is_whole: bool
    done_afterwards: bool


def upgrade(folder: Path) -> Upgrade:
    """Bring a database of an early version, with somebody in it, to this version on a full disk, and again with room."""
    with disk(folder, megabytes=48) as ours:
        data = ours.place / "data"
        data.mkdir()
        environ = counting.clean_environ(data)
        _vocero(environ, "migrate", "people", "--verbosity", "0").check_returncode()
        with sqlite3.connect(data / "vocero.sqlite3") as connection:
            connection.execute("CREATE TABLE kept (number INTEGER)")
            connection.executemany("INSERT INTO kept VALUES (?)", [(number,) for number in range(1000)])
        connection.close()
        filler = ours.fill()
        refused = _vocero(environ, "prepare")
        filler.unlink()
        kept = counting.rows(environ, "SELECT COUNT(*) FROM kept") == [(1000,)]
        whole = counting.rows(environ, "PRAGMA integrity_check") == [("ok",)]
        after = _vocero(environ, "prepare")
        return Upgrade(refused.returncode != 0, refused.stderr.strip(), kept, whole, after.returncode == 0)


def _vocero(environ: dict[str, str], *words: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "vocero", *words], env=environ, cwd=ROOT, capture_output=True, text=True, check=False
    )


def _can_read(environ: dict[str, str]) -> bool:
    try:
        return bool(counting.rows(environ, "SELECT COUNT(*) FROM sharing_share")[0][0])
    except sqlite3.Error:
        return False


def long(folder: Path, faults: int, seed: int) -> Finding:
    """D4: the disk fills up under clicks and in an upgrade, and is freed again."""
    outcome, upgraded = drill(folder / "clicks", rounds=faults), upgrade(folder / "upgrade")
    held = outcome.count.is_right and not outcome.not_sent_on and outcome.marked == outcome.counted_lost
    held = held and bool(outcome.refused) and not outcome.rows_lost and not outcome.reads_failed
    held = held and max(outcome.resumed_in_seconds, outcome.rows_resumed_in_seconds) <= 5
    held = held and upgraded.refused and upgraded.rows_kept and upgraded.is_whole and upgraded.done_afterwards
    return Finding(held, asdict(outcome) | {"upgrade": asdict(upgraded)})

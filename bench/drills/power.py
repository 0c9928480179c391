"""D2: the power is cut under click load; what was acknowledged is on the disk, in the segments or in the database."""

import random
import sqlite3
import subprocess
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.drills import counting, crew
from bench.drills.counting import Count
from bench.drills.crew import Crew
from bench.drills.disks import disk
from bench.drills.finding import Finding
from bench.drills.visitors import Visitors
from bench.drills.writing import Writing, missing


@dataclass(frozen=True)
class Outcome:
    """What was there after all cuts: `whole` says whether the database passed its own check each time.

    Rows are shares, audit lines and consent that were committed.
    """

    cuts: int
    cuts_with_loss: int
    whole: bool
    rows_committed: int
    rows_lost: int
    count: Count


def drill(
    folder: Path,
    *,
    cuts: int,
    sync: str = "local",
    seed: int = 1,
    synchronous: str = "",
    furnish: Callable[[Path], object] = lambda _: None,
) -> Outcome:
    """Cut the power of the disk that holds segments and SQLite, again and again, and count after each cut.

    With `synchronous` the writing process is told to wait for the disk less than SQLite is set to (the planted fault).
    `furnish` may put a prepared database into the data folder.
    """
    draw = random.Random(seed)
    acknowledged: list[int] = []
    rows = rows_lost = 0
    lost_before = with_loss = 0
    whole = True
    with disk(folder, megabytes=128) as ours:
        data = ours.place / "data"
        data.mkdir()
        furnish(data)
        environ = counting.clean_environ(data, VOCERO_CLICK_SYNC=sync)
        tokens = counting.prepare(environ, 20)
        subprocess.run(["sync", "-f", str(data)], check=True, timeout=60)
        count = counting.count(environ, [])
        for number in range(cuts):
            team = Crew(environ, folder / "drill.log")
            try:
                port = crew.free_port()
                team.add("links", crew.links(port), port)
                team.add("ingest", crew.ingest())
                team.wait_until_answering("links")
                writing = Writing(environ | {"DRILL_SYNCHRONOUS": synchronous}, folder / "drill.log")
                writing.wait_for(3)
                visitors = Visitors([port], tokens, first=1_000_000 * (number + 1))
                visitors.wait_for(draw.randint(20, 400))
                time.sleep(draw.uniform(0, 0.05))
                before, committed = list(visitors.acknowledged), list(writing.said)
                ours.cut_power()
                visitors.stop()
                writing.stop()
            finally:
                team.end_all()
            acknowledged += before  # what is answered while the file system goes down proves nothing
            ours.unmount()
            ours.mount()
            whole = whole and _is_whole(data / "vocero.sqlite3")
            counting.take_in(environ)
            count = counting.count(environ, acknowledged)
            rows += len(committed)
            rows_lost += missing(environ, committed)
            with_loss += count.lost > lost_before
            lost_before = count.lost
    return Outcome(cuts, with_loss, whole, rows, rows_lost, count)


def _is_whole(path: Path) -> bool:
    connection = sqlite3.connect(path)
    try:
        return bool(connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)])
    finally:
        connection.close()


def long(folder: Path, faults: int, seed: int) -> Finding:
    """D2: the power of the disk with segments and SQLite is cut; three more cuts without waiting for it must lose."""
    outcome = drill(folder / "safe", cuts=faults, seed=seed)
    planted = drill(folder / "hasty", cuts=3, seed=seed, sync="kernel")
    held = (
        outcome.count.is_right
        and outcome.whole
        and not outcome.rows_lost
        and outcome.rows_committed > 0
        and planted.count.lost > 0
    )
    return Finding(held, {"safe": asdict(outcome), "planted": asdict(planted)})

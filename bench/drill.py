"""`./run drill [NAME...]`: run one long drill or all; each says what it did and whether everything held."""

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.bench import conditions
from bench.drills import broken_disk, counting, database_away, full_disk, kills, power
from bench.drills import two_nodes as nodes
from bench.drills.cluster import Cluster

type Finding = tuple[bool, dict[str, Any]]


def _kills(folder: Path, number: int, **settings: str) -> Finding:
    data = folder / "data"
    data.mkdir()
    outcome = kills.drill(data, counting.clean_environ(data, **settings), kills=number)
    return outcome.count.is_right, asdict(outcome)


def kills_on_sqlite(folder: Path, number: int) -> Finding:
    """D1: kill -9 of links, pages, ingest and all of them under load, on SQLite."""
    return _kills(folder, number)


def kills_on_postgresql(folder: Path, number: int) -> Finding:
    """D1: the same on PostgreSQL."""
    cluster = Cluster()
    cluster.start()
    try:
        return _kills(folder, number, DATABASE_URL=cluster.url)
    finally:
        cluster.remove()


def power_cuts(folder: Path, number: int) -> Finding:
    """D2: the power of the disk with segments and SQLite is cut; then once without waiting for the disk, to see a loss."""
    outcome = power.drill(folder / "safe", cuts=number)
    planted = power.drill(folder / "hasty", cuts=3, sync="kernel")
    held = outcome.count.is_right and outcome.whole and planted.count.lost > 0
    return held, {"safe": asdict(outcome), "planted": asdict(planted)}


def without_database(folder: Path, number: int) -> Finding:
    """D3: PostgreSQL stopped and killed under load."""
    outcome = database_away.drill(folder, faults=number, seconds_away=3)
    held = outcome.count.is_right and not outcome.not_sent_on and outcome.p99_ms <= 250
    return held and outcome.drained_in_seconds <= 60, asdict(outcome)


def disk_full(folder: Path, number: int) -> Finding:
    """D4: the disk fills up and is freed again."""
    outcome = full_disk.drill(folder, rounds=number)
    held = outcome.count.is_right and not outcome.not_sent_on and outcome.marked == outcome.counted_lost
    return held and outcome.resumed_in_seconds <= 5, asdict(outcome)


def disk_fails(folder: Path, number: int) -> Finding:
    """D5: fdatasync and write fail at many places."""
    data = folder / "data"
    data.mkdir()
    outcome = broken_disk.drill(data, counting.clean_environ(data), places=number)
    return outcome.count.is_right and not outcome.not_sent_on, asdict(outcome)


def two_nodes(folder: Path, number: int) -> Finding:
    """Two nodes over one PostgreSQL behind nginx, one of them killed every ten seconds."""
    outcome = nodes.drill(folder, kills=number)
    return outcome.held, asdict(outcome)


DRILLS: dict[str, tuple[Callable[[Path, int], Finding], int]] = {
    "kills-sqlite": (kills_on_sqlite, 60),
    "kills-postgresql": (kills_on_postgresql, 60),
    "power": (power_cuts, 200),
    "database-away": (without_database, 50),
    "two-nodes": (two_nodes, 20),
    "disk-full": (disk_full, 10),
    "disk-fails": (disk_fails, 60),
}
"""Each drill, and how many faults its long form has."""


def main(words: list[str]) -> int:
    """Run what was asked for; gives 1 when something did not hold."""
    parser = argparse.ArgumentParser(prog="./run drill", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(DRILLS)}; all by default")
    parser.add_argument("--faults", type=int, help="how many faults, instead of the long form's number")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args(words)
    unknown = set(asked.names) - set(DRILLS)
    if unknown:
        parser.error(f"there is no drill called {', '.join(sorted(unknown))}; there is: {', '.join(DRILLS)}")
    found: dict[str, Any] = {"conditions": conditions()}
    held_all = True
    for name in asked.names or DRILLS:
        run, number = DRILLS[name]
        begun = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="vocero-drill-") as folder:
            held, figures = run(Path(folder), asked.faults or number)
        held_all = held_all and held
        found[name] = {"held": held, "seconds": round(time.monotonic() - begun)} | figures
        if not asked.json:
            print(f"{name}: {'held' if held else 'DID NOT HOLD'}\n  {json.dumps(found[name])}", flush=True)
    if asked.json:
        print(json.dumps(found))
    return 0 if held_all else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

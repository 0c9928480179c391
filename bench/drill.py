"""`./run drill [NAME...]`: run one long drill or all; each says what it did and whether everything held.

To add a drill, add one line to DRILLS: a function `(folder, faults, seed) -> Finding`, how many faults its long form has,
and the programs it needs.
"""

import argparse
import json
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any

from bench.bench import conditions
from bench.drills import (
    broken_disk,
    capacity,
    database_away,
    floods,
    full_disk,
    kills,
    power,
    restore,
    set_clocks,
    slow_clients,
    suite,
    two_nodes,
)
from bench.drills.finding import Drill, Finding
from bench.tools import what_is_missing

DRILLS: dict[str, Drill] = {
    "kills-sqlite": Drill(kills.on_sqlite, 500),
    "kills-postgresql": Drill(kills.on_postgresql, 500),
    "kills-committed": Drill(kills.committed_in_postgresql, 200),
    "power": Drill(power.long, 200, ("mkfs.ext4", "mount")),
    "database-away": Drill(database_away.long, 50),
    "two-nodes": Drill(two_nodes.long, 20, ("nginx",)),
    "capacity": Drill(capacity.long, 60, ("wrk",)),
    "slow-clients": Drill(slow_clients.long, 500, ("nginx",)),
    "floods": Drill(floods.long, 5000),
    "disk-full": Drill(full_disk.long, 10, ("mkfs.ext4", "mount")),
    "disk-fails": Drill(broken_disk.long, 200, ("strace",)),
    "restore-sqlite": Drill(restore.on_sqlite, 50),
    "restore-postgresql": Drill(restore.on_postgresql, 50),
    "publishers": Drill(suite.publishers, 300),
    "frozen-publishers": Drill(suite.frozen_publishers, 40),
    "upstream": Drill(suite.upstream, 15),
    "token-refresh": Drill(suite.token_refresh, 200),
    "clocks": Drill(suite.clocks, 1000),
    "set-clocks": Drill(set_clocks.long, 1000, ("faketime",)),
}


def main(words: list[str]) -> int:
    """Run what was asked for; gives 1 when something did not hold or could not be run."""
    asked = _parse(words)
    if asked.list:
        for name, drill in DRILLS.items():
            print(f"{name:18} {drill.faults:4} faults  {' '.join((drill.run.__doc__ or '').split())}")
        return 0
    names = asked.names or list(DRILLS)
    if missing := what_is_missing(sorted({tool for name in names for tool in DRILLS[name].needs})):
        print(missing, file=sys.stderr)
        return 1
    found: dict[str, Any] = {"conditions": conditions()}
    for name in names:
        found[name] = _run(DRILLS[name], asked.faults, asked.seed)
        if not asked.json:
            told = {key: value for key, value in found[name].items() if key != "held"}
            print(f"{name}: {'held' if found[name]['held'] else 'DID NOT HOLD'} {json.dumps(told)}", flush=True)
    if asked.json:
        print(json.dumps(found))
    return 0 if all(found[name]["held"] for name in names) else 1


def _run(drill: Drill, faults: int | None, seed: int) -> dict[str, Any]:
    begun = time.monotonic()
    number = faults or drill.faults
    with tempfile.TemporaryDirectory(prefix="vocero-drill-") as folder:
        try:
            finding = drill.run(Path(folder), number, seed)
        except Exception as error:  # noqa: BLE001  whatever went wrong, it did not hold and the other drills go on
            traceback.print_exc()
            finding = Finding(False, {"error": f"{type(error).__name__}: {error}"})
    return {
        "held": finding.held,
        "faults": number,
        "seed": seed,
        "seconds": round(time.monotonic() - begun),
    } | finding.figures


def _parse(words: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./run drill", description="Run one long drill or all of them; they take hours."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"one of: {', '.join(DRILLS)}; all by default")
    parser.add_argument("--list", action="store_true", help="say what there is, and run nothing")
    parser.add_argument("--faults", type=int, help="how many faults, instead of the long form's number")
    parser.add_argument("--minutes", type=int, dest="faults", help="the same for drills that count minutes (capacity)")
    parser.add_argument("--seed", type=int, default=1, help="what chance is drawn from; 1 by default")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    asked = parser.parse_args(words)
    if asked.faults is not None and asked.faults < 1:
        parser.error("--faults takes a number from 1 on")
    if unknown := sorted(set(asked.names) - set(DRILLS)):
        hint = f"; ./run drill --faults {unknown[0]} sets how many faults" if unknown[0].isdigit() else ""
        parser.error(f"there is no drill called {', '.join(unknown)}; there is: {', '.join(DRILLS)}{hint}")
    return asked


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

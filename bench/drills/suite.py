"""Drills that stand in the test suite, run from here with many more faults."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from bench.drills.crew import ROOT
from bench.drills.finding import Finding


def publishers(folder: Path, faults: int, seed: int) -> Finding:
    """P1: publishers killed and faulted while shares leave through four fake networks, on both databases."""
    shares = str(max(5 * faults, 30) if faults < 200 else faults * 10 // 3)
    tests = ["tests/sharing/test_kills.py", "-k", "lost_on or look_first"]
    return _pytest(folder, *tests, VOCERO_TEST_KILLS=str(faults), VOCERO_TEST_SHARES=shares, VOCERO_TEST_SEED=str(seed))


def frozen_publishers(folder: Path, faults: int, seed: int) -> Finding:
    """P2: four publishers on one queue freeze between claim and call, past their lease, on both databases."""
    tests = ["tests/sharing/test_kills.py", "-k", "frozen or fencing"]
    return _pytest(folder, *tests, VOCERO_TEST_FREEZES=str(faults), VOCERO_TEST_SEED=str(seed))


def upstream(folder: Path, faults: int, seed: int) -> Finding:
    """P3: each kind of trouble upstream on each network that publishes by API."""
    return _pytest(
        folder, "tests/sharing/test_upstream.py", "tests/sharing/test_traffic.py", "tests/networks/test_faults.py"
    )


def token_refresh(folder: Path, faults: int, seed: int) -> Finding:
    """P4: eight refreshers race for single-use tokens and are killed between answer and save, on both databases."""
    accounts = str(max(6, min(500, faults * 5 // 2)))
    tests = "tests/networks/test_refresh_drill.py"
    return _pytest(folder, tests, VOCERO_TEST_REFRESH_KILLS=str(faults), VOCERO_TEST_REFRESH_ACCOUNTS=accounts)


def clocks(folder: Path, faults: int, seed: int) -> Finding:
    """P5: clocks set, hours skipped and doubled in six zones, a leap day; `faults` shares are planned for these."""
    return _pytest(folder, "tests/sharing/test_time_drill.py", VOCERO_TEST_SCHEDULED=str(faults))


def _pytest(folder: Path, *tests: str, **settings: str) -> Finding:
    command = [sys.executable, "-m", "pytest", "-q", "-rP", "--basetemp", str(folder / "pytest"), *tests]
    ended = subprocess.run(command, cwd=ROOT, env=os.environ | settings, check=False, capture_output=True, text=True)
    counts = {what: int(number) for number, what in re.findall(r"(\d+) (passed|failed|skipped|errors?)", ended.stdout)}
    figures: dict[str, object] = dict(counts)
    if outcomes := re.findall(r"^outcome (\{.*\})$", ended.stdout, re.MULTILINE):
        figures["outcomes"] = [json.loads(outcome) for outcome in outcomes]
    if ended.returncode:
        figures["said"] = ended.stdout[-2000:]
    return Finding(ended.returncode == 0 and counts.get("passed", 0) > 0, figures)

"""Drills that stand in the test suite, run from here with many more faults."""

import os
import re
import subprocess
import sys
from pathlib import Path

from bench.drills.crew import ROOT
from bench.drills.finding import Finding


def publishers(folder: Path, faults: int, seed: int) -> Finding:
    """P1, P2: publishers killed, frozen and faulted while shares leave through four fake networks, on both databases."""
    return _pytest(folder, "tests/sharing/test_kills.py", VOCERO_TEST_KILLS=str(faults))


def _pytest(folder: Path, tests: str, **settings: str) -> Finding:
    command = [sys.executable, "-m", "pytest", "-q", "--basetemp", str(folder / "pytest"), tests]
    ended = subprocess.run(command, cwd=ROOT, env=os.environ | settings, check=False, capture_output=True, text=True)
    counts = {what: int(number) for number, what in re.findall(r"(\d+) (passed|failed|skipped|errors?)", ended.stdout)}
    figures: dict[str, object] = dict(counts)
    if ended.returncode:
        figures["said"] = ended.stdout[-2000:]
    return Finding(ended.returncode == 0 and counts.get("passed", 0) > 0, figures)

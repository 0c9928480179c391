"""Runs the measuring part of a benchmark in a process of its own, which opens one installation."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from bench.drills import counting
from bench.drills.crew import ROOT


def measure(module: str, *words: object) -> dict[str, float]:
    """Prepare an empty installation, run `python -m module words` on it, and give what it prints: a figure a line."""
    with tempfile.TemporaryDirectory(prefix="vocero-bench-") as folder:
        environ = counting.clean_environ(Path(folder), VOCERO_NODE="bench")
        counting.prepare(environ, 1)
        environ["DJANGO_SETTINGS_MODULE"] = "vocero.config.settings"
        told = subprocess.run(
            [sys.executable, "-m", module, *map(str, words)],
            env=environ,
            cwd=ROOT,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        ).stdout
    return {name: float(value) for name, value in (line.split() for line in told.splitlines())}


def here(module: str, environ: Mapping[str, str], *words: str) -> dict[str, float]:
    """Run `python -m module --here words` on the installation of an environment, and give the JSON of its last line."""
    told = subprocess.run(
        [sys.executable, "-m", module, "--here", *words],
        env=dict(environ), cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    ).stdout  # fmt: skip
    found: dict[str, float] = json.loads(told.splitlines()[-1])
    return found

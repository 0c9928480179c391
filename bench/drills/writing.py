"""Watches a process that writes shares, audit lines, consent and pictures, and asks afterwards whether all it said is there."""

import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from bench.drills import counting
from bench.drills.crew import ROOT
from bench.drills.writer import TABLES


class Writing:
    """One writing process; `said` is what it committed, as (kind, key), `refused` the errors that it was given."""

    def __init__(self, environ: Mapping[str, str], log: Path) -> None:
        self.said: list[tuple[str, int]] = []
        self.refused: list[str] = []
        with log.open("ab") as output:
            self._process = self._start(environ, output)
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    @staticmethod
    def _start(environ: Mapping[str, str], log: IO[bytes]) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "bench.drills.writer"],
            env=dict(environ), cwd=ROOT, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log,
        )  # fmt: skip

    def wait_for(self, many: int, seconds: float = 60) -> None:
        """Wait until it has committed so many more, or a while."""
        wanted, deadline = len(self.said) + many, time.monotonic() + seconds
        while len(self.said) < wanted and self._process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)

    def stop(self) -> None:
        """Let it end, and hear what it had to say; one that hangs is killed."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._thread.join(20)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            kind, key = line.split(maxsplit=1)
            if kind == "refused":
                self.refused.append(key.strip())
            else:
                self.said.append((kind, int(key)))


def missing(environ: Mapping[str, str], said: list[tuple[str, int]]) -> int:
    """Give how many of the rows that were committed are not in the database."""
    there: dict[str, set[Any]] = {
        kind: {key for (key,) in counting.rows(environ, f"SELECT {column} FROM {table}")}
        for kind, (table, column) in TABLES.items()
    }
    return sum(key not in there[kind] for kind, key in said)

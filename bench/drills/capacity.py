"""D6: one `vocero serve` on SQLite, on the cores that the load uses too, takes clicks for minutes and does not grow."""

import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.drills import counting, crew
from bench.drills.crew import Crew
from bench.drills.finding import Finding
from bench.load import Measured, measure, memory_mib, write_requests

LEAST_RATE, MOST_P99_MS, MOST_GROWTH = 500, 100, 0.05
_CONNECTIONS = 16
_WARM_SECONDS = 30


@dataclass(frozen=True)
class Outcome:
    """Clicks a second and milliseconds over the whole time; memory (MiB, proportional) after the warm-up and at the end."""

    seconds: int
    rate: float
    p50_ms: float
    p99_ms: float
    wrong: int
    mib_before: float
    mib_after: float
    stored: int

    @property
    def growth(self) -> float:
        """How much more memory all processes have in the end."""
        return self.mib_after / self.mib_before - 1


def drill(folder: Path, *, seconds: int, warm_seconds: int = _WARM_SECONDS) -> Outcome:
    """Click the single port without a pause; gives what came of it."""
    data = folder / "data"
    data.mkdir(parents=True)
    port = crew.free_port()
    environ = counting.clean_environ(data, VOCERO_PORT=str(port), VOCERO_BASE_URL=f"http://127.0.0.1:{port}")
    tokens = counting.prepare(environ, 200)
    script = write_requests(folder, [f"/l/{token}" for token in tokens])
    team = Crew(environ, folder / "drill.log")
    try:
        team.add("serve", [sys.executable, "-m", "vocero", "serve"], port)
        team.wait_until_answering("serve")
        time.sleep(2)
        _clicks(team.pid("serve"), port, script, warm_seconds)
        before = memory_mib(team.pid("serve"))
        found = _clicks(team.pid("serve"), port, script, seconds)
        after = memory_mib(team.pid("serve"))
    finally:
        team.end_all()
    counting.take_in(environ)
    ((stored,),) = counting.rows(environ, "SELECT COUNT(*) FROM tracking_click")
    return Outcome(seconds, found.rate, found.p50_ms, found.p99_ms, found.wrong, before, after, int(stored))


def _clicks(pid: int, port: int, script: Path, seconds: int) -> Measured:
    url = f"http://127.0.0.1:{port}"
    return measure(pid, url, script, seconds=seconds, connections=_CONNECTIONS, core=None)


def long(folder: Path, faults: int, seed: int) -> Finding:
    """D6: clicks on one port for so many minutes as faults are asked for; at least 500 a second, p99 at most 100 ms."""
    outcome = drill(folder, seconds=60 * faults)
    held = outcome.rate >= LEAST_RATE and outcome.p99_ms <= MOST_P99_MS and not outcome.wrong
    return Finding(held and outcome.growth <= MOST_GROWTH, asdict(outcome) | {"growth": outcome.growth})

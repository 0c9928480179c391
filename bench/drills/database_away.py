"""D3: PostgreSQL is stopped and killed under click load; every known link goes on, and every click comes in later."""

import random
import statistics
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from bench.drills import counting, crew
from bench.drills.cluster import Cluster
from bench.drills.counting import Count
from bench.drills.crew import Crew
from bench.drills.finding import Finding
from bench.drills.visitors import Visitors

DRAINED_WITHIN: Final = 60
"""Seconds in which what came while the database was away has to be taken in."""
_PATIENCE: Final = 300


@dataclass(frozen=True)
class Outcome:
    """What visitors saw while the database came and went."""

    faults: int
    clicks: int
    not_sent_on: int
    p99_ms: float
    drained_in_seconds: float
    count: Count


def drill(
    folder: Path, *, faults: int, seconds_away: float = 1.0, longest: float | None = None, seed: int = 1
) -> Outcome:
    """Take the database away again and again, for up to twice `seconds_away`, and count what visitors were told.

    Every tenth time it stays away for `longest` seconds. Once it is back the ingest takes in what came meanwhile, before it
    goes away again.
    """
    draw = random.Random(seed)
    data = folder / "data"
    data.mkdir(parents=True)
    cluster = Cluster()
    cluster.start()
    environ = counting.clean_environ(data, DATABASE_URL=cluster.url)
    team = Crew(environ, data / "drill.log")
    try:
        tokens = counting.prepare(environ, 50)
        port = crew.free_port()
        team.add("links", crew.links(port), port)
        team.add("ingest", crew.ingest())
        team.wait_until_answering("links")
        counting.make_known(port, tokens)
        visitors = Visitors([port], tokens, threads=8, pause=0.002)
        drained = 0.0
        for number in range(faults):
            visitors.wait_for(100)
            [cluster.stop, cluster.kill, lambda: cluster.stop("fast")][number % 3]()
            time.sleep(longest if longest and number % 10 == 9 else draw.uniform(0.1, 2 * seconds_away))
            cluster.start()
            drained = max(drained, _drain(environ, visitors))
        visitors.wait_for(100)
        visitors.stop()
        drained = max(drained, _drain(environ, visitors))
        count = counting.count(environ, visitors.acknowledged)
    finally:
        team.end_all()
        cluster.remove()
    answers = len(visitors.acknowledged) + len(visitors.marked)
    p99 = statistics.quantiles(visitors.seconds, n=100)[98] * 1000
    wrong = sum(visitors.others.values()) + visitors.failures
    return Outcome(faults, answers, wrong, p99, drained, count)


def _drain(environ: dict[str, str], visitors: Visitors) -> float:
    """Wait until the ingest has taken in what was acknowledged up to now; gives how long that took.

    It asks for sums, which are committed with the clicks: to count clicks again and again would take the database's time.
    """
    acknowledged, begun = len(visitors.acknowledged), time.monotonic()
    while time.monotonic() - begun < _PATIENCE:
        ((stored,),) = counting.rows(environ, "SELECT COALESCE(SUM(raw - head), 0) FROM tracking_requeststat")
        if stored >= acknowledged:
            break
        time.sleep(0.2)
    return time.monotonic() - begun


def long(folder: Path, faults: int, seed: int) -> Finding:
    """D3: PostgreSQL stopped and killed under clicks."""
    outcome = drill(folder, faults=faults, seconds_away=3, longest=60, seed=seed)
    held = outcome.count.is_right and not outcome.not_sent_on and outcome.p99_ms <= 250
    return Finding(held and outcome.drained_in_seconds <= DRAINED_WITHIN, asdict(outcome))

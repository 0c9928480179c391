"""D3: PostgreSQL is stopped, killed and frozen under click load; every known link goes on, every click comes in later."""

import http.client
import random
import statistics
import threading
import time
from collections.abc import Sequence
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
_TAKEN_IN: Final = "SELECT COALESCE(SUM(raw - head - preview), 0) FROM tracking_requeststat"
_PATIENCE: Final = 300
_PREVIEWS: Final = 3
_FROZEN: Final = 1


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
    folder: Path,
    *,
    faults: int,
    seconds_away: float = 1.0,
    longest: float | None = None,
    seed: int = 1,
    pause: float = 0.002,
    sync: str = "local",
    application: str = "vocero.config.links:application",
) -> Outcome:
    """Take the database away again and again, for up to twice `seconds_away`, and count what visitors were told.

    Every tenth time it stays away for `longest` seconds. Networks ask for previews meanwhile, which are not known by
    heart. Once it is back the ingest takes in what came, before it goes away again.
    """
    draw = random.Random(seed)
    data = folder / "data"
    data.mkdir(parents=True)
    cluster = Cluster()
    cluster.start()
    environ = counting.clean_environ(data, DATABASE_URL=cluster.url, VOCERO_CLICK_SYNC=sync)
    team = Crew(environ, data / "drill.log")
    try:
        tokens = counting.prepare(environ, 50)
        port = crew.free_port()
        team.add("links", crew.links(port, application=application), port)
        team.add("ingest", crew.ingest())
        team.wait_until_answering("links")
        counting.make_known(port, tokens)
        visitors = Visitors([port], tokens, threads=8, pause=pause)
        drained, unanswered = 0.0, 0
        for number in range(faults):
            visitors.wait_for(100)
            seconds = longest if longest and number % 10 == 9 else draw.uniform(0.1, 2 * seconds_away)
            previews = _Previews(port, tokens[: _PREVIEWS * (number + 1)][-_PREVIEWS:])
            _take_away(cluster, number, seconds, previews)
            unanswered += previews.unanswered()
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
    wrong = sum(visitors.others.values()) + visitors.failures + unanswered
    return Outcome(faults, answers, wrong, p99, drained, count)


def _take_away(cluster: Cluster, number: int, seconds: float, previews: "_Previews") -> None:
    """Stop the database in one of three ways, or let it stand still, so that connections stay and nobody answers."""
    way = number % 4
    if way == _FROZEN:
        with cluster.frozen():
            previews.ask()
            time.sleep(seconds)
        return
    {0: cluster.stop, 2: cluster.kill, 3: lambda: cluster.stop("fast")}[way]()
    previews.ask()
    time.sleep(seconds)
    cluster.start()


class _Previews:
    """A network that wants to know what stands behind links, and is patient."""

    def __init__(self, port: int, tokens: Sequence[str]) -> None:
        self._threads = [threading.Thread(target=self._fetch, args=(port, token), daemon=True) for token in tokens]
        self._statuses: list[int] = []

    def ask(self) -> None:
        """Fetch all of them at the same time."""
        for thread in self._threads:
            thread.start()

    def unanswered(self) -> int:
        """Give how many got neither the preview nor the way to the page."""
        for thread in self._threads:
            thread.join(60)
        return len(self._threads) - sum(status in {200, 302} for status in self._statuses)

    def _fetch(self, port: int, token: str) -> None:
        door = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        door.request("GET", f"/l/{token}", headers={"User-Agent": "LinkedInBot/1.0"})
        self._statuses.append(door.getresponse().status)
        door.close()


def _drain(environ: dict[str, str], visitors: Visitors) -> float:
    """Wait until the ingest has taken in what was acknowledged up to now; gives how long that took.

    It asks for sums, which are committed with the clicks: to count clicks again and again would take the database's time.
    """
    acknowledged, begun = len(visitors.acknowledged), time.monotonic()
    while time.monotonic() - begun < _PATIENCE:
        ((stored,),) = counting.rows(environ, _TAKEN_IN)
        if stored >= acknowledged:
            break
        time.sleep(0.2)
    return time.monotonic() - begun


def long(folder: Path, faults: int, seed: int) -> Finding:
    """D3: PostgreSQL stopped, killed and frozen under clicks."""
    outcome = drill(folder, faults=faults, seconds_away=3, longest=60, seed=seed)
    held = outcome.count.is_right and not outcome.not_sent_on and outcome.p99_ms <= 250
    return Finding(held and outcome.drained_in_seconds <= DRAINED_WITHIN, asdict(outcome))

"""D4: the disk fills up under click load; visitors are sent on, each loss is marked and counted, and all resumes by itself."""

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


@dataclass(frozen=True)
class Outcome:
    """What visitors were told while there was no room, and how soon clicks were stored again."""

    marked: int
    counted_lost: int
    not_sent_on: int
    resumed_in_seconds: float
    count: Count


def drill(folder: Path, *, rounds: int = 1, furnish: Callable[[Path], object] = lambda _: None) -> Outcome:
    """Fill the disk that holds segments and SQLite, let visitors click, make room again, and count."""
    resumed = 0.0
    with disk(folder, megabytes=96) as ours:
        data = ours.place / "data"
        data.mkdir()
        furnish(data)
        environ = counting.clean_environ(data)
        tokens = counting.prepare(environ, 20)
        team = Crew(environ, folder / "drill.log")
        try:
            port = crew.free_port()
            team.add("links", crew.links(port), port)
            team.add("ingest", crew.ingest())
            team.wait_until_answering("links")
            visitors = Visitors([port], tokens, threads=8)
            for _ in range(rounds):
                visitors.wait_for(200)
                filler = ours.fill()
                marked = len(visitors.marked)
                deadline = time.monotonic() + 20
                while len(visitors.marked) < marked + 300 and time.monotonic() < deadline:
                    time.sleep(0.05)
                filler.unlink()
                begun = time.monotonic()
                visitors.wait_for(1)
                resumed = max(resumed, time.monotonic() - begun)
                visitors.wait_for(200)
            visitors.stop()
        finally:
            team.end_all()
        counting.take_in(environ)
        count = counting.count(environ, visitors.acknowledged)
        ((lost,),) = counting.rows(environ, "SELECT COALESCE(SUM(lost), 0) FROM tracking_segmentcursor")
    wrong = sum(visitors.others.values()) + visitors.failures
    return Outcome(len(visitors.marked), int(lost), wrong, resumed, count)


def long(folder: Path, faults: int, seed: int) -> Finding:
    """D4: the disk fills up under clicks and is freed again."""
    outcome = drill(folder, rounds=faults)
    held = outcome.count.is_right and not outcome.not_sent_on and outcome.marked == outcome.counted_lost
    return Finding(held and outcome.resumed_in_seconds <= 5, asdict(outcome))

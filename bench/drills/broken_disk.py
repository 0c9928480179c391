"""D5: writing or syncing fails with an I/O error at the n-th call; what failed is never acknowledged."""

import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.drills import counting, crew
from bench.drills.counting import Count
from bench.drills.crew import Crew
from bench.drills.finding import Finding
from bench.drills.visitors import Visitors

_THREADS = 4
# Which calls, and from which one on: SQLite and the head of the segment write a few times before the first click.
CALLS = (("fdatasync", 2), ("pwrite64", 12))


@dataclass(frozen=True)
class Outcome:
    """What came of all places at which a call failed; `unmarked` counts places whose error no visitor was told of."""

    places: int
    marked: int
    unmarked: int
    not_sent_on: int
    count: Count


def is_possible() -> bool:
    """Whether calls of the operating system can be made to fail here."""
    return shutil.which("strace") is not None


def drill(
    data: Path, environ: dict[str, str], *, places: int, application: str = "vocero.config.links:application"
) -> Outcome:
    """Let the n-th to (n+2)-th call of each kind fail, for many n, in a links process that visitors click."""
    tokens = counting.prepare(environ, 20)
    _learn(data, environ, tokens)
    acknowledged: list[int] = []
    marked = unmarked = wrong = 0
    for number in range(places):
        call, first = CALLS[number % len(CALLS)]
        nth = first + number // len(CALLS)
        team = Crew(environ, data / "drill.log")
        try:
            port = crew.free_port()
            inject = f"inject={call}:error=EIO:when={nth}..{nth + 2}"
            strace = ["strace", "-f", "-qq", "-o", "/dev/null", "-e", f"trace={call}", "-e", inject]
            team.add("links", [*strace, *crew.links(port, application=application)], port)
            team.wait_until_answering("links")
            visitors = Visitors([port], tokens, threads=_THREADS, first=1_000_000 * (number + 1))
            visitors.wait_for(
                40 + _THREADS * nth
            )  # as many clicks as make the n-th call happen, however they are grouped
            visitors.stop()
        finally:
            team.end_all()
        acknowledged += visitors.acknowledged
        marked += len(visitors.marked)
        unmarked += not visitors.marked
        wrong += sum(visitors.others.values()) + visitors.failures
    counting.take_in(environ)
    return Outcome(places, marked, unmarked, wrong, counting.count(environ, acknowledged))


def _learn(data: Path, environ: dict[str, str], tokens: list[str]) -> None:
    """Let a links process know all links and write them down, so that none of the next ones needs the database."""
    team = Crew(environ, data / "drill.log")
    try:
        port = crew.free_port()
        team.add("links", crew.links(port), port)
        team.wait_until_answering("links")
        counting.make_known(port, tokens)
        team.end("links")
    finally:
        team.end_all()


def long(folder: Path, faults: int, seed: int) -> Finding:
    """D5: fdatasync and write fail at many places."""
    data = folder / "data"
    data.mkdir()
    outcome = drill(data, counting.clean_environ(data), places=faults)
    return Finding(outcome.count.is_right and not outcome.not_sent_on and outcome.marked > 0, asdict(outcome))

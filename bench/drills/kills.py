"""D1: servers and ingest are killed (-9) under click load; every acknowledged click is there once afterwards."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.drills import counting, crew
from bench.drills.counting import Count
from bench.drills.crew import Crew
from bench.drills.visitors import Visitors

TREE = "tree"


@dataclass(frozen=True)
class Outcome:
    """What a drill of kills came to."""

    kills: Mapping[str, int]
    count: Count
    clicks_between_kills: float


def drill(
    data: Path,
    environ: Mapping[str, str],
    *,
    kills: int,
    seed: int = 1,
    links_application: str = "vocero.config.links:application",
    with_single_port: bool = True,
    clicks_between: int = 60,
) -> Outcome:
    """Kill one process, or all of them, again and again while visitors click; then take in the rest and count."""
    draw = random.Random(seed)
    tokens = counting.prepare(environ, 20)
    team = Crew(environ, data / "drill.log")
    done: dict[str, int] = {}
    try:
        ports = [crew.free_port()]
        team.add("links", crew.links(ports[0], application=links_application), ports[0])
        if with_single_port:
            ports.append(crew.free_port())
            team.add("pages", crew.single_port(ports[1]), ports[1])
        team.add("ingest", crew.ingest())
        for name in team.ports:
            team.wait_until_answering(name)
        visitors = Visitors(ports, tokens)
        for _ in range(kills):
            visitors.wait_for(draw.randint(clicks_between // 2, clicks_between * 2))
            victim = draw.choice(["links", "links", "ingest", "ingest", *team.ports, TREE])
            done[victim] = done.get(victim, 0) + 1
            for name in team.names() if victim == TREE else [victim]:
                team.kill(name)
                team.start(name)
        visitors.wait_for(clicks_between)
        visitors.stop()
    finally:
        team.end_all()
    counting.take_in(environ)
    count = counting.count(environ, visitors.acknowledged)
    return Outcome(done, count, count.acknowledged / max(1, kills))

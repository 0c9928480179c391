"""D1: servers and ingest are killed (-9) under click load; every acknowledged click is there once afterwards."""

import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.drills import counting, crew
from bench.drills.cluster import Cluster
from bench.drills.counting import Count
from bench.drills.crew import Crew
from bench.drills.finding import Finding
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


def on_sqlite(folder: Path, faults: int, seed: int) -> Finding:
    """D1: kill -9 of links, pages, ingest and all of them under clicks, on SQLite."""
    return _long(folder, faults, seed)


def on_postgresql(folder: Path, faults: int, seed: int) -> Finding:
    """D1: the same on PostgreSQL."""
    return _with_cluster(folder, faults, seed)


def committed_in_postgresql(folder: Path, faults: int, seed: int) -> Finding:
    """D1: the same with clicks that PostgreSQL has committed before they are answered."""
    return _with_cluster(folder, faults, seed, VOCERO_CLICK_SYNC="database")


def _with_cluster(folder: Path, faults: int, seed: int, **settings: str) -> Finding:
    cluster = Cluster()
    cluster.start()
    try:
        return _long(folder, faults, seed, DATABASE_URL=cluster.url, **settings)
    finally:
        cluster.remove()


def _long(folder: Path, faults: int, seed: int, **settings: str) -> Finding:
    data = folder / "data"
    data.mkdir()
    outcome = drill(data, counting.clean_environ(data, **settings), kills=faults, seed=seed)
    return Finding(outcome.count.is_right, asdict(outcome))

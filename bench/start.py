"""How long a prepared installation takes to its first answer, and how much memory it keeps when idle."""

import statistics
import tempfile
import time
from pathlib import Path

from bench.drills import counting, crew
from bench.drills.crew import Crew
from bench.load import memory_mib
from bench.redirect import fill_sqlite
from tests.running import Running, forget_prepared_database, installation
from vocero.tracking.links.database import SqliteLinks
from vocero.tracking.links.table import Journal, LinkTable

ROUNDS = 5
HOT_LINKS = 200_000
_CHUNK = 500
_SETTLE_SECONDS = 3


def run() -> dict[str, float]:
    """Medians of five rounds: seconds until `/readyz` answers 200, and MiB (proportional) of each process and of all."""
    seconds: list[float] = []
    memory: dict[str, list[float]] = {}
    try:
        with tempfile.TemporaryDirectory(prefix="vocero-bench-") as folder:
            for number in range(ROUNDS):
                with installation(Path(folder) / str(number), start=False) as house:
                    began = time.perf_counter()
                    house.start()
                    seconds.append(time.perf_counter() - began)
                    time.sleep(_SETTLE_SECONDS)
                    for name, used in _memory(house).items():
                        memory.setdefault(name, []).append(used)
    finally:
        forget_prepared_database()
    figures = {"seconds_to_first_answer": statistics.median(seconds)}
    figures |= {f"mib_{name}": statistics.median(used) for name, used in memory.items()}
    with tempfile.TemporaryDirectory(prefix="vocero-bench-") as folder:
        return figures | _links(Path(folder), HOT_LINKS)


def _links(folder: Path, many: int) -> dict[str, float]:
    """The links process that finds so many links in its file: seconds until it sends a visitor on, and its memory then."""
    environ = counting.clean_environ(folder, VOCERO_NODE="bench")
    counting.prepare(environ, 0)
    tokens = fill_sqlite(folder / "vocero.sqlite3", many)
    table, database = LinkTable(), SqliteLinks(folder / "vocero.sqlite3")
    for begin in range(0, many, _CHUNK):
        for row in database.find(tokens[begin : begin + _CHUNK]):
            table.learn(row)
    journal = Journal(folder / "links")
    journal.write_anew(table, time.time_ns() // 1000)
    journal.close()
    seconds: list[float] = []
    memory: list[float] = []
    for _ in range(ROUNDS):
        team, port = Crew(environ, folder / "links.log"), crew.free_port()
        began = time.perf_counter()
        team.add("links", crew.links(port), port)
        try:
            team.wait_until_answering("links")
            counting.make_known(port, tokens[:1])
            seconds.append(time.perf_counter() - began)
            counting.make_known(port, tokens[:2000])
            memory.append(memory_mib(team.pid("links")))
        finally:
            team.end_all()
    return {
        "seconds_to_first_link": statistics.median(seconds),
        "mib_links": statistics.median(memory),
        "hot_links": float(len(table)),
    }


def _memory(house: Running) -> dict[str, float]:
    used = {name: sum(map(_pss, house.below(pid))) for name, pid in house.children().items()}
    return used | {"all": sum(map(_pss, house.tree()))}


def _pss(pid: int) -> float:
    """Proportional memory of a process in MiB: what it shares is counted once over all who share it."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0

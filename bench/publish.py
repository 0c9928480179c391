"""How fast what is due leaves: 10,000 shares due in the same minute, over instances that take as long as real ones.

One worker on SQLite and on PostgreSQL, two workers on each, in turn; the instances' own store is asked what is there.
"""

import contextlib
import heapq
import json
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from bench.drills.cluster import Cluster
from bench.drills.counting import clean_environ
from bench.drills.crew import ROOT, free_port
from bench.hosts import RETRY_AFTER, SLOW_TIMES, meets
from bench.load import LOAD_CORE, SERVER_CORE, cpu_seconds
from bench.outbox import place_of, token

SHARES = int(os.environ.get("BENCH_PUBLISH_SHARES", "10000"))
ROUNDS = int(os.environ.get("BENCH_PUBLISH_ROUNDS", "5"))
DATABASES = os.environ.get("BENCH_PUBLISH_DATABASES", "sqlite postgresql").split()
INSTANCES = 24
_ORDERS = 15
PLACES = 32
"""An eighth of a worker's places (`sharing.outbox.Pace`): so many calls of it may be under way at one instance."""
LEAD = 8.0
"""Seconds between planning and the moment that all are planned for: in these the workers start."""
LONGEST = 240.0


@dataclass(frozen=True)
class Round:
    """One round: seconds until the last was out, and until the last that was not for the slowest instance; CPU
    milliseconds a share; what the instances' store says."""

    seconds: float
    seconds_others: float
    cpu_ms: float
    twice: int
    lost: int
    early: int


def run() -> dict[str, float]:
    """Medians of the rounds, interleaved; `twice`, `lost` and `early` are sums over all of them."""
    ports = [free_port() for _ in range(INSTANCES + 1)]
    rounds: dict[tuple[str, int], list[Round]] = {}
    with tempfile.TemporaryDirectory(prefix="vocero-bench-") as folder, _hosts(ports), contextlib.ExitStack() as stack:
        environs = {name: _prepare(Path(folder) / name, name, ports, stack) for name in DATABASES}
        for _ in range(ROUNDS):
            for database, environ in environs.items():
                for workers in (1, 2):
                    one = _round(environ, Path(folder), workers, ports[0], ports[-1])
                    print(f"  {database}, {workers} at work: {one}", file=sys.stderr, flush=True)
                    rounds.setdefault((database, workers), []).append(one)
    return _figures(rounds)


def _figures(rounds: dict[tuple[str, int], list[Round]]) -> dict[str, float]:
    found: dict[str, float] = {}
    for database in DATABASES:
        one, two = rounds[database, 1], rounds[database, 2]
        ratio = statistics.median(a.seconds / b.seconds for a, b in zip(one, two, strict=True))
        others = statistics.median(a.seconds_others / b.seconds_others for a, b in zip(one, two, strict=True))
        found |= {
            f"ratio_two_workers_others_{database}": others,
            f"seconds_one_worker_others_{database}": statistics.median(each.seconds_others for each in one),
            f"seconds_two_workers_others_{database}": statistics.median(each.seconds_others for each in two),
            f"seconds_one_worker_{database}": statistics.median(each.seconds for each in one),
            f"seconds_two_workers_{database}": statistics.median(each.seconds for each in two),
            f"ratio_two_workers_{database}": ratio,
            f"cpu_ms_per_share_{database}": statistics.median(each.cpu_ms for each in one),
        }
    every = [one for some in rounds.values() for one in some]
    first, last = DATABASES[0], DATABASES[-1]
    return {
        "seconds_one_worker": found[f"seconds_one_worker_{first}"],
        "seconds_two_workers": found[f"seconds_two_workers_{last}"],
        "ratio_two_workers": found[f"ratio_two_workers_{last}"],
        "cpu_ms_per_share": found[f"cpu_ms_per_share_{first}"],
        "slowest_seconds_one_worker": max(
            one.seconds for (_, many), some in rounds.items() if many == 1 for one in some
        ),
        "twice": float(sum(one.twice for one in every)),
        "lost": float(sum(one.lost for one in every)),
        "floor_one_worker": _floor(1),
        "floor_two_workers": _floor(2),
        "early": float(sum(one.early for one in every)),
        **found,
    }


def _floor(workers: int) -> float:
    """Give the seconds that the instances themselves take where no place is ever idle and nothing costs anything.

    An eighth of each worker's places for an instance, and one that was one too many again when it may be. The order is
    left to chance, because the last slow answers make much of the time: the median of many orders.
    """
    lines = [[n for n in range(SHARES) if place_of(n, SHARES, INSTANCES) == place] for place in range(INSTANCES)]
    return statistics.median(max(_last(line, workers, order) for line in enumerate(lines)) for order in range(_ORDERS))


def _last(line: tuple[int, list[int]], workers: int, order: int) -> float:
    """Give when the last of an instance's shares is out, in one order of them."""
    instance, numbers = line
    times = SLOW_TIMES if instance == INSTANCES - 1 else 1
    shuffled = random.Random(order).sample(numbers, len(numbers))
    free, out = [0.0] * (workers * PLACES), [0.0]
    waiting = [(0.0, turn, number, 0) for turn, number in enumerate(shuffled)]
    while waiting:
        earliest, turn, number, before = heapq.heappop(waiting)
        what = meets(token(number), before, times)
        ended = max(earliest, heapq.heappop(free)) + what.seconds
        heapq.heappush(free, ended)
        if what.too_many:
            heapq.heappush(waiting, (ended + RETRY_AFTER, turn, number, before + 1))
        else:
            out.append(ended)
    return max(out)


@contextlib.contextmanager
def _hosts(ports: list[int]) -> Iterator[None]:
    command = ["taskset", "-c", str(LOAD_CORE), sys.executable, "-m", "bench.hosts", *map(str, ports)]
    hosts = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert hosts.stdout is not None
        assert hosts.stdout.readline() == "ready\n"
        yield
    finally:
        hosts.kill()
        hosts.wait()


def _prepare(data: Path, database: str, ports: list[int], stack: contextlib.ExitStack) -> dict[str, str]:
    """Make an installation with its shares; gives the environment of its processes."""
    data.mkdir()
    places = ",".join(f"127.0.0.1:{port}" for port in ports[1:])
    settings = {"VOCERO_ALLOW_PRIVATE_HOSTS": places}
    if database == "postgresql":
        cluster = Cluster()
        stack.callback(cluster.remove)
        cluster.start()
        settings["DATABASE_URL"] = cluster.url
    environ = clean_environ(data, **settings)
    subprocess.run([sys.executable, "-m", "vocero", "prepare"], env=environ, cwd=ROOT, check=True, capture_output=True)
    _ask(environ, "fill", str(SHARES), *map(str, ports[1:]))
    return environ


def _ask(environ: dict[str, str], *words: str) -> Any:
    done = subprocess.run(
        [sys.executable, "-m", "bench.outbox", *words], env=environ, cwd=ROOT, check=True, stdout=subprocess.PIPE
    )
    return json.loads(done.stdout)


def _round(environ: dict[str, str], folder: Path, workers: int, desk: int, slowest: int) -> Round:
    """Plan all shares for one moment, let workers send them, and ask everybody what came of it."""
    _store(desk, forget=True)
    due = _ask(environ, "plan", str(LEAD))
    with (folder / "workers.log").open("ab") as log:
        crew = [
            subprocess.Popen(
                ["taskset", "-c", str((SERVER_CORE, LOAD_CORE)[number]), sys.executable, "-m", "vocero", "worker"],
                env=environ, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
            )
            for number in range(workers)
        ]  # fmt: skip
        try:
            time.sleep(max(0.0, due - time.time() - 0.5))
            before = sum(cpu_seconds(one.pid) for one in crew)
            _wait_for_all(due, desk)
            used = sum(cpu_seconds(one.pid) for one in crew) - before
            time.sleep(1.5)
        finally:
            for one in crew:
                one.send_signal(signal.SIGTERM)
            for one in crew:
                one.wait(60)
    told, store = _ask(environ, "report", str(slowest)), _store(desk)
    posts, out = store["posts"], set(told["out"])
    return Round(
        seconds=round(told["last"] - due, 2),
        seconds_others=round(told["last_of_others"] - due, 2),
        cpu_ms=round(used * 1000 / SHARES, 2),
        twice=sum(many > 1 for many in posts.values()),
        lost=SHARES - len(out & set(posts)),
        early=store["early"],
    )


def _wait_for_all(due: float, desk: int) -> None:
    while len(_store(desk)["posts"]) < SHARES:
        if time.time() - due > LONGEST:
            return
        time.sleep(1)


def _store(desk: int, *, forget: bool = False) -> dict[str, Any]:
    method, path = ("POST", "/forget") if forget else ("GET", "/store")
    with urlopen(Request(f"http://127.0.0.1:{desk}{path}", method=method), timeout=30) as answer:
        told: dict[str, Any] = json.load(answer)
    return told


if __name__ == "__main__":
    for name, value in run().items():
        print(f"{name}: {value:.2f}")

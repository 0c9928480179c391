"""Tracked links against nginx's bare `return 302` with its access log: the price of looking up, and of being safe."""

import contextlib
import json
import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from bench.drills import counting, crew
from bench.drills.cluster import Cluster
from bench.load import SERVER_CORE, Measured, measure, memory_mib, pinned, write_requests
from bench.rounds import middle, spread, steady

NEEDS = ("nginx", "wrk", "taskset")
LINKS = 3_000_000
FEW_LINKS, MANY_LINKS = 1_000, 5_000_000
POSTS = 10_000
REQUESTS = 60_000
HOT_SHARE, HOT_LINKS = 0.9, 0.01
ROUNDS, SECONDS = 5, 3
_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_COLUMNS = "token, kind, post_id, target_url, utm, version, state, created_at"
_UTM = {"source": "linkedin", "medium": "employee-advocacy", "campaign": "spring"}
_NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log {folder}/access.log;
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; keepalive_requests 1000000000;
  server {{ listen 127.0.0.1:{port}; location /l/ {{ return 302 https://aurora.example/articles/1?utm_source=linkedin; }} }}
}}
"""


def run(*, links: int = LINKS, rounds: int = ROUNDS, seconds: int = SECONDS) -> dict[str, float]:
    """Medians over the rounds, all servers interleaved; ratios are of requests a second to nginx's in the same round."""
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="vocero-bench-")))
        data = folder / "data"
        data.mkdir()
        environ = counting.clean_environ(data, VOCERO_NODE="bench")
        counting.prepare(environ, 0)
        tokens = fill_sqlite(data / "vocero.sqlite3", links)
        script = write_requests(folder, [f"/l/{token}" for token in draw(tokens)])
        memory = 0.0
        cluster = stack.enter_context(_cluster())
        shared = counting.clean_environ(
            data, VOCERO_NODE="bench", DATABASE_URL=cluster.url, VOCERO_CLICK_SYNC="database"
        )
        counting.prepare(shared, 0)
        fill_postgresql(cluster.url, tokens)

        def one_round() -> dict[str, Measured]:
            nonlocal memory
            found = {"nginx": _nginx(folder, script, seconds)}
            for kind, sync in (("fdatasync", "local"), ("kernel", "kernel")):
                found[kind], used = _links(folder, environ | {"VOCERO_CLICK_SYNC": sync}, script, seconds)
                memory = max(memory, used)
            found["postgresql"] = _links(folder, shared, script, seconds, cluster.pid)[0]
            found["single_port"] = _single_port(folder, environ, script, seconds)
            return found

        measured = steady(one_round, lambda found: found["nginx"].rate, rounds=rounds)
        growth = _growth(folder, data, environ, tokens, many=MANY_LINKS * links // LINKS, seconds=seconds)
    return _figures(measured) | {"memory_mib_links": memory, "growth_links": growth}


def _growth(
    folder: Path, data: Path, environ: Mapping[str, str], tokens: list[str], *, many: int, seconds: int
) -> float:
    """How many times the CPU of a click with a thousand links a click with five million takes."""
    few = folder / "few"
    few.mkdir()
    little = counting.clean_environ(few, VOCERO_NODE="bench", VOCERO_CLICK_SYNC="kernel")
    counting.prepare(little, 0)
    tokens = tokens + fill_sqlite(data / "vocero.sqlite3", max(0, many - len(tokens)), seed=8)
    sides = [
        (little, fill_sqlite(few / "vocero.sqlite3", FEW_LINKS)),
        ({**environ, "VOCERO_CLICK_SYNC": "kernel"}, tokens),
    ]
    scripts = []
    for number, (_, known) in enumerate(sides):
        place = folder / f"growth-{number}"
        place.mkdir()
        scripts.append(write_requests(place, [f"/l/{token}" for token in draw(known)]))
    ratios = []
    for _ in range(ROUNDS):
        costs = [
            _links(folder, told, script, seconds)[0].cpu_us for (told, _), script in zip(sides, scripts, strict=True)
        ]
        ratios.append(costs[1] / costs[0])
    return middle(ratios)


def fill_sqlite(path: Path, links: int, *, seed: int = 7) -> list[str]:
    """Put links to ten thousand posts into a prepared SQLite file; gives their tokens."""
    draw_token = random.Random(seed)
    tokens = list(dict.fromkeys("".join(draw_token.choices(_SIGNS, k=11)) for _ in range(links)))
    begun = time.monotonic()
    connection = sqlite3.connect(path)
    for pragma in ("foreign_keys=OFF", "synchronous=OFF", "journal_mode=MEMORY", "cache_size=-500000"):
        connection.execute(f"PRAGMA {pragma}")
    with connection:
        connection.executemany(f"INSERT INTO sharing_link ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", _rows(tokens))
    connection.execute("PRAGMA journal_mode=WAL")
    connection.close()
    _say(links, "SQLite", begun)
    return tokens


def fill_postgresql(url: str, tokens: list[str]) -> None:
    """Put the same links into PostgreSQL."""
    import psycopg

    begun = time.monotonic()
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # their posts are not there
        with cursor.copy(f"COPY sharing_link ({_COLUMNS}) FROM STDIN") as copy:
            for row in _rows(tokens):
                copy.write_row(row)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE sharing_link")
    _say(len(tokens), "PostgreSQL", begun)


def _say(links: int, place: str, begun: float) -> None:
    print(f"  {links:,} links put into {place} in {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)


def _rows(tokens: list[str]) -> Iterator[tuple[str, str, int, str, str, int, str, str]]:
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    for number, token in enumerate(tokens):
        post = number % POSTS + 1
        url = f"https://aurora.example/articles/{post}/a-title-of-usual-length"
        yield token, "post", post, url, json.dumps(_UTM | {"content": f"p{post}"}), 1, "live", now


def draw(tokens: list[str], requests: int = REQUESTS) -> list[str]:
    """Draw tokens so that nine clicks in ten go to one link in a hundred."""
    chance = random.Random(11)
    hot = tokens[: max(1, int(len(tokens) * HOT_LINKS))]
    return [chance.choice(hot if chance.random() < HOT_SHARE else tokens) for _ in range(requests)]


def _nginx(folder: Path, script: Path, seconds: int) -> Measured:
    port = crew.free_port()
    place = folder / "nginx"
    place.mkdir(exist_ok=True)
    (place / "nginx.conf").write_text(_NGINX.format(folder=place, port=port))
    (place / "access.log").unlink(missing_ok=True)
    command = ["nginx", "-p", str(place), "-c", str(place / "nginx.conf"), "-e", str(place / "error.log")]
    return _round(folder, command, os.environ, port, script, seconds)[0]


@contextlib.contextmanager
def _cluster() -> Iterator[Cluster]:
    made = Cluster(core=SERVER_CORE)
    made.start()
    try:
        yield made
    finally:
        made.remove()


def _links(
    folder: Path, environ: Mapping[str, str], script: Path, seconds: int, beside: int | None = None
) -> tuple[Measured, float]:
    port = crew.free_port()
    return _round(folder, crew.links(port), environ, port, script, seconds, beside)


def _single_port(folder: Path, environ: Mapping[str, str], script: Path, seconds: int) -> Measured:
    port = crew.free_port()
    return _round(folder, crew.single_port(port), environ, port, script, seconds)[0]


def _round(
    folder: Path,
    command: list[str],
    environ: Mapping[str, str],
    port: int,
    script: Path,
    seconds: int,
    beside: int | None = None,
) -> tuple[Measured, float]:
    url = f"http://127.0.0.1:{port}"
    for segment in (folder / "data" / "segments").glob("*.clicks"):
        segment.unlink()
    with pinned(command, environ=environ, log=folder / "server.log", port=port) as pid:
        measure(pid, url, script, seconds=2)
        found = measure(pid, url, script, seconds=seconds, beside=beside)
        return found, memory_mib(pid)


def _figures(measured: list[dict[str, Measured]]) -> dict[str, float]:
    figures = {f"ratio_{name}": middle(one[name].rate / one["nginx"].rate for one in measured) for name in measured[0]}
    del figures["ratio_nginx"]
    for name in measured[0]:
        rounds = [one[name] for one in measured]
        figures[f"rate_{name}"] = middle(one.rate for one in rounds)
        figures[f"p50_ms_{name}"] = middle(one.p50_ms for one in rounds)
        figures[f"p99_ms_{name}"] = middle(one.p99_ms for one in rounds)
        figures[f"cpu_us_{name}"] = middle(one.cpu_us for one in rounds)
        figures[f"wrong_{name}"] = float(sum(one.wrong for one in rounds))
    return figures | {"spread_nginx": spread(one["nginx"].rate for one in measured)}

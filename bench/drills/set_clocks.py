"""P5: the clock of a real worker is set by hand, by days and around every change of the hour in six zones.

The worker runs under libfaketime and believes whatever the drill writes into a file. What was planned for a time on a wall
has to be on the network once, within a minute of the moment at which a clock on that wall shows the time.
"""

import json
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

from bench.drills import counting
from bench.drills.crew import ROOT, Crew
from bench.drills.finding import Finding
from bench.drills.wall_clock import ZONES, changes, meant

MINUTES = (-61, -1, 0, 1, 29, 30, 59, 60, 61)
"""How far from the change of the hour, on the wall, shares are planned."""
BEGINS = datetime(2027, 2, 1, 12, tzinfo=UTC)
JUMPS = (timedelta(days=-2), timedelta(days=1))
_TOKEN = re.compile(rb"/l/([0-9A-Za-z]{11})")
_PATIENCE = 20.0
_LOOKS = 5.0
"""Seconds in which a worker looks at least twice for what is due."""
_ASIDE = timedelta(hours=12)


class SetClock:
    """The clock that processes with its environment read: it goes on by itself, and is set by writing a file."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "clock"
        (library,) = Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")
        self.environ = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            "TZ": "America/Caracas",
        }

    def set(self, moment: datetime) -> None:
        """Let it show a moment."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{moment.timestamp() - time.time():+.3f}\n")
        new.replace(self._file)


class _Server(ThreadingHTTPServer):
    request_queue_size = 1024
    """All shares of one moment come at once: with the usual five, some would wait until their sender's kernel tries again."""


class Network:
    """A Mastodon that stores what it is sent, by the token of the link, and never looks at a key."""

    def __init__(self) -> None:
        self.posts: Counter[str] = Counter()
        posts = self.posts

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                found = _TOKEN.search(body.replace(b"%2F", b"/"))
                token = found[1].decode() if found else ""
                posts[token] += 1
                said = json.dumps({"id": token, "url": f"https://posts.example/{token}"}).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(said)))
                self.end_headers()
                self.wfile.write(said)

            def log_message(self, *_args: object) -> None:
                pass

        self._server = _Server(("127.0.0.1", 0), Handler)
        self.place = f"127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Answer nobody any more."""
        self._server.shutdown()
        self._server.server_close()


@dataclass(frozen=True)
class Outcome:
    """What became of the shares: `jumped` were planned for the days over which the clock was set."""

    planned: int
    moments: int
    twice: int
    lost: int
    early: int
    late: int
    jumped: int
    clock_set: int
    worst_seconds: float

    @property
    def held(self) -> bool:
        """Each once, none before its time, none later than a minute."""
        return not (self.twice or self.lost or self.early or self.late)


def walls(copies: int) -> Iterator[tuple[datetime, str]]:
    """Give the times on walls around each change of each zone, and over a leap day, each so many times."""
    for name in ZONES:
        zone = ZoneInfo(name)
        for change in changes(zone, 2027):
            wall = change.astimezone(zone).replace(tzinfo=None) + timedelta(hours=1)
            wall = wall.replace(minute=0)
            for minutes in MINUTES:
                yield from [(wall + timedelta(minutes=minutes), name)] * copies
    for hour in range(0, 24, 6):
        yield from [(datetime.fromisoformat(f"2028-02-29T{hour:02}:59"), ZONES[hour // 6])] * copies


def drill(folder: Path, *, copies: int, most: int | None = None, module: str = "vocero") -> Outcome:
    """Plan shares (so many of the times at most), set the clock of a worker to every moment in turn, jump some days between,
    and ask the network. The worker is `python -m MODULE worker`."""
    clock, network = SetClock(folder), Network()
    data = folder / "data"
    data.mkdir()
    clock.set(BEGINS)
    environ = counting.clean_environ(data, VOCERO_ALLOW_PRIVATE_HOSTS=network.place) | clock.environ
    subprocess.run([sys.executable, "-m", "vocero", "prepare"], env=environ, cwd=ROOT, check=True)
    asked = list(walls(copies))[:most]
    moments = [meant(wall, ZoneInfo(zone)) for wall, zone in asked]
    breaks = _breaks(moments)
    asked += [((each + _ASIDE).replace(tzinfo=None), "UTC") for each in breaks]
    made = _plan(environ, network, asked)
    of_time, aside = made[: len(moments)], made[len(moments) :]
    team = Crew(environ, folder / "drill.log")
    try:
        team.add("worker", [sys.executable, "-m", module, "worker"])
        for moment in sorted(set(moments)):
            clock.set(moment - timedelta(seconds=2))
            _wait(environ, network, [one for one, its in zip(of_time, moments, strict=True) if its == moment])
            if moment in breaks:
                for jump in JUMPS:
                    clock.set(moment + jump)
                    time.sleep(_LOOKS)
                _wait(environ, network, [aside[breaks.index(moment)]])
                clock.set(moment + timedelta(minutes=1))
                time.sleep(_LOOKS)
        team.end("worker")
    finally:
        team.end_all()
        network.close()
    out = dict(counting.rows(environ, "SELECT id, out_at FROM sharing_share"))
    late = [
        (_moment(out[share]) - moment).total_seconds()
        for (share, _), moment in zip(of_time, moments, strict=True)
        if out.get(share)
    ]
    return Outcome(
        planned=len(made),
        moments=len(set(moments)),
        twice=sum(number > 1 for number in network.posts.values()),
        lost=sum(not network.posts[token] or not out.get(share) for share, token in made),
        early=sum(seconds < 0 for seconds in late),
        late=sum(seconds >= 60 for seconds in late),
        jumped=len(aside),
        clock_set=len(set(moments)) + len(breaks) * (len(JUMPS) + 1),
        worst_seconds=max(late, default=0.0),
    )


def _breaks(moments: list[datetime]) -> list[datetime]:
    """After which moments nothing is planned for days, so that the clock can be set to and fro."""
    every = sorted(set(moments))
    gap = timedelta(days=5)
    return [
        one for one, following in zip(every, [*every[1:], every[-1] + 2 * gap], strict=True) if following - one > gap
    ]


def _plan(environ: dict[str, str], network: Network, asked: list[tuple[datetime, str]]) -> list[tuple[int, str]]:
    done = subprocess.run(
        [sys.executable, "-m", "bench.drills.planning", f"http://{network.place}"],
        input=json.dumps([[wall.isoformat(), zone] for wall, zone in asked]),
        env=environ, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    return [(int(share), str(token)) for share, token in json.loads(done.stdout)]


def _wait(environ: dict[str, str], network: Network, made: list[tuple[int, str]]) -> None:
    """Wait until shares are on the network and the worker has written that down, which a busy machine may let it do late."""
    deadline = time.monotonic() + _PATIENCE
    ids = ", ".join(str(share) for share, _ in made)
    asked = f"SELECT COUNT(*) FROM sharing_share WHERE out_at IS NULL AND id IN ({ids})"
    while time.monotonic() < deadline:
        if all(network.posts[token] for _, token in made) and counting.rows(environ, asked) == [(0,)]:
            return
        time.sleep(0.05)


def _moment(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=UTC)


def long(folder: Path, faults: int, seed: int) -> Finding:
    """P5: a real worker whose clock is set around changes of the hour in six zones, a leap day, and by days; one that takes
    the time of its machine for that of the world has to be found out."""
    (folder / "right").mkdir()
    (folder / "naive").mkdir()
    outcome = drill(folder / "right", copies=max(1, round(faults / 112)))
    naive = drill(folder / "naive", copies=1, most=3, module="bench.drills.naive_worker")
    return Finding(outcome.held and not naive.held, asdict(outcome) | {"naive": asdict(naive)})

"""Links beside pages at full load: what is left of their rate, and how long a write waits for the ingest.

Who runs where: the pages and the links, as `vocero serve --links-port` starts them, share core 0 and nothing else runs there;
all load (the clicks' and the eight readers') comes from core 1. So a half is what the system would give each of the two. The
worker and the ingest do not run then: at this rate the ingest works off the clicks of one window during the next ones, which
would be measured as the pages' doing. What the ingest costs others is the second part: shares written beside it, with the
whole tree and no pinning.

A round is short windows in turn, alone, beside the readers, alone again, and its ratio is of neighbours: beside over the
mean of the two alone. The readers are given a second to fill the pages' queue before anything is measured.
"""

import contextlib
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench import redirect
from bench.drills import counting, crew
from bench.drills.crew import ROOT
from bench.load import LOAD_CORE, SERVER_CORE, Measured, asking, measure, write_requests
from bench.rounds import middle, spread, steady

NEEDS = ("wrk", "taskset")
LINKS = 200_000
POSTS, READERS = 20, 8
CONNECTIONS = (64, 4)
ROUNDS, SECONDS = 7, 2
_FILLING = 1.0
WRITES = 400
SHARES = 300
_TWO = """
import sys
from vocero.config import cli, environment
from vocero.config.supervisor import Supervisor
tree = cli.children(environment.load(), links_port=int(sys.argv[1]))
Supervisor([one for one in tree if one.name in {"pages", "links"}], tell=print).run()
"""
_SIGN_IN = """
import django; django.setup()
from bench.interference import furnish
print(furnish())
"""
_SHARE = """
import django; django.setup()
from bench.interference import share
print("\\n".join(f"{one:.3f}" for one in share()))
"""


def run(*, links: int = LINKS, rounds: int = ROUNDS, seconds: int = SECONDS, writes: int = WRITES) -> dict[str, float]:
    """Medians over the rounds; in each the links are measured alone, while eight readers ask for the feed, and alone."""
    with tempfile.TemporaryDirectory(prefix="vocero-bench-") as made:
        folder = Path(made)
        environ = counting.clean_environ(folder, VOCERO_NODE="bench", DJANGO_SETTINGS_MODULE="vocero.config.settings")
        shared = counting.prepare(environ, SHARES)
        tokens = redirect.fill_sqlite(folder / "vocero.sqlite3", links)
        (session,) = _python(_SIGN_IN, environ)
        cookie = f"Cookie: sessionid={session}"
        script = write_requests(folder, [f"/l/{token}" for token in redirect.draw(tokens)])
        (folder / "busy").mkdir()
        busy = write_requests(folder / "busy", [f"/l/{token}" for token in shared])
        with _serving(folder, environ, core=SERVER_CORE) as (pages, port):

            def clicks(when: str) -> dict[str, Measured]:
                url = f"http://127.0.0.1:{port}"
                return {
                    f"{when}_{many}": measure(0, url, script, seconds=seconds, connections=many) for many in CONNECTIONS
                }

            def one_round() -> dict[str, Measured]:
                for segment in (folder / "segments").glob("*.clicks"):
                    segment.unlink()
                found = clicks("before")
                with asking(f"{pages}/today", connections=READERS, headers=[cookie], core=LOAD_CORE) as readers:
                    time.sleep(_FILLING)
                    found |= clicks("beside_feed")
                found |= clicks("after")
                rate, wrong = readers
                found["feed"] = Measured(rate, 0, 0, 0, int(wrong))
                return found

            one_round()  # links are learned, cards are drawn
            measured = steady(one_round, lambda found: _alone(found, CONNECTIONS[0]), rounds=rounds)
        with _serving(folder, environ) as (_, port), asking(f"http://127.0.0.1:{port}", connections=4, script=busy):
            waits = [float(line) for line in _python(_SHARE, environ | {"BENCH_WRITES": str(writes)})]
        quiet = [float(line) for line in _python(_SHARE, environ | {"BENCH_WRITES": str(writes)})]
    return _figures(measured) | _write_figures("write_ms", waits) | _write_figures("write_alone_ms", quiet)


def furnish() -> str:
    """Offer posts and sign a reader in; gives the session's id. In a process with Django."""
    from datetime import UTC, datetime

    from django.test import Client

    from vocero.content.models import Post
    from vocero.people.models import Member

    at = datetime.now(UTC)
    first = Post.objects.get(title="Sun")
    for number in range(POSTS - 1):
        Post.objects.create(
            program=first.program, state="offered", url=f"https://aurora.example/{number}", title=f"Post {number}",
            kind="industry_insight", origin="curated", purposes=["enlighten"], language="en",
            created_at=at, updated_at=at, offered_at=at,
        )  # fmt: skip
    client = Client()
    client.force_login(Member.objects.all()[0])
    return client.cookies["sessionid"].value


def share() -> list[float]:
    """Write shares one after the other, as the share page does; gives the milliseconds of each. In a process with Django."""
    from datetime import UTC, datetime, timedelta

    from vocero.content.models import Post
    from vocero.people.models import Member
    from vocero.sharing.services import share_post

    member, post, at = Member.objects.all()[0], Post.objects.get(title="Sun"), datetime.now(UTC)
    waits = []
    for number in range(int(os.environ["BENCH_WRITES"])):
        begun = time.perf_counter()
        share_post(member, post, network="x", text="Look", at=at + timedelta(milliseconds=number))
        waits.append((time.perf_counter() - begun) * 1000)
        time.sleep(0.005)
    return waits


def _python(code: str, environ: Mapping[str, str]) -> list[str]:
    command = [sys.executable, "-c", code]
    told = subprocess.run(
        command, env=dict(environ), cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True, timeout=300
    )
    return told.stdout.split()


@contextlib.contextmanager
def _serving(folder: Path, environ: Mapping[str, str], *, core: int | None = None) -> Iterator[tuple[str, int]]:
    """The whole tree; or on one core, pages and links alone. Gives the pages' address and the links' port."""
    pages, links = crew.free_port(), crew.free_port()
    url = f"http://127.0.0.1:{pages}"
    told = {**environ, "VOCERO_PORT": str(pages), "VOCERO_BASE_URL": url}
    command = [sys.executable, "-m", "vocero", "serve", "--links-port", str(links)]
    if core is not None:
        command = ["taskset", "-c", str(core), sys.executable, "-c", _TWO, str(links)]
    with (folder / "serve.log").open("ab") as log:
        server = subprocess.Popen(command, env=told, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    try:
        crew.wait_for(pages)
        crew.wait_for(links)
        yield url, links
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)


def _alone(found: Mapping[str, Measured], many: int) -> float:
    return (found[f"before_{many}"].rate + found[f"after_{many}"].rate) / 2


def _figures(measured: list[dict[str, Measured]]) -> dict[str, float]:
    figures = {}
    for many, suffix in zip(CONNECTIONS, ("", "_few"), strict=True):
        beside = f"beside_feed_{many}"
        figures |= {
            f"ratio_beside_feed{suffix}": middle(one[beside].rate / _alone(one, many) for one in measured),
            f"rate_alone{suffix}": middle(_alone(one, many) for one in measured),
            f"rate_beside_feed{suffix}": middle(one[beside].rate for one in measured),
            f"p50_ms_beside_feed{suffix}": middle(one[beside].p50_ms for one in measured),
            f"p99_ms_alone{suffix}": middle(one[f"before_{many}"].p99_ms for one in measured),
            f"p99_ms_beside_feed{suffix}": middle(one[beside].p99_ms for one in measured),
        }
    return figures | {
        "pages_beside_links": middle(one["feed"].rate for one in measured),
        "wrong": float(sum(window.wrong for one in measured for window in one.values())),
        "spread_alone": spread(_alone(one, CONNECTIONS[0]) for one in measured),
        "spread_ratio": spread(
            one[f"beside_feed_{CONNECTIONS[0]}"].rate / _alone(one, CONNECTIONS[0]) for one in measured
        ),
    }


def _write_figures(name: str, waits: list[float]) -> dict[str, float]:
    return {
        f"{name}_p50": statistics.median(waits),
        f"{name}_p99": statistics.quantiles(waits, n=100)[98],
        f"{name}_most": max(waits),
    }

"""The dashboard: how long the server takes for each page of figures of a large company, warm and cold, SQL included.

The views answer in this process (Django's test client, all middleware), the clock stands on the last day of the data. Cold: the
page cache of the database's files is dropped and the connection is new. Two million clicks by default, which take minutes to
build and are kept; `python -m bench.dashboard --clicks 100000000` takes the largest company, `--equal` only compares every
figure with a recount of the single clicks in plain SQL, as the whole run does on a company that keeps all of them.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bench import apart, largest
from bench.largest_copy import on_postgresql

ROUNDS: Final = 7
CLICKS: Final = 2_000_000
EQUAL_CLICKS: Final = 100_000
_MONTH, _QUARTER = "2026-09", "2026-Q3"


def run(*, clicks: int = CLICKS) -> dict[str, float]:
    """Measure each page on SQLite, warm and cold, and warm on PostgreSQL, in milliseconds; compare a company of clicks that are
    all kept with a recount."""
    folder = largest.build(clicks)
    found = measure(largest.environ(folder))
    found |= measure(largest.environ(largest.build(EQUAL_CLICKS, keep_all=True)), "--equal")
    with on_postgresql(folder) as address:
        there = measure(largest.environ(folder) | {"DATABASE_URL": address})
    found |= {f"pg_{name}": value for name, value in there.items() if name.startswith(("warm_ms_", "first_ms_"))}
    return found | {name: value for name, value in largest.figures(folder).items() if isinstance(value, int)}


def measure(environ: dict[str, str], *words: str) -> dict[str, float]:
    """Measure in a process of its own that opens the installation of an environment."""
    subprocess.run([sys.executable, "-m", "vocero", "prepare"], env=environ, cwd=largest.ROOT, check=True)
    return apart.here("bench.dashboard", environ, *words)


def pages() -> dict[str, Callable[[], int]]:
    """Give what is measured by name; each gives how many bytes or rows came."""
    from django.test import Client
    from django.urls import reverse

    from vocero.company.queries import main_program
    from vocero.lib.periods import Period
    from vocero.people.models import Member
    from vocero.recognition.models import PeriodPoints
    from vocero.recognition.ranking import ranking

    program = main_program()
    clients = {role: Client(HTTP_HOST="127.0.0.1") for role in ("owner", "advocate")}
    month, quarter = Period.parse(_MONTH), Period.parse(_QUARTER)
    best = PeriodPoints.objects.filter(kind="q", first_on=quarter.first_on).order_by("-points")
    advocate = Member.objects.get(pk=best[len(best[:2000]) // 2].member_id)
    last = Member.objects.get(pk=best.filter(points__gt=0).order_by("points")[0].member_id)
    for role, member in (("owner", Member.objects.get(role="owner")), ("advocate", advocate)):
        clients[role].force_login(member, backend="vocero.web.public.reading.MemberBackend")

    def page(role: str, address: str) -> Callable[[], int]:
        def ask() -> int:
            answer = clients[role].get(address)
            if answer.status_code != 200:
                raise RuntimeError(f"{address} answered {answer.status_code}")
            return len(answer.content)

        return ask

    return {
        "overview": page("owner", "/manage/"),
        "by_network": page("owner", f"/manage/results/?by=network&period={_MONTH}"),
        "by_campaign_90_days": page("owner", f"/manage/results/?by=campaign&period={_QUARTER}"),
        "by_topic_30_days": page("owner", f"/manage/results/?by=topic&period={_MONTH}"),
        "by_post": page("owner", f"/manage/results/?by=post&period={_MONTH}"),
        "slice": page("owner", f"/manage/results/?by=post&period={_QUARTER}&within=topic:{_sliced_topic().public_id}"),
        "by_team": page("owner", f"/manage/results/?by=team&period={month.previous().key}"),
        "ranking_month": lambda: len(ranking(program, month, reader=last).leaders),
        "ranking_ever": lambda: len(ranking(program, None, reader=last).leaders),
        "advocate": page("advocate", reverse("advocate:shares")),
    }


def here(*, cold: bool = True) -> dict[str, float]:
    """Measure in this process."""
    import django

    django.setup()
    from django.conf import settings
    from django.db import connection, reset_queries
    from django.test.utils import CaptureQueriesContext

    from bench.largest_facts import ENDS_ON
    from vocero.lib import clock

    settings.ALLOWED_HOSTS = ["*"]
    clock.set_clock(lambda: datetime.combine(ENDS_ON, datetime.min.time(), UTC) + timedelta(hours=20))
    found: dict[str, float] = {"seconds_to_make_slice": _make_slice()}
    for name, ask in pages().items():
        ask()
        with CaptureQueriesContext(connection) as queries:
            ask()
        found[f"queries_{name}"] = len(queries)
        reset_queries()
        found[f"warm_ms_{name}"] = _median(ask)
        found[f"cpu_ms_{name}"] = _median(ask, clock=time.thread_time)
        found[f"first_ms_{name}"] = _median(ask, before=_forget)
        if cold and connection.vendor == "sqlite":
            found[f"cold_ms_{name}"] = _median(ask, before=_cool_down)
    for state in ("warm", "cold"):
        times = [value for name, value in found.items() if name.startswith(f"{state}_ms_")]
        if times:
            found[f"{state}_ms_worst"] = max(times)
    return found


def _sliced_topic() -> Any:
    from vocero.content.models import Topic

    return Topic.objects.order_by("pk")[0]


def _make_slice() -> float:
    """Give how many seconds of the worker the posts within a topic in a quarter take, which the page then shows."""
    from vocero.company.queries import main_program
    from vocero.lib import clock
    from vocero.lib.periods import Period
    from vocero.measurement import slicing
    from vocero.measurement.dimensions import Dimension
    from vocero.measurement.models import Slice
    from vocero.measurement.slices import Question
    from vocero.measurement.spans import Span

    Slice.objects.all().delete()
    span = Span.until(Period.parse(_QUARTER), clock.now().date())
    slicing.ask(
        Question(main_program().pk, Dimension.POST, Dimension.TOPIC, str(_sliced_topic().pk), span), at=clock.now()
    )
    began = time.perf_counter()
    while slicing.work(at=clock.now()):
        pass
    return time.perf_counter() - began


def equal() -> dict[str, float]:
    """Compare the figures of this installation with its single facts."""
    import django

    django.setup()
    from bench.dashboard_recount import compare

    return compare()


def _median(
    ask: Callable[[], int],
    *,
    before: Callable[[], None] | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> float:
    times = []
    for _ in range(ROUNDS):
        if before:
            before()
        began = clock()
        ask()
        times.append((clock() - began) * 1000)
    return statistics.median(times)


def _forget() -> None:
    """Let this process forget what it keeps of figures."""
    from vocero.measurement import tops
    from vocero.recognition import ranking
    from vocero.web.manager import results

    tops.forget()
    ranking.forget()
    results.forget()


def _cool_down() -> None:
    """Drop what the operating system and this process keep of the database, and open it anew."""
    from django.db import connection

    _forget()
    connection.close()
    place = Path(str(connection.settings_dict["NAME"]))
    os.sync()
    for path in (place, place.with_name(place.name + "-wal"), place.with_name(place.name + "-shm")):
        if path.exists():
            with path.open("rb") as file:
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def main() -> int:
    """Measure what was asked for and print it."""
    parser = argparse.ArgumentParser(prog="python -m bench.dashboard", description=__doc__)
    parser.add_argument("--clicks", type=int, default=CLICKS)
    parser.add_argument("--equal", action="store_true", help="compare with a recount; all single clicks are kept")
    parser.add_argument(
        "--equal-kept", action="store_true", help="the same with those of the last quarter, as one keeps"
    )
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        found: dict[str, Any] = equal() if asked.equal else here()
    elif asked.equal_kept:
        found = measure(largest.environ(largest.build(asked.clicks)), "--equal")
    elif asked.equal:
        found = measure(largest.environ(largest.build(asked.clicks, keep_all=True)), "--equal")
    else:
        found = run(clicks=asked.clicks)
    print(json.dumps(found) if asked.here else json.dumps(found, indent=1))
    return 0


if __name__ == "__main__":
    sys.exit(main())

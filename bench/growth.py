"""What taking in a click costs on top of 1, 10 and 100 million others: the same stream of clicks in turn on each.

`python -m bench.growth` measures 1 and 10 million, which are put into tables that hold the stream's company alone, and the
largest company of `bench/largest.py` as the product keeps it (100 million clicks in the roll-ups, the single ones of the
last quarter), if it was built: a copy of its database, which is deleted afterwards.
"""

import argparse
import os
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bench import largest
from bench.drills import counting
from bench.drills.crew import ROOT

CLICKS: Final = 300_000
SHARES: Final = 100_000
SIZES: Final = (1_000_000, 10_000_000)
ROUNDS: Final = 6
"""The first one, in which every link is new to the process, is not counted."""
DAYS: Final = 30
YEAR: Final = 365
COMPANY: Final = largest.CACHE / f"largest-{largest.CLICKS}"
_ROOM: Final = 4
"""Beside the copy of a company so many times its bytes must be free."""


def measure(clicks: int, shares: int, sizes: Sequence[int], company: Path | None = COMPANY) -> dict[str, float]:
    """Give what a click costs on top of each size, medians of rounds in turn, and how many times the first one's."""
    with ExitStack() as stack:
        makers = {
            f"{size / 1_000_000:g}_million": stack.enter_context(_started(clicks, shares, size)) for size in sizes
        }
        if company is not None and (company / "vocero.sqlite3").is_file():
            made = stack.enter_context(_started(clicks, shares, 0, company))
            makers[f"{largest.CLICKS / 1_000_000:g}_million"] = made
        else:
            _say(f"the largest company is left out: it is not in {company} (python -m bench.largest builds it)")
        costs: dict[str, list[float]] = {name: [] for name in makers}
        for _ready in map(_answer, makers.values()):
            pass
        for number in range(ROUNDS):
            for name, maker in makers.items():
                costs[name].append(_ask(maker))
            _say(f"round {number}: " + ", ".join(f"{name} {cost[-1]:.1f} us" for name, cost in costs.items()))
    middle = {name: statistics.median(cost[1:]) for name, cost in costs.items()}
    first = next(iter(middle.values()))
    return {f"cpu_us_on_{name}": cost for name, cost in middle.items()} | {
        f"growth_{name}": cost / first for name, cost in middle.items()
    }


@contextmanager
def _started(clicks: int, shares: int, size: int, company: Path | None = None) -> Iterator[subprocess.Popen[str]]:
    """Start a process that has an installation of its own, and takes in a part of its clicks each time it is asked."""
    with tempfile.TemporaryDirectory(prefix="vocero-growth-", dir=company.parent if company else None) as name:
        folder = Path(name)
        environ = counting.clean_environ(folder, VOCERO_NODE="bench")
        if company is not None:
            _copy(company, folder)
        else:
            counting.prepare(environ, 1)
        words = [sys.executable, "-m", "bench.growth", "--worker", str(clicks), str(shares), str(size)]
        environ["DJANGO_SETTINGS_MODULE"] = "vocero.config.settings"
        process = subprocess.Popen(
            words, env=environ, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait()


def _copy(company: Path, folder: Path) -> None:
    """Copy a company's database and keys. Raises SystemExit when the disk would be left with little room."""
    files = [path for path in company.iterdir() if path.is_file()]
    needed = sum(path.stat().st_size for path in files)
    if shutil.disk_usage(folder).free < (1 + _ROOM) * needed:
        sys.exit(f"{folder}: {(1 + _ROOM) * needed >> 30} GiB must be free for a copy of {company}")
    _say(f"copying {needed >> 20} MiB of {company}")
    subprocess.run(["cp", "--reflink=auto", *map(str, files), str(folder)], check=True)


def _answer(process: subprocess.Popen[str]) -> float:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        sys.exit(f"a process that takes clicks in ended with {process.wait()}")
    return float(line)


def _ask(process: subprocess.Popen[str]) -> float:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return _answer(process)


def _say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


def take_in(clicks: int, shares: int, size: int) -> None:
    """Fill, put so many clicks with their roll-ups into the tables; then take a part in for each line that comes."""
    import django

    django.setup()

    from django.conf import settings
    from django.core.management import call_command
    from django.db import connections

    from bench.ingest import fill, write_segments
    from vocero.tracking import archive
    from vocero.tracking.abreast import cores
    from vocero.tracking.ingest import Ingest
    from vocero.tracking.segment import segments_in

    if not size:
        call_command("migrate", verbosity=0)
    began = time.perf_counter()
    fill(shares)
    if size:
        last_on = (datetime.now(UTC) - timedelta(days=DAYS + 1)).date()
        _put(size, last_on, shares)
        _say(f"{time.perf_counter() - began:4.0f} s  {size} clicks are in the table")
        archive.rebuild(last_on - timedelta(days=YEAR - 1), last_on, archive.folder(), processes=cores())
    connections.close_all()  # what was kept in memory goes; what takes clicks in has its own connection
    folder, aside = settings.ENVIRONMENT.segments, settings.ENVIRONMENT.segments.with_name("aside")
    write_segments(aside, clicks, shares, segments=ROUNDS)
    folder.mkdir(exist_ok=True, mode=0o700)
    parts = list(segments_in(aside))
    ingest = Ingest(folder)
    _say(f"{time.perf_counter() - began:4.0f} s  {size or largest.CLICKS} clicks are there, with their roll-ups")
    print(0, flush=True)
    for _line, part in zip(sys.stdin, parts, strict=False):
        part.rename(folder / part.name)
        cpu = time.process_time()
        taken = ingest.drain(at=datetime.now(UTC))
        print((time.process_time() - cpu) / taken * 1_000_000, flush=True)


def _put(size: int, last_on: date, shares: int) -> None:
    """Put clicks of a year straight into the table: links and visitors at random, 18 of 100 no reader's."""
    from django.db import connection, transaction

    from vocero.sharing.models import Link
    from vocero.tracking.segment import first_id_at
    from vocero.tracking.visitors import first_visitor_of

    low = Link.objects.order_by("-pk").values_list("pk", flat=True)[0] - shares + 1
    for number in range(YEAR):
        day = last_on - timedelta(days=YEAR - 1 - number)
        many = size * (number + 1) // YEAR - size * number // YEAR
        base = first_id_at(datetime.combine(day, datetime.min.time(), UTC))
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO tracking_click (id, link_id, visitor, verdict, country, network_class, device)"
                " WITH RECURSIVE s(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM s WHERE i + 1 < %s)"
                " SELECT %s + ((i * 86400000000 / %s) << 12), %s + (i * 2654435761 + %s) %% %s,"
                " %s + (i * 11400714819 & 281474976710655), CASE WHEN i %% 50 < 9 THEN 'bot' ELSE 'valid' END, 'ES', 0, 'd'"
                " FROM s",
                [many, base, many, low, number * 7919, shares, first_visitor_of(day)],
            )


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="on top of so many clicks each")
    parser.add_argument("--company", type=Path, default=COMPANY, help="the folder of the largest company")
    parser.add_argument("--without-company", action="store_true", help="measure on top of the other sizes alone")
    parser.add_argument("--worker", type=int, nargs=3, help=argparse.SUPPRESS)
    asked: Any = parser.parse_args()
    if asked.worker:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vocero.config.settings")
        take_in(*asked.worker)
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that copies are deleted
    company = None if asked.without_company else asked.company
    for name, value in measure(CLICKS, SHARES, asked.sizes, company).items():
        print(name, value)
    return 0


if __name__ == "__main__":
    sys.exit(main())

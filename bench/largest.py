"""Builds, once, the SQLite installation of the largest company: 300,000 members, 3 million shares, 100 million clicks.

`python -m bench.largest [--clicks N]` builds it below `.cache/bench` unless it is there already, and prints its folder.
Facts come from a seed (`bench.largest_facts`), roll-ups from the product's own rebuild: fifteen days at a time, and of the
single clicks the last quarter is kept, about what an installation keeps; `--keep-all` keeps every one, for recounts.
"""

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
CACHE: Final = ROOT / ".cache" / "bench"
CLICKS: Final = 100_000_000
_STRETCH: Final = 15
_STAMP: Final = "built.json"
_CLICKS_OF_SHARES: Final = 'SELECT share_id, "unique" AS clicks FROM tracking_sharetotal'


def build(clicks: int = CLICKS, *, keep_all: bool = False) -> Path:
    """Give the data folder of the installation, built if it is not there or not of this version."""
    folder = CACHE / f"largest-{clicks}{'-all' if keep_all else ''}"
    stamp = folder / _STAMP
    version = _version()
    if stamp.is_file() and json.loads(stamp.read_text())["version"] == version:
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    words = [str(clicks), str(folder), *(["--keep-all"] if keep_all else [])]
    subprocess.run([sys.executable, "-m", "bench.largest", "--fill", *words], env=environ(folder), cwd=ROOT, check=True)
    told = json.loads((folder / "figures.json").read_text())
    stamp.write_text(json.dumps({"version": version, **told}, indent=1))
    return folder


def environ(folder: Path) -> dict[str, str]:
    """Give the environment in which the installation is opened, with nothing of Vocero's but its folder."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("VOCERO_")}
    kept.pop("DATABASE_URL", None)
    return kept | {"VOCERO_DATA": str(folder), "DJANGO_SETTINGS_MODULE": "vocero.config.settings"}


def figures(folder: Path) -> dict[str, float]:
    """Give how many rows it has, how many bytes it takes and how many seconds its building took."""
    told: dict[str, float] = json.loads((folder / _STAMP).read_text())
    return told


def _version() -> str:
    """What the installation depends on: this generator and the tables."""
    files = [*sorted(ROOT.glob("bench/largest*.py")), *sorted(ROOT.glob("vocero/*/migrations/*.py"))]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:16]


def say(text: str, began: float) -> None:
    """Tell how far it is."""
    print(f"  {time.perf_counter() - began:7.1f} s  {text}", file=sys.stderr, flush=True)


def fill(clicks: int, folder: Path, *, keep_all: bool) -> None:
    """Fill the empty installation that the environment names."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from bench.largest_facts import DAYS, Filler, Size

    began = time.perf_counter()
    call_command("prepare")
    connection.ensure_connection()
    raw = connection.connection
    for pragma in ("synchronous=OFF", "journal_mode=MEMORY", "cache_size=-1000000", "temp_store=MEMORY"):
        raw.execute(f"PRAGMA {pragma}")
    raw.execute("PRAGMA foreign_keys=OFF")
    size = Size(clicks)
    filler = Filler(raw, size)
    _house()
    filler.draws()
    filler.people()
    filler.posts()
    say(f"{size.members} members, {size.posts} posts", began)
    _shares(filler, DAYS, began)
    filler.outcomes()
    counts: dict[str, Any] = {"members": size.members, "shares": size.shares}
    counts |= _clicks(filler, DAYS, began, keep_all=keep_all)
    counts |= _roll_up(filler, began)
    raw.execute("PRAGMA journal_mode=WAL")
    counts["bytes"] = (folder / "vocero.sqlite3").stat().st_size
    counts["seconds_to_build"] = round(time.perf_counter() - began)
    (folder / "figures.json").write_text(json.dumps(counts))
    say(f"{counts}", began)


def _house() -> None:
    from bench.largest_facts import day_of
    from vocero.company.models import Installation, Program
    from vocero.measurement.services import unconfirmed_rates
    from vocero.tracking.models import Referrer

    at = datetime.combine(day_of(0), datetime.min.time(), UTC)
    Installation.objects.create(name="Largest", base_url="http://127.0.0.1", set_up_at=at, setup_steps={"all": "done"})
    Program.objects.create(pk=1, name={"en": "Our voices"}, created_at=at)
    for number in range(1, 6):
        Referrer.objects.create(pk=number, origin=f"https://{number}.example")
    for rate in unconfirmed_rates(at=at):
        rate.confirmed_at = at
        rate.save()


def _shares(filler: Any, days: int, began: float) -> None:
    from django.db import transaction

    from vocero.sharing.models import Link, Share

    filler.put_indexes_aside(Share, Link)
    for number in range(days):
        with transaction.atomic():
            filler.shares(number)
        if number % 90 == 89:
            say(f"shares of {number + 1} days", began)
    filler.make_indexes()
    say("shares and links with their indexes", began)


def _clicks(filler: Any, days: int, began: float, *, keep_all: bool) -> dict[str, int]:
    """Fill clicks some days at a time, roll them up, and forget those that an installation would have forgotten."""
    from django.db import transaction

    from bench.largest_facts import KEPT_DAYS, day_of
    from vocero.tracking.stats import rebuild

    clicks = kept = 0
    spent = 0.0
    first = 0
    while first < days:
        forgotten = first < days - KEPT_DAYS and not keep_all
        past = min(first + _STRETCH, days - KEPT_DAYS if forgotten else days)
        found = 0
        for number in range(first, past):
            with transaction.atomic():
                found += filler.clicks(number)
        started = time.perf_counter()
        rebuild(day_of(first), day_of(past - 1))
        spent += time.perf_counter() - started
        if forgotten:
            filler.run("DELETE FROM tracking_click")
        else:
            kept += found
        clicks, first = clicks + found, past
        say(f"{clicks} clicks of {past} days, rolled up in {spent:.0f} s", began)
    return {"clicks": clicks, "clicks_kept": kept, "seconds_to_roll_up_clicks": round(spent)}


def _roll_up(filler: Any, began: float) -> dict[str, int]:
    from bench.largest_facts import ENDS_ON, day_of
    from vocero.company.models import Program
    from vocero.measurement.services import roll_up
    from vocero.recognition.models import PeriodPoints
    from vocero.recognition.period_points import rebuild_points

    at = datetime.combine(ENDS_ON, datetime.max.time(), UTC) - timedelta(hours=1)
    started = time.perf_counter()
    for first in range(0, 365, 73):
        roll_up(day_of(first), day_of(first + 72), at=at)
        say(f"shares, engagement and conversions of {first + 73} days rolled up", began)
    spent = round(time.perf_counter() - started)
    filler.points(_CLICKS_OF_SHARES)
    rebuild_points(Program.objects.get())
    say("points from the ledger", began)
    return {"seconds_to_roll_up_shares": spent, "rows_of_points": PeriodPoints.objects.count()}


def main() -> int:
    """Build what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench.largest", description=__doc__)
    parser.add_argument("--clicks", type=int, default=CLICKS, help="100 million by default; everything else follows")
    parser.add_argument("--keep-all", action="store_true", help="keep every single click")
    parser.add_argument("--fill", nargs=2, metavar=("CLICKS", "FOLDER"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.fill:
        fill(int(asked.fill[0]), Path(asked.fill[1]), keep_all=asked.keep_all)
    else:
        print(build(asked.clicks, keep_all=asked.keep_all))
    return 0


if __name__ == "__main__":
    sys.exit(main())

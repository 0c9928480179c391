"""Rebuild: how long `vocero rebuild` takes on the last month of the largest company, and what 100 million clicks would take.

The kept company (`bench.largest`) is copied; of the copy every roll-up of those days is deleted, so that each row has to be
made and written; then the command runs as an operator runs it, with a process a core. Afterwards every table is compared with
the kept one. A second run finds everything right and writes nothing. Clicks, days and points are scaled up apart, each by what
it grows with. `python -m bench.rebuild --days 92` takes every single click that is kept (29 million).
"""

import argparse
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from bench import apart, largest
from bench.largest_facts import DAYS, ENDS_ON, KEPT_DAYS

CLICKS: Final = 100_000_000
_SINCE: Final = date(2026, 8, 31)
"""A Monday, so that weeks are whole: 31 days, 11 million clicks."""
_FILES: Final = ("vocero.sqlite3", "keys", "secret-key")
_CUTS: Final = "('all','post','campaign','topic','origin','kind','purpose','team','location','language')"
_BY_TEXT: Final = ("sharestat", "engagementstat", "conversionstat")
_LOST: Final = (
    'UPDATE tracking_sharetotal AS t SET valid = t.valid - d.v, "unique" = t."unique" - d.u FROM (SELECT share_id,'
    ' SUM(valid) AS v, SUM("unique") AS u FROM tracking_shareday WHERE day_on >= :day GROUP BY share_id) d'
    " WHERE d.share_id = t.share_id",
    "DELETE FROM tracking_sharetotal WHERE valid = 0",
    'UPDATE tracking_membermonth AS m SET valid = m.valid - d.v, "unique" = m."unique" - d.u FROM (SELECT member_id,'
    ' program_id, SUM(valid) AS v, SUM("unique") AS u FROM tracking_memberday WHERE day_on >= :day AND day_on < :next'
    " GROUP BY 1, 2) d WHERE m.month_on = :month AND m.member_id = d.member_id AND m.program_id = d.program_id",
    "DELETE FROM tracking_membermonth WHERE valid = 0 OR month_on >= :next",
    "DELETE FROM tracking_clickstat WHERE program_id = 1 AND dimension BETWEEN 0 AND 9 AND day_on >= :day",
    "DELETE FROM tracking_clickweek WHERE program_id = 1 AND dimension BETWEEN 0 AND 9 AND week_on >= :day",
    "DELETE FROM tracking_requeststat WHERE program_id = 1 AND day_on >= :day",
    "DELETE FROM tracking_shareday WHERE day_on >= :day",
    "DELETE FROM tracking_memberday WHERE day_on >= :day",
    *(
        f"DELETE FROM measurement_{name} WHERE program_id = 1 AND dimension IN {_CUTS} AND day_on >= :since"
        for name in _BY_TEXT
    ),
    f"DELETE FROM measurement_shareweek WHERE program_id = 1 AND dimension IN {_CUTS} AND week_on >= :since",
    "DELETE FROM measurement_advocateday WHERE program_id = 1 AND day_on >= :since",
    "DELETE FROM measurement_headcount WHERE day_on >= :since",
    "DELETE FROM measurement_foldedday WHERE day_on >= :since",
    "DELETE FROM recognition_periodpoints WHERE program_id = 1 AND kind = 'w' AND first_on >= :since",
)
_COMPARED: Final = {
    "tracking_clickstat": "program_id = 1 AND dimension BETWEEN 0 AND 9 AND day_on >= :day",
    "tracking_clickweek": "program_id = 1 AND dimension BETWEEN 0 AND 9 AND week_on >= :day",
    "tracking_requeststat": "program_id = 1 AND day_on >= :day",
    "tracking_shareday": "day_on >= :day",
    "tracking_memberday": "day_on >= :day",
    "tracking_membermonth": "month_on >= :month",
    "tracking_sharetotal": "1",
    **{f"measurement_{name}": f"program_id = 1 AND dimension IN {_CUTS} AND day_on >= :since" for name in _BY_TEXT},
    "measurement_shareweek": f"program_id = 1 AND dimension IN {_CUTS} AND week_on >= :since",
    "measurement_advocateday": "program_id = 1 AND day_on >= :since",
    # The kept company has headcounts of some days only.
    "measurement_headcount": "day_on >= :since AND day_on IN (SELECT day_on FROM kept.measurement_headcount)",
    "recognition_periodpoints": "program_id = 1 AND kind = 'w' AND first_on >= :since",
}


def run(*, since: date = _SINCE, clicks: int = largest.CLICKS) -> dict[str, float]:
    """Measure on a copy, which is deleted afterwards; seconds, microseconds a click, and rows that differ."""
    kept = largest.build(clicks)
    copy = largest.CACHE / "rebuild-copy"
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    try:
        for name in _FILES:
            subprocess.run(["/bin/cp", "--reflink=auto", kept / name, copy / name], check=True)
        values = _values(since)
        facts = _lose(copy / _FILES[0], values)
        environ = largest.environ(copy)
        lost = apart.here("bench.rebuild", environ, since.isoformat())
        found: dict[str, float] = {f"lost_{name}": value for name, value in lost.items()}
        found["rows_that_differ"] = _differences(copy / _FILES[0], kept / _FILES[0], values)
        right = apart.here("bench.rebuild", environ, since.isoformat(), "--year")
        found |= {f"right_{name}": value for name, value in right.items()}
    finally:
        shutil.rmtree(copy, ignore_errors=True)
    days, here = (ENDS_ON - since).days + 1, facts["clicks"]
    for state, told in (("lost", lost), ("right", right)):
        found[f"us_a_click_{state}"] = told["seconds_clicks"] / here * 1e6
        found[f"cpu_us_a_click_{state}"] = told["cpu_seconds_clicks"] / here * 1e6
        found[f"minutes_clicks_of_100_million_{state}"] = told["seconds_clicks"] / here * CLICKS / 60
        year = told["seconds_clicks"] / here * CLICKS
        year += told["seconds_sums"] + told["seconds_folds"] * DAYS / days + told["seconds_points"]
        year += right["seconds_people_of_a_year"]
        found[f"minutes_all_of_100_million_{state}"] = year / 60
    return found | facts | {"days": days}


def _values(since: date) -> dict[str, Any]:
    """Give the days as the tables have them: numbers since 2020, and text."""
    begin = date(2020, 1, 1)
    month = since.replace(day=1)
    following = (month + timedelta(days=32)).replace(day=1)
    told = {name: (day - begin).days for name, day in (("day", since), ("month", month), ("next", following))}
    return {**told, "since": since.isoformat()}


def _lose(file: Path, values: dict[str, Any]) -> dict[str, float]:
    """Delete the roll-ups of the days of a copy; gives how many clicks and shares they are."""
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA synchronous = OFF")
        [(clicks,)] = database.execute(
            "SELECT SUM(raw) FROM tracking_requeststat WHERE program_id = 1 AND day_on >= :day", values
        )
        [(shares,)] = database.execute(
            "SELECT SUM(shares) FROM measurement_advocateday WHERE program_id = 1 AND day_on >= :since", values
        )
        database.execute("BEGIN")
        for statement in _LOST:
            database.execute(statement, {name: value for name, value in values.items() if f":{name}" in statement})
        database.execute("COMMIT")
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return {"clicks": clicks, "shares": shares}


def _differences(file: Path, kept: Path, values: dict[str, Any]) -> int:
    """Count the rows that one has and the other has not."""
    wrong = 0
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        database.execute("ATTACH DATABASE ? AS kept", [f"file:{kept}?mode=ro&immutable=1"])
        for table, where in _COMPARED.items():
            names = [row[1] for row in database.execute(f"PRAGMA main.table_info({table})") if row[1] != "id"]
            columns = ", ".join(f'"{name}"' for name in names)
            for one, other in (("main", "kept"), ("kept", "main")):
                [(rows,)] = database.execute(
                    f"SELECT COUNT(*) FROM (SELECT {columns} FROM {one}.{table} WHERE {where}"
                    f" EXCEPT SELECT {columns} FROM {other}.{table} WHERE {where})",
                    values,
                )
                if rows:
                    print(f"  {table}: {rows} rows only in {one}", file=sys.stderr, flush=True)
                wrong += rows
    return wrong


class _Watch:
    """Takes what the command says, and notes when it said what last."""

    def __init__(self) -> None:
        self.began = self.clicks = self.sums = self.folds = self.points = time.perf_counter()
        self.cpu_clicks = 0.0

    def write(self, text: str) -> None:
        """Hear a line."""
        now = time.perf_counter()
        if "clicks counted" in text:
            self.clicks = self.sums = self.folds = now
        elif "folded" in text:
            if self.sums == self.clicks:  # the first day: the sums of clicks are mended, and folding has just begun
                self.sums, self.cpu_clicks = now, _cpu()
            self.folds = now
        elif "points" in text:
            self.points = now
        print(text, end="", file=sys.stderr, flush=True)

    def flush(self) -> None:
        """Everything is out already."""


def people_of_a_year() -> float:
    """Give the seconds that what does not grow with the days alone takes for all of them: weeks, periods and people."""
    from zoneinfo import ZoneInfo

    from vocero.lib.periods import day_starts_at, days_between
    from vocero.measurement.adoption import adoption_over
    from vocero.measurement.growing import count_periods
    from vocero.measurement.weeks import mend

    began = time.perf_counter()
    days = days_between(ENDS_ON - timedelta(days=DAYS - 1), ENDS_ON)
    mend(days[0], days[-1])
    count_periods(days)
    adoption_over(1, [(day, day_starts_at(day + timedelta(days=1), ZoneInfo("UTC"))) for day in days])
    return time.perf_counter() - began


def here(since: date) -> dict[str, float]:
    """Rebuild in this process, on the last day of the data."""
    import django

    django.setup()
    from django.core.management import call_command

    from vocero.lib import clock

    clock.set_clock(lambda: datetime.combine(ENDS_ON, datetime.min.time(), UTC) + timedelta(hours=20))
    watch = _Watch()
    call_command("rebuild", since=since, stdout=watch)
    ended = time.perf_counter()
    return {
        "seconds": ended - watch.began,
        "seconds_clicks": watch.clicks - watch.began,
        "seconds_sums": watch.sums - watch.clicks,
        "seconds_folds": watch.folds - watch.sums,
        "seconds_people": watch.points - watch.folds,
        "seconds_points": ended - watch.points,
        "cpu_seconds": _cpu(),
        "cpu_seconds_clicks": watch.cpu_clicks,
    }


def _cpu() -> float:
    """Give the CPU seconds of this process and of those that it has seen end."""
    return sum(os.times()[:4])


def main() -> int:
    """Measure what was asked for."""
    parser = argparse.ArgumentParser(prog="python -m bench.rebuild", description=__doc__)
    parser.add_argument("--days", type=int, help=f"the last so many days, at most {KEPT_DAYS}; 31 by default")
    parser.add_argument("--year", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--here", type=date.fromisoformat, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.here:
        found = here(asked.here)
        if asked.year:
            found["seconds_people_of_a_year"] = people_of_a_year()
        print(json.dumps(found))
        return 0
    since = ENDS_ON - timedelta(days=asked.days - 1) if asked.days else _SINCE
    since -= timedelta(days=since.weekday())
    for name, value in run(since=max(since, ENDS_ON - timedelta(days=KEPT_DAYS - 1))).items():
        print(f"{name}: {value:.3f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

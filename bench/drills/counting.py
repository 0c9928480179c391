"""Counts what is in the database against what visitors were told, in plain SQL: lost, twice, and the roll-ups."""

import http.client
import json
import os
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from bench.drills.crew import ROOT
from bench.drills.visitors import AGENT
from vocero.tracking.segment import day_number
from vocero.tracking.visitors import visitor_key, visitor_number


@dataclass(frozen=True)
class Count:
    """How the database and the visitors agree."""

    acknowledged: int
    stored: int
    lost: int
    twice: int
    rolled_up: int

    @property
    def is_right(self) -> bool:
        """Whether nothing was lost, nothing stored twice, and the roll-ups say what the clicks say."""
        return self.lost == 0 and self.twice == 0 and self.rolled_up == self.stored


def rows(environ: Mapping[str, str], sql: str) -> list[tuple[Any, ...]]:
    """Ask the installation's database something."""
    url = environ.get("DATABASE_URL", "")
    if url.startswith("postgresql"):
        import psycopg

        with psycopg.connect(url) as connection:
            return connection.execute(sql).fetchall()  # type: ignore[arg-type]
    connection = sqlite3.connect(Path(environ["VOCERO_DATA"]) / "vocero.sqlite3")
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()


def salts_of(environ: Mapping[str, str]) -> list[tuple[int, bytes]]:
    """The salts of the days that are open, by which a visitor is found again."""
    return [(_day(day), bytes(salt)) for day, salt in rows(environ, "SELECT day_on, salt FROM tracking_dailysalt")]


def count(
    environ: Mapping[str, str],
    acknowledged: Iterable[int],
    *,
    address: str = "127.0.0.1",
    salts: list[tuple[int, bytes]] | None = None,
) -> Count:
    """Compare: every acknowledged click must be a row, and no click two of them. Previews are no clicks of visitors."""
    salts = salts_of(environ) if salts is None else salts
    found = rows(environ, "SELECT visitor, verdict FROM tracking_click")
    stored = Counter(visitor for visitor, verdict in found if verdict not in {"head", "preview"})
    lost = asked = 0
    for number in acknowledged:
        asked += 1
        agent = AGENT.format(number)
        lost += not any(visitor_number(day, visitor_key(salt, address, agent)) in stored for day, salt in salts)
    ((raw,),) = rows(environ, "SELECT COALESCE(SUM(raw), 0) FROM tracking_requeststat")
    return Count(asked, len(found), lost, sum(number - 1 for number in stored.values() if number > 1), int(raw))


def take_in(environ: Mapping[str, str]) -> None:
    """Let an ingest of its own take in what is left in the segments, and end."""
    code = (
        "import django; django.setup(); from datetime import datetime, UTC; from pathlib import Path;"
        "from django.conf import settings; from vocero.tracking.ingest import Ingest;"
        "found = Ingest(settings.ENVIRONMENT.segments); found.drain(at=datetime.now(UTC))"
    )
    told = {**environ, "DJANGO_SETTINGS_MODULE": "vocero.config.settings"}
    subprocess.run([sys.executable, "-c", code], env=told, cwd=ROOT, check=True, timeout=600)


def make_known(port: int, tokens: Iterable[str]) -> None:
    """Ask for every link once, as HEAD, which does not count: from then on the process knows it."""
    door = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    for token in tokens:
        door.request("HEAD", f"/l/{token}")
        door.getresponse().read()
    door.close()


def prepare(environ: Mapping[str, str], shares: int) -> list[str]:
    """Bring the database to this version, unless its file is there already, fill it, and give the links' tokens."""
    if environ.get("DATABASE_URL") or not (Path(environ["VOCERO_DATA"]) / "vocero.sqlite3").exists():
        subprocess.run(
            [sys.executable, "-m", "vocero", "prepare"], env=dict(environ), cwd=ROOT, check=True, timeout=600
        )
    told = subprocess.run(
        [sys.executable, "-m", "bench.company", str(shares)],
        env=dict(environ),
        cwd=ROOT,
        check=True,
        timeout=300,
        capture_output=True,
        text=True,
    )
    return told.stdout.split()


def clean_environ(data: Path, **settings: str) -> dict[str, str]:
    """Give an environment with nothing of Vocero's but what is told here."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("VOCERO_") and name != "DATABASE_URL"
    }
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return kept | {"VOCERO_DATA": str(data), "VOCERO_NODE": "drill"} | settings


def as_json(figures: Mapping[str, Any]) -> str:
    """Give figures as one line of JSON."""
    return json.dumps(figures, sort_keys=True)


def _day(day: date | str) -> int:
    return day_number(date.fromisoformat(day) if isinstance(day, str) else day)

"""O1: backups are taken while visitors click and advocates share, and every one of them is restored and counted."""

import os
import random
import shutil
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench.drills import counting, crew
from bench.drills.cluster import Cluster
from bench.drills.crew import ROOT, Crew
from bench.drills.finding import Finding
from bench.drills.visitors import Visitors

DAMAGES = ("cut off", "a byte changed", "a file gone", "the manifest cut off")


@dataclass
class Outcome:
    """What became of the backups: lost are clicks and shares that were acknowledged before one began."""

    backups: int = 0
    whole: int = 0
    lost: int = 0
    twice: int = 0
    stopped: int = 0
    damaged: int = 0
    refused: int = 0
    size: int = 0
    backup_seconds: float = 0.0
    restore_seconds: float = 0.0
    missing_seconds: float = 0.0

    @property
    def is_right(self) -> bool:
        """Whether all came back whole and stopped, and none that was damaged was taken."""
        return (
            self.backups == self.whole == self.stopped > 0
            and self.lost == self.twice == 0
            and self.damaged == self.refused
        )


class Sharers:
    """A process that shares without end; `made` are the tokens of what is committed."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.made: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.drills.sharers"],
            env=dict(environ),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.made.append(line.strip())

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()
        self._reader.join(30)


def drill(
    data: Path, environ: Mapping[str, str], *, backups: int, seed: int, empty_database: Callable[[], str] | None = None
) -> Outcome:
    """Back up again and again under load, restore each into an empty place, count there, and damage every fifth."""
    draw, found = random.Random(seed), Outcome()
    tokens = counting.prepare(environ, 20)
    salts = counting.salts_of(environ)
    team = Crew(environ, data.with_name("drill.log"))
    place = data.with_name("backups")
    took: list[float] = []
    back: list[float] = []
    missing: list[float] = []
    try:
        port = crew.free_port()
        team.add("links", crew.links(port), port)
        team.add("ingest", crew.ingest())
        team.wait_until_answering("links")
        visitors, sharers = Visitors([port], tokens, threads=4, pause=0.005), Sharers(environ)
        for number in range(backups):
            visitors.wait_for(draw.randint(20, 120))
            clicks, shares, begun = list(visitors.acknowledged), list(sharers.made), time.monotonic()
            folder = backed_up(environ, place)
            took.append(time.monotonic() - begun)
            until = list(visitors.acknowledged)
            copy = dict(environ) | {"VOCERO_DATA": str(data.with_name("copy")), "VOCERO_NODE": "copy"}
            shutil.rmtree(copy["VOCERO_DATA"], ignore_errors=True)
            if empty_database:
                copy["DATABASE_URL"] = empty_database()
            begun = time.monotonic()
            done = call(copy, "restore", str(folder))
            back.append(time.monotonic() - begun)
            found.backups += 1
            found.whole += done.returncode == 0
            if done.returncode:
                raise RuntimeError(done.stderr)
            counting.take_in(copy)
            count = counting.count(copy, clicks, salts=salts)
            there = {token for (token,) in counting.rows(copy, "SELECT token FROM sharing_link")}
            found.lost += count.lost + len(set(shares) - there)
            found.twice += count.twice
            found.stopped += len(counting.rows(copy, STOPPED)) == 1
            after = counting.count(copy, until, salts=salts).lost
            missing.append(took[-1] * after / max(1, len(until) - len(clicks)))
            if number % 5 == 0:
                found.damaged += 1
                found.refused += is_refused(copy, folder, DAMAGES[number // 5 % len(DAMAGES)], draw, empty_database)
            found.size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
            shutil.rmtree(folder)
        visitors.stop()
        sharers.stop()
    finally:
        team.end_all()
    found.backup_seconds, found.restore_seconds = statistics.median(took), statistics.median(back)
    found.missing_seconds = max(missing)
    return found


STOPPED = "SELECT id FROM policy_stopswitch WHERE released_at IS NULL AND holds_mail"


def backed_up(environ: Mapping[str, str], place: Path) -> Path:
    """Take a backup and give its folder."""
    done = call(environ, "backup", str(place))
    if done.returncode:
        raise RuntimeError(done.stderr)
    return Path(done.stdout.rpartition("Complete: ")[2].splitlines()[0])


def call(environ: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the installation."""
    command = [sys.executable, "-m", "vocero", *words]
    return subprocess.run(command, env=dict(environ), cwd=ROOT, check=False, capture_output=True, text=True)


def is_refused(
    copy: Mapping[str, str], folder: Path, damage: str, draw: random.Random, empty_database: Callable[[], str] | None
) -> bool:
    """Damage a backup, and say whether it is refused before anything is changed."""
    shutil.rmtree(copy["VOCERO_DATA"])
    environ = dict(copy) | ({"DATABASE_URL": empty_database()} if empty_database else {})
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.stat().st_size > 100)
    victim = folder / "manifest.json" if damage == "the manifest cut off" else draw.choice(files)
    if damage == "a file gone":
        victim.unlink()
    elif damage == "a byte changed":
        held = bytearray(victim.read_bytes())
        held[draw.randrange(len(held))] ^= 1
        victim.write_bytes(held)
    else:
        os.truncate(victim, draw.randrange(victim.stat().st_size))
    done = call(environ, "restore", str(folder))
    return (
        done.returncode != 0
        and "Traceback" not in done.stderr
        and not list(Path(environ["VOCERO_DATA"]).glob("*.sqlite3"))
    )


def on_sqlite(folder: Path, faults: int, seed: int) -> Finding:
    """O1: backups under clicks and shares on SQLite, each restored, counted and stopped; damaged ones refused."""
    data = folder / "data"
    data.mkdir()
    return _finding(drill(data, counting.clean_environ(data), backups=faults, seed=seed))


def on_postgresql(folder: Path, faults: int, seed: int) -> Finding:
    """O1: the same on PostgreSQL with its own pg_dump."""
    data = folder / "data"
    data.mkdir()
    cluster = Cluster()
    cluster.start()
    try:
        environ = on_cluster(cluster, data)
        return _finding(
            drill(data, environ, backups=faults, seed=seed, empty_database=lambda: cluster.make_database("copy"))
        )
    finally:
        cluster.remove()


def on_cluster(cluster: Cluster, data: Path) -> dict[str, str]:
    """The environment of an installation on a cluster, with that version's programs first."""
    environ = counting.clean_environ(data, DATABASE_URL=cluster.url)
    return environ | {"PATH": f"{cluster.programs}{os.pathsep}{environ['PATH']}"}


def _finding(outcome: Outcome) -> Finding:
    figures = vars(outcome) | {
        "rpo_seconds_at_worst": round(outcome.missing_seconds, 2),
        "rto_seconds": round(outcome.restore_seconds, 2),
        "backup_seconds": round(outcome.backup_seconds, 2),
    }
    return Finding(outcome.is_right, figures)

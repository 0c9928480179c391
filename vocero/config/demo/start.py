"""`vocero demo`: makes the demo once, behind a page that answers at once, and then serves it."""

import json
import os
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

from vocero.config import supervisor, waiting
from vocero.config.environment import Environment

FOLDER: Final = "./.demo"
MARKER: Final = "demo.json"
PROGRESS: Final = "progress.json"
WAITING_PID: Final = "DEMO_WAITING_PID"
"""Set by `./run`, which shows the waiting page before anything is installed."""


class NotADemo(Exception):
    """The data folder holds something else than a demo."""


def make_ready(told: Environment, *, fresh: bool) -> int:
    """Make the demo unless it is there; gives the exit status of what failed, or 0. Raises NotADemo."""
    marker = told.data / MARKER
    if told.data.exists() and not marker.exists() and (told.data / "vocero.sqlite3").exists():
        raise NotADemo(str(told.data))
    state = _read(marker)
    if state.get("made") and not fresh:
        _stop_waiting(_waiting_pid())
        return 0
    _empty(told)
    marker.write_text(json.dumps({"made": False}))
    progress = told.data / PROGRESS
    waiting.write(str(progress), "database")
    pid = _waiting_pid() or _show_waiting(told, progress)
    try:
        status = subprocess.call(supervisor.command("prepare")) or subprocess.call(supervisor.command("build_demo"))
    finally:
        _stop_waiting(pid)
    if status == 0:
        marker.write_text(json.dumps({"made": True}))
    return status


def sign_in_lines(told: Environment) -> list[str]:
    """Give the lines that the console shows: one link for each role."""
    import django

    django.setup()
    from vocero.web.public.demo import demo_members, sign_in_path

    names = {"advocate": "as an advocate", "manager": "as a manager", "owner": "as the owner"}
    return [f"  {names[member.role]:16} {told.base_url}{sign_in_path(member)}" for member in demo_members()]


def _read(marker: Path) -> dict[str, bool]:
    try:
        found: dict[str, bool] = json.loads(marker.read_text())
    except (OSError, ValueError):
        return {}
    return found


def _empty(told: Environment) -> None:
    """Take away an unfinished or old demo, but never the secrets: sign-in links of the console go on working."""
    told.data.mkdir(parents=True, exist_ok=True)
    for path in told.data.iterdir():
        if path.name in {"secret-key", "keys", PROGRESS}:
            continue
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()


def _waiting_pid() -> int | None:
    given = os.environ.pop(WAITING_PID, "")
    return int(given) if given.isdecimal() else None


def _show_waiting(told: Environment, progress: Path) -> int:
    words = [sys.executable, waiting.__file__, told.host, str(told.port), str(progress)]
    return subprocess.Popen(words, stdin=subprocess.DEVNULL).pid


def _stop_waiting(pid: int | None) -> None:
    if pid is None:
        return
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    with suppress(ChildProcessError):
        os.waitpid(pid, 0)

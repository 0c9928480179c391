"""The README's first command on a fresh copy of the sources: `./run demo`, again, and afresh."""

import contextlib
import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.running import ROOT, free_port, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.once]

READY_WITHIN = 300.0
"""Patience for a busy machine; how fast it is on a quiet one is measured by `./run bench start`."""


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files that a clone has, and nothing that was installed or made."""
    folder = tmp_path_factory.mktemp("clone")
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        source, copy = ROOT / name, folder / name
        if source.is_file():
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(source.read_bytes())
            copy.chmod(source.stat().st_mode)
    return folder


@contextlib.contextmanager
def demo(clone: Path, port: int, *words: str) -> Iterator[Path]:
    """`./run demo` with its console in a file; ended as by Ctrl-C, by the id that was started."""
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("VOCERO_", "DJANGO_", "DATABASE_"))
    }
    console = clone.parent / f"console-{len(list(clone.parent.iterdir()))}"
    with console.open("wb") as file:
        process = subprocess.Popen(
            ["./run", "demo", "--port", str(port), *words],
            cwd=clone,
            env=kept,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    try:
        yield console
        assert process.poll() is None, console.read_text()[-2000:]
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(60)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def answer(url: str) -> httpx2.Response | None:
    with contextlib.suppress(httpx2.HTTPError):
        return httpx2.get(url, timeout=30)
    return None


def is_made(marker: Path) -> bool | None:
    """Whether the demo's marker says that all is made; None while the marker is away or being written."""
    with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
        return bool(json.loads(marker.read_text())["made"])
    return None


def number_of(file: Path) -> int:
    """The file's number on its disk, 0 while it is away."""
    with contextlib.suppress(FileNotFoundError):
        return file.stat().st_ino
    return 0


def is_ready(url: str) -> bool:
    told = answer(url + "/readyz")
    return told is not None and told.status_code == 200


def test_the_demo_answers_at_once_gets_ready_goes_on_and_starts_over(clone: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    database, marker = clone / ".demo" / "vocero.sqlite3", clone / ".demo" / "demo.json"

    with demo(clone, port) as console:
        wait_for(lambda: answer(url + "/"), what=f"the waiting page ({console})")
        assert not database.exists(), "the page is there before anything is made"
        page = answer(url + "/")
        assert page is not None
        assert "Vocero is getting ready" in page.text
        assert "Installing what it needs" in page.text
        assert not is_ready(url)
        wait_for(lambda: "Sign in with one click" in console.read_text(), seconds=READY_WITHIN, what=str(console))
        wait_for(lambda: is_ready(url), what="/readyz")
        links = re.findall(r"  as (?:an advocate|a manager|the owner) +(\S+)", console.read_text())
        assert len(links) == 3
        places = []
        for link in links:
            with httpx2.Client(follow_redirects=True, timeout=60) as visitor:
                told = visitor.get(re.sub(r"^http://[^/]+", url, link))
                assert told.status_code == 200
                places.append(told.url.path)
        assert places == ["/today", "/manage/", "/manage/"]
    made = database.stat().st_ino, marker.stat().st_mtime_ns
    assert json.loads(marker.read_text()) == {"made": True}

    with demo(clone, port) as console:
        wait_for(lambda: is_ready(url), what=f"the second start ({console})")
        assert (database.stat().st_ino, marker.stat().st_mtime_ns) == made

    with demo(clone, port, "--fresh") as console:
        wait_for(lambda: is_made(marker) is False, what=f"a fresh one ({console})")
        wait_for(lambda: number_of(database) != made[0], what="the old demo to go")

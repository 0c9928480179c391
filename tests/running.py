"""A whole Vocero of its own for a test: real processes, a data folder, a database; ended by the pids it started."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

ROOT = Path(__file__).resolve().parent.parent
_PATIENCE = 60.0
_template = threading.Lock()


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def wait_for(condition: object, *, seconds: float = _PATIENCE, what: str = "it") -> None:
    """Ask again and again until the condition (a function) gives something true; fails the test when it never does."""
    pause = threading.Event()
    for _ in range(int(seconds / 0.05)):
        if condition():  # type: ignore[operator]
            return
        pause.wait(0.05)
    raise AssertionError(f"waited {seconds:.0f} s for {what}")


@dataclass
class Running:
    """One `vocero serve`, reached at `url`; further commands run in the same installation with `run`."""

    data: Path
    url: str
    environ: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = None
    arguments: list[str] = field(default_factory=list)

    def run(self, *words: str, **options: object) -> subprocess.CompletedProcess[str]:
        """Run a command of this installation and give what it wrote."""
        return subprocess.run(  # type: ignore[call-overload,no-any-return]
            [sys.executable, "-m", "vocero", *words],
            env=self.environ,
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            **options,
        )

    def start(self) -> None:
        """Start the server and wait until it can serve."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "vocero", "serve", *self.arguments],
                env=self.environ,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        wait_for(self.is_ready, what=f"{self.url}/readyz ({self.log})")

    def is_ready(self) -> bool:
        """Whether it can serve."""
        if self.process is not None and self.process.poll() is not None:
            raise AssertionError(f"vocero serve ended with {self.process.returncode}: {self.log.read_text()[-2000:]}")
        with contextlib.suppress(httpx2.HTTPError):
            return httpx2.get(self.url + "/readyz", timeout=10).status_code == 200
        return False

    def children(self) -> dict[str, int]:
        """The pids of the processes right below the server, by what they do."""
        assert self.process is not None
        found = {}
        for pid in _children(self.process.pid):
            line = _line(pid)
            name = next((name for name in ("wsgi", "rsgi", "worker", "ingest", "prepare") if f" {name}" in line), line)
            found[name] = pid
        return found

    def tree(self) -> list[int]:
        """The pids of the server and of everything below it."""
        assert self.process is not None
        return self.below(self.process.pid)

    @staticmethod
    def below(pid: int) -> list[int]:
        """The pids of a process and of everything below it."""
        found = [pid]
        for one in found:
            found += _children(one)
        return found

    def stop(self) -> None:
        """End the server as an operator does."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(_PATIENCE)
            except subprocess.TimeoutExpired:
                for pid in reversed(self.tree()):
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGKILL)
                self.process.wait()
                raise AssertionError("vocero serve did not end") from None
        self.process = None


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return []


def _line(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def is_alive(pid: int) -> bool:
    """Whether a process runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def prepared_database(folder: Path) -> None:
    """Put a SQLite file with all migrations, and the collected static files, into a data folder; made once a run."""
    with _template:
        made = Path(tempfile.gettempdir()) / f"vocero-test-prepared-{os.getpid()}"
        if not made.exists():
            draft = made.with_suffix(".new")
            subprocess.run(
                [sys.executable, "-m", "vocero", "prepare"],
                env=_environ(draft, 1),
                cwd=ROOT,
                check=True,
                capture_output=True,
                timeout=120,
            )
            draft.rename(made)
    for name in ("vocero.sqlite3", "static"):
        (shutil.copytree if (made / name).is_dir() else shutil.copy2)(made / name, folder / name)


def forget_prepared_database() -> None:
    """Remove what `prepared_database` made for this process."""
    shutil.rmtree(Path(tempfile.gettempdir()) / f"vocero-test-prepared-{os.getpid()}", ignore_errors=True)


def _environ(data: Path, port: int) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("VOCERO_") and name != "DATABASE_URL"
    }
    return kept | {
        "VOCERO_DATA": str(data),
        "VOCERO_PORT": str(port),
        "VOCERO_BASE_URL": f"http://127.0.0.1:{port}",
        "VOCERO_NODE": "test",
    }


@contextlib.contextmanager
def installation(folder: Path, *arguments: str, start: bool = True, **settings: str) -> Iterator[Running]:
    """An installation in a folder, with more settings by name; started unless told otherwise, ended in any case.

    With `DATABASE_URL` among the settings it uses that database, else a SQLite file with all migrations.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    if "DATABASE_URL" not in settings:
        prepared_database(folder)
    running = Running(
        data=folder,
        url=f"http://127.0.0.1:{port}",
        environ=_environ(folder, port) | settings,
        log=folder / "serve.log",
        arguments=list(arguments),
    )
    try:
        if start:
            running.start()
        yield running
    finally:
        running.stop()

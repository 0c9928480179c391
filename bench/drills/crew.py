"""The processes of one installation, each killable on its own: started, killed by the pids started here, started again."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def free_port() -> int:
    """Give a port of this machine that nobody listens on now."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def listens(port: int) -> bool:
    """Say whether somebody listens on a port of this machine."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def wait_for(port: int, seconds: float = 60) -> None:
    """Wait until somebody listens on a port of this machine. Raises RuntimeError."""
    deadline = time.monotonic() + seconds
    while not listens(port):
        if time.monotonic() > deadline:
            raise RuntimeError(f"nobody listens on port {port}")
        time.sleep(0.05)


class Crew:
    """Processes by name. Each is a session of its own, so that it is killed together with what it started."""

    def __init__(self, environ: Mapping[str, str], log: Path) -> None:
        self.environ = dict(environ)
        self.ports: dict[str, int] = {}
        self._log = log
        self._commands: dict[str, list[str]] = {}
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def add(self, name: str, command: list[str], port: int | None = None) -> None:
        """Start a process under a name."""
        self._commands[name] = command
        if port is not None:
            self.ports[name] = port
        self.start(name)

    def start(self, name: str) -> None:
        """Start a process (again)."""
        with self._log.open("ab") as log:
            self._running[name] = subprocess.Popen(
                self._commands[name],
                env=self.environ,
                cwd=ROOT,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self, name: str) -> None:
        """Kill a process and everything it started, at once: kill -9."""
        process = self._running.pop(name)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def end(self, name: str) -> None:
        """End a process as an operator does."""
        process = self._running.pop(name)
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def pid(self, name: str) -> int:
        """Give the pid of a process."""
        return self._running[name].pid

    def names(self) -> list[str]:
        """Give who is running."""
        return list(self._running)

    def wait_until_answering(self, name: str, seconds: float = 60) -> None:
        """Wait until a process listens on its port."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if listens(self.ports[name]):
                return
            if self._running[name].poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"{name} does not answer; see {self._log}:\n{self._log.read_text()[-2000:]}")

    def end_all(self) -> None:
        """End whatever still runs."""
        for name in self.names():
            self.kill(name)


def links(port: int, *, application: str = "vocero.config.links:application") -> list[str]:
    """Give the command of a links process."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "rsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1", "--http", "1", "--no-ws", "--log-level", "warning", application),
    ]


def single_port(port: int) -> list[str]:
    """Give the command of the pages that answer links too."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1", "--blocking-threads", "16", "--http", "1", "--no-ws", "--log-level", "warning"),
        "vocero.config.wsgi:application",
    ]


def ingest() -> list[str]:
    """Give the command of the ingest."""
    return [sys.executable, "-m", "vocero", "ingest"]

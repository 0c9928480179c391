"""O3: hundreds of clients send their head or body, or read, a byte at a time; others are answered all the same."""

import contextlib
import http.client
import re
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from bench.drills import counting, crew
from bench.drills.crew import ROOT, Crew
from bench.drills.finding import Finding
from bench.drills.visitors import Visitors
from bench.tools import where

GUIDE = ROOT / "docs" / "operate" / "https.md"
MOST_MS = 500
_NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 768; }}
http {{
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
{server}
}}
"""
_HEAD = b"GET /l/aaaaaaaaaaa HTTP/1.1\r\nHost: voices.example.com\r\nX-Slow: "
# A form whose senders show everything that the server asks for before it reads it.
_BODY = (
    b"POST /sign-in HTTP/1.1\r\nHost: voices.example.com\r\nOrigin: https://voices.example.com\r\nX-Forwarded-Proto: https\r\n"
    b"Cookie: csrftoken="
    + b"a" * 32
    + b"\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\na="
)
_READ = "GET {} HTTP/1.1\r\nHost: voices.example.com\r\n\r\n"


@dataclass(frozen=True)
class Outcome:
    """How others were answered meanwhile: milliseconds of the slowest hundredth, and how many were not answered at all."""

    slow: int
    behind_proxy: bool
    clicks: int
    pages: int
    p99_ms_links: float
    p99_ms_pages: float
    not_answered: int
    pages_not_answered: int

    @property
    def links_held(self) -> bool:
        """Whether every visitor of a link was sent on in time."""
        return self.clicks > 0 and self.p99_ms_links <= MOST_MS and not self.not_answered

    @property
    def held(self) -> bool:
        """Whether pages were there in time, too."""
        return self.links_held and self.pages > 0 and not self.pages_not_answered and self.p99_ms_pages <= MOST_MS


class Slow:
    """Clients that take their time, on the ports given in turn; those that the server sends away come again."""

    def __init__(self, ports: list[int], many: int, *, large: str) -> None:
        self._words = [_HEAD, _BODY, _READ.format(large).encode()]
        self._stopped = threading.Event()
        self._ports = ports
        self._doors: list[socket.socket | None] = [None] * many
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Go away, all of them."""
        self._stopped.set()
        self._thread.join(30)

    def _run(self) -> None:
        while not self._stopped.wait(0.5):
            for number, door in enumerate(self._doors):
                self._doors[number] = self._step(number, door)
        for door in self._doors:
            if door is not None:
                door.close()

    def _step(self, number: int, door: socket.socket | None) -> socket.socket | None:
        kind = number % 3
        try:
            if door is None:
                door = socket.socket()
                door.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
                door.settimeout(2)
                door.connect(("127.0.0.1", self._ports[number // 3 % len(self._ports)]))
                door.sendall(self._words[kind])
                door.setblocking(False)
            elif kind < 2:
                door.send(b"a")
        except BlockingIOError:
            return door
        except OSError:
            if door is not None:
                door.close()
            return None
        return door


@dataclass
class Readers:
    """People who open a page, one after the other."""

    port: int
    seconds: list[float] = field(default_factory=list)
    not_answered: int = 0

    def __post_init__(self) -> None:
        self._stopped = threading.Event()
        self._threads = [threading.Thread(target=self._read, daemon=True) for _ in range(2)]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let everybody read their last page."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(30)

    def _read(self) -> None:
        while not self._stopped.wait(0.02):
            begun = time.monotonic()
            door = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
            try:
                door.request("GET", "/privacy", headers={"Host": "voices.example.com", "X-Forwarded-Proto": "https"})
                answer = door.getresponse()
                answer.read()
                self.not_answered += answer.status >= 500
            except (OSError, http.client.HTTPException):
                self.not_answered += 1
            self.seconds.append(time.monotonic() - begun)
            door.close()


def drill(folder: Path, *, slow: int, seconds: float, behind_proxy: bool = True) -> Outcome:
    """Keep slow clients at pages and links, behind the proxy of the operating guide or without one, and time the others."""
    data = folder / "data"
    data.mkdir(parents=True)
    pages, links = crew.free_port(), crew.free_port()
    environ = counting.clean_environ(
        data, VOCERO_PORT=str(pages), VOCERO_BASE_URL="https://voices.example.com", VOCERO_TRUSTED_PROXIES="1"
    )
    tokens = counting.prepare(environ, 20)
    team = Crew(environ, folder / "drill.log")
    try:
        team.add("serve", [sys.executable, "-m", "vocero", "serve", "--links-port", str(links)], pages)
        team.wait_until_answering("serve")
        crew.wait_for(links)
        with _proxy(folder, pages, links) if behind_proxy else contextlib.nullcontext([pages, links]) as ports:
            counting.make_known(ports[-1], tokens)
            crowd = Slow(ports, slow, large=_large(ports[0]))
            time.sleep(2)
            visitors = Visitors([ports[-1]], tokens, threads=4, pause=0.005)
            readers = Readers(ports[0])
            time.sleep(seconds)
            visitors.stop()
            readers.stop()
            crowd.stop()
    finally:
        team.end_all()
    wrong = visitors.failures + sum(visitors.others.values()) + len(visitors.marked)
    pages_wrong = readers.not_answered
    return Outcome(
        slow,
        behind_proxy,
        len(visitors.acknowledged),
        len(readers.seconds) - pages_wrong,
        _p99_ms(visitors.seconds),
        max(_p99_ms(readers.seconds), 5000.0 if pages_wrong else 0.0),
        wrong,
        pages_wrong,
    )


def guide_server(port: int, pages: int, links: int, guide: str) -> str:
    """Give the server of the operating guide's nginx configuration, on another port and without its certificate."""
    section = guide[guide.index("## nginx") :]
    server = section[section.index("    server {") : section.index("    server {\n        listen 80;")]
    server = re.sub(r"listen 443 ssl;", f"listen 127.0.0.1:{port};", server)
    server = re.sub(r" *ssl_certificate.*\n", "", server)
    return server.replace("127.0.0.1:8000", f"127.0.0.1:{pages}").replace("127.0.0.1:8001", f"127.0.0.1:{links}")


@contextlib.contextmanager
def _proxy(folder: Path, pages: int, links: int) -> Iterator[list[int]]:
    place, port = folder / "proxy", crew.free_port()
    place.mkdir()
    conf = place / "nginx.conf"
    conf.write_text(_NGINX.format(folder=place, server=guide_server(port, pages, links, GUIDE.read_text())))
    proxy = subprocess.Popen(
        [where("nginx") or "nginx", "-p", str(place), "-c", str(conf), "-e", str(place / "error.log")]
    )
    try:
        crew.wait_for(port)
        yield [port]
    finally:
        proxy.terminate()
        proxy.wait(20)


def _large(port: int) -> str:
    """Give the path of a file of some size that pages bring along."""
    door = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    door.request("GET", "/privacy", headers={"Host": "voices.example.com", "X-Forwarded-Proto": "https"})
    found: list[str] = re.findall(
        r'(?:href|src)="(/static/[^"]+\.(?:css|js|woff2))"', door.getresponse().read().decode()
    )
    sizes = {}
    for path in found:
        door.request("GET", path, headers={"Host": "voices.example.com", "X-Forwarded-Proto": "https"})
        sizes[path] = len(door.getresponse().read())
    door.close()
    return max(sizes, key=lambda path: sizes[path])


def _p99_ms(seconds: list[float]) -> float:
    return statistics.quantiles(seconds, n=100)[98] * 1000 if len(seconds) > 1 else 1e6


def long(folder: Path, faults: int, seed: int) -> Finding:
    """O3: slow heads, bodies and readers, so many as faults are asked for, behind the guide's nginx and without a proxy."""
    behind = drill(folder / "behind", slow=faults, seconds=30)
    without = drill(folder / "without", slow=faults, seconds=15, behind_proxy=False)
    return Finding(behind.held and without.links_held, {"behind": asdict(behind), "without": asdict(without)})

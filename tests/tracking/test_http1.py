"""The links process speaks HTTP/1 strictly: whole requests in their order, nothing doubtful, nobody kept waiting by others."""

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench.drills import counting, crew
from bench.drills.crew import ROOT
from tests.running import prepared_database
from tests.tracking.clicking import CHROME
from vocero.tracking.links import front_http
from vocero.tracking.links.front_http import Connection
from vocero.tracking.links.http1 import MOST_HEAD, BadRequest, read_head
from vocero.tracking.segment import SegmentReader, segments_in

HEAD = "Host: links.example\r\nUser-Agent: " + CHROME + "\r\n"

DOUBTFUL = {
    "a line ends without a carriage return": b"GET / HTTP/1.1\r\nHost: a\nX: b\r\n\r\n",
    "a carriage return alone": b"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n",
    "a zero byte": b"GET / HTTP/1.1\r\nHost: a\0b\r\n\r\n",
    "a header over two lines": b"GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n",
    "a space before the colon": b"GET / HTTP/1.1\r\nHost : a\r\n\r\n",
    "a header without a colon": b"GET / HTTP/1.1\r\nHost\r\n\r\n",
    "a header without a name": b"GET / HTTP/1.1\r\nHost: a\r\n: b\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\nX: a\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    "two lengths": b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nContent-Length: 5\r\n\r\n",
    "two spaces": b"GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
    "no version": b"GET /\r\nHost: a\r\n\r\n",
    "another protocol": b"GET / SIP/2.0\r\nHost: a\r\n\r\n",
    "a strange method": b"G(T / HTTP/1.1\r\nHost: a\r\n\r\n",
}


class Client:
    """A connection to the links process."""

    def __init__(self, port: int) -> None:
        self.door = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.read = self.door.makefile("rb")

    def send(self, text: str | bytes) -> None:
        self.door.sendall(text.encode() if isinstance(text, str) else text)

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """Read one answer; gives 0 when the server has closed."""
        line = self.read.readline()
        if not line:
            return 0, {}, b""
        headers = {}
        while (header := self.read.readline().decode().strip()) != "":
            name, _, value = header.partition(": ")
            headers[name] = value
        return int(line.split()[1]), headers, self.read.read(int(headers["content-length"]))


class Serving:
    """A links process with an installation and three links."""

    def __init__(self, data: Path) -> None:
        data.mkdir()
        prepared_database(data)
        self.environ = counting.clean_environ(data)
        self.tokens = counting.prepare(self.environ, 3)
        self.segments = data / "segments"
        self.port = crew.free_port()
        self.process = subprocess.Popen(crew.links(self.port), env=self.environ, cwd=ROOT, stdin=subprocess.DEVNULL)
        crew.wait_for(self.port)

    def ask(self, number: int = 0, *, more: str = "", method: str = "GET") -> str:
        return f"{method} /l/{self.tokens[number]} HTTP/1.1\r\n{HEAD}{more}\r\n"

    def stored(self) -> int:
        found = 0
        for path in segments_in(self.segments):
            with SegmentReader(path) as reader:
                found += len(reader.read(0).records)
        return found


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    made = Serving(tmp_path_factory.mktemp("http1") / "data")
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()


@pytest.mark.parametrize("why", DOUBTFUL)
def test_what_could_be_read_in_two_ways_is_refused_and_its_connection_closed(serving: Serving, why: str) -> None:
    client = Client(serving.port)
    client.send(DOUBTFUL[why] + serving.ask().encode())
    status, headers, _ = client.answer()
    assert (status, headers["connection"]) == (400, "close")
    assert client.answer()[0] == 0


def test_a_version_that_nobody_speaks_here_is_refused(serving: Serving) -> None:
    client = Client(serving.port)
    client.send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert client.answer()[0] == 505
    assert client.answer()[0] == 0


@pytest.mark.parametrize("length", ["Content-Length: {}", "Transfer-Encoding: chunked", "Content-Length: 0{}"])
@pytest.mark.parametrize(("method", "status"), [("GET", 302), ("POST", 405)])
def test_a_body_is_never_taken_for_a_request(serving: Serving, method: str, status: int, length: str) -> None:
    hidden = serving.ask(1)
    client = Client(serving.port)
    client.send(serving.ask(method=method, more=length.format(len(hidden)) + "\r\n") + hidden)
    told = client.answer()
    assert (told[0], told[1]["connection"]) == (status, "close")
    assert client.answer()[0] == 0


def test_a_head_that_is_too_long_is_refused(serving: Serving) -> None:
    client = Client(serving.port)
    client.send(serving.ask(more="X: " + "a" * MOST_HEAD + "\r\n"))
    assert client.answer()[0] == 431
    assert client.answer()[0] == 0


def test_requests_sent_at_once_are_answered_in_their_order(serving: Serving) -> None:
    client = Client(serving.port)
    unknown = f"GET /l/AAAAAAAAAAA HTTP/1.1\r\n{HEAD}\r\n"
    head = serving.ask(1, method="HEAD")
    client.send((serving.ask(0) + unknown + head + serving.ask(2)) * 20)
    for _ in range(20):
        assert [client.answer()[0] for _ in range(2)] == [302, 404]
        assert (status := client.answer())[0] == 302, status
        assert client.answer()[0] == 302


def test_who_has_said_everything_is_answered_and_left(serving: Serving) -> None:
    client = Client(serving.port)
    client.send(serving.ask(0) * 3)
    client.door.shutdown(socket.SHUT_WR)
    assert [client.answer()[0] for _ in range(4)] == [302, 302, 302, 0]


def test_a_request_may_come_a_byte_at_a_time_and_a_connection_is_used_again(serving: Serving) -> None:
    client = Client(serving.port)
    client.door.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for _ in range(2):
        for letter in serving.ask():
            client.send(letter)
        status, headers, _ = client.answer()
        assert (status, headers.get("connection")) == (302, None)
        assert headers["date"].endswith(" GMT")
        assert headers["location"].startswith("https://")


@pytest.mark.parametrize(
    ("version", "more"), [("1.0", ""), ("1.1", "Connection: close\r\n"), ("1.1", "connection: TE, Close\r\n")]
)
def test_who_wants_one_answer_gets_one(serving: Serving, version: str, more: str) -> None:
    client = Client(serving.port)
    client.send(serving.ask(more=more).replace("HTTP/1.1", f"HTTP/{version}"))
    status, headers, _ = client.answer()
    assert (status, headers["connection"]) == (302, "close")
    assert client.answer()[0] == 0


def test_an_address_may_be_whole_or_have_encoded_letters(serving: Serving) -> None:
    client = Client(serving.port)
    token = serving.tokens[0]
    for target in (f"http://links.example/l/{token}?a", f"/l/%{ord(token[0]):x}{token[1:]}", f"/{token}"):
        client.send(f"GET {target} HTTP/1.1\r\n{HEAD}\r\n")
        assert client.answer()[0] == 302


def test_the_head_of_a_page_is_told_without_the_page(serving: Serving) -> None:
    client = Client(serving.port)
    client.send(f"HEAD /l/AAAAAAAAAAA HTTP/1.1\r\n{HEAD}\r\n" + serving.ask())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client.read.readline()
    assert head.startswith(b"HTTP/1.1 404 ")
    assert b"content-length: 0" not in head
    assert client.answer()[0] == 302


def test_who_asks_without_end_and_reads_nothing_is_held_back_and_nobody_else(serving: Serving) -> None:
    greedy, other = Client(serving.port), Client(serving.port)
    page = f"GET /l/AAAAAAAAAAA HTTP/1.1\r\n{HEAD}\r\n".encode()
    greedy.door.settimeout(1)
    with pytest.raises(TimeoutError):
        greedy.send(page * 100_000)
    other.send(serving.ask())
    assert other.answer()[0] == 302
    greedy.door.settimeout(60)
    for _ in range(4000):
        assert greedy.answer()[0] == 404


def test_a_click_of_somebody_who_goes_away_is_kept(serving: Serving) -> None:
    before = serving.stored()
    for _ in range(5):
        client = Client(serving.port)
        client.send(serving.ask())
        client.read.close()
        client.door.close()
    client = Client(serving.port)
    client.send(serving.ask())
    assert client.answer()[0] == 302
    assert serving.stored() == before + 6


def test_told_to_end_the_process_answers_who_waits_and_keeps_what_it_said(tmp_path: Path) -> None:
    serving = Serving(tmp_path / "data")
    waiting, idle = Client(serving.port), Client(serving.port)
    idle.send(serving.ask())
    assert idle.answer()[0] == 302
    os.kill(serving.process.pid, signal.SIGSTOP)
    waiting.send(serving.ask())
    os.kill(serving.process.pid, signal.SIGTERM)
    os.kill(serving.process.pid, signal.SIGCONT)
    answered = waiting.answer()[0]
    assert idle.answer()[0] == 0
    assert serving.process.wait(60) == 0
    assert serving.stored() == 1 + (answered == 302)


class Still:
    """A transport whose other side does nothing."""

    is_aborted = False
    is_paused = False
    written = b""

    def write(self, data: bytes) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None:
        self.is_paused = True

    def resume_reading(self) -> None:
        self.is_paused = False

    def abort(self) -> None:
        self.is_aborted = True

    def get_extra_info(self, name: str) -> tuple[str, int]:
        return "203.0.113.7", 1


class Nobody:
    """A server that knows no link."""

    def __init__(self) -> None:
        self.connections: set[Any] = set()
        self.loop: Any = self
        self.date = ""
        self.is_ending = False

    def call_soon(self, what: Any) -> None:
        """Nothing comes after this test."""


@pytest.mark.parametrize(
    ("came", "seconds"), [([b"GET / HT", b"TP/1.1\r\n"], front_http.HEAD_SECONDS), ([], front_http.IDLE_SECONDS)]
)
def test_a_head_has_ten_seconds_however_it_trickles_in_and_silence_seventy_five(
    came: list[bytes], seconds: int
) -> None:
    transport: Any = Still()
    server: Any = Nobody()
    connection = Connection(server)
    connection.connection_made(transport)
    for second in range(seconds):
        if second < len(came):
            connection.data_received(came[second])
        connection.grow_older()
    assert not transport.is_aborted
    connection.grow_older()
    connection.grow_older()
    assert transport.is_aborted


def test_who_does_not_read_is_answered_no_more_and_soon_not_read_either() -> None:
    transport: Any = Still()
    server: Any = Nobody()
    connection = Connection(server)
    connection.connection_made(transport)
    connection.pause_writing()
    connection.data_received(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    assert transport.written == b""
    connection.data_received(b"G" * (MOST_HEAD - 100))
    assert not transport.is_paused
    connection.data_received(b"G" * 200)
    assert transport.is_paused
    connection.resume_writing()
    assert transport.written.startswith(b"HTTP/1.1 200 ")


def test_what_comes_while_a_request_is_being_answered_waits_for_its_turn() -> None:
    class Asked(Nobody):
        def known(self, path: str) -> str:
            return "a-token-that-the-database-knows"

        def run_in_executor(self, *_: Any) -> "Asked":
            return self

        def __getattr__(self, name: str) -> Any:
            return lambda *_: ""

    transport: Any = Still()
    server: Any = Asked()
    server.core = server
    connection = Connection(server)
    connection.connection_made(transport)
    connection.data_received(b"GET /l/a HTTP/1.1\r\nHost: a\r\n\r\n")
    connection.data_received(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
    assert transport.written == b""


def test_headers_that_come_twice_are_one_list() -> None:
    head = b"GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\nx-forwarded-for:\t192.0.2.2 "
    assert read_head(head).headers["x-forwarded-for"] == "192.0.2.1,192.0.2.2"


def test_names_that_nobody_uses_do_not_fill_the_memory() -> None:
    from vocero.tracking.links import http1

    for number in range(3000):
        read_head(b"GET / HTTP/1.1\r\nHost: a\r\nX-%d: b" % number)
    assert len(http1._names) <= 500
    with pytest.raises(BadRequest):
        read_head(b"GET / HTTP/1.1\r\nHost: a\r\nX-1 : b")

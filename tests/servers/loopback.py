"""A small HTTP server on loopback whose every answer a test decides, down to broken bytes."""

import json
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Received:
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = field(repr=False)

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.target).query).items()}

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return {name: values[-1] for name, values in parse_qs(self.body.decode(), keep_blank_values=True).items()}


@dataclass(frozen=True)
class Reply:
    """An answer to give; `raw` goes out as it is, instead of everything else."""

    status: int = 200
    body: bytes | str | dict[str, Any] | list[Any] = b""
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None

    def encoded(self) -> bytes:
        if self.raw is not None:
            return self.raw
        headers = dict(self.headers)
        if isinstance(self.body, dict | list):
            body = json.dumps(self.body).encode()
            headers.setdefault("Content-Type", "application/json")
        else:
            body = self.body.encode() if isinstance(self.body, str) else self.body
        headers.setdefault("Content-Length", str(len(body)))
        headers.setdefault("Connection", "close")
        lines = [f"HTTP/1.1 {self.status} Status", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
        return "\r\n".join(lines).encode() + body


type Behavior = Callable[[Received, "Line"], Reply | None]


class Line:
    """The open connection, for behaviors that send something else than a reply and then return None."""

    def __init__(self, connection: socket.socket, stopping: threading.Event) -> None:
        self.connection = connection
        self.stopping = stopping

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def reset(self) -> None:
        """Break the connection with RST."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self.connection.close()

    def wait(self, seconds: float = 60) -> bool:
        """Keep the line open until the server stops or the time is over; says whether the server stops."""
        return self.stopping.wait(seconds)


class LoopbackServer:
    """Listens on a free port of 127.0.0.1 from entering the block to leaving it; remembers what arrived."""

    def __init__(self, behavior: Behavior, *, tls: ssl.SSLContext | None = None) -> None:
        self.behavior = behavior
        self.received: list[Received] = []
        self.connections = 0
        self._tls = tls
        self._stopping = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._socket.getsockname()[1]
        self.place = f"127.0.0.1:{self.port}"
        self.url = f"{'https' if tls else 'http'}://{self.place}"
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _accept(self) -> None:
        while not self._stopping.is_set():
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with connection:
                connection.settimeout(30)
                request = _read(connection)
                if request is None:
                    return
                self.received.append(request)
                reply = self.behavior(request, Line(connection, self._stopping))
                if reply is not None:
                    connection.sendall(reply.encoded())
        except OSError:
            pass


def _read(connection: socket.socket) -> Received | None:
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return None
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    length = int(headers.get("content-length", "0"))
    while len(body) < length:
        chunk = connection.recv(65536)
        if not chunk:
            return None
        body += chunk
    if headers.get("transfer-encoding") == "chunked":
        body = _unchunked(connection, body)
    method, target, _ = first.split(" ", 2)
    return Received(method, target, headers, body)


def _unchunked(connection: socket.socket, data: bytes) -> bytes:
    while b"0\r\n\r\n" not in data:
        data += connection.recv(65536)
    whole = b""
    while data:
        size, _, data = data.partition(b"\r\n")
        count = int(size, 16)
        if not count:
            break
        whole, data = whole + data[:count], data[count + 2 :]
    return whole

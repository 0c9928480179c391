"""The only door out: one function that calls other servers, and only public ones, within limits."""

import ipaddress
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpcore2
import httpx2
from django.conf import settings

from vocero.lib.addresses import USUAL_PORTS, BadAddress, Target, ascii_host, check_url, is_public
from vocero.lib.decoding import Decoder, Undecodable

MEBIBYTE = 1024 * 1024
MOST_REDIRECTS = 3
AGENT = "Mozilla/5.0 (compatible; Vocero)"
_CONNECT_SECONDS = 4.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})

type Resolver = Callable[[str, int], list[str]]
type FileField = tuple[str, bytes, str]


class CallFailed(Exception):
    """No usable answer; `reason` is a short word for logs and states, without address or content."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotSent(CallFailed):
    """Certainly nothing of the request left: refused by our rules, name not found, no connection, no TLS."""


class Forbidden(NotSent):
    """The address is one that we never call."""


class NoAnswer(CallFailed):
    """The first byte had left when it failed: whether the other side acted is unclear."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `body` is decoded, `url` is where it came from, `moved` the redirects followed (status, target)."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    url: str
    moved: tuple[tuple[int, str], ...] = ()

    @property
    def ok(self) -> bool:
        """Whether the status is a success (2xx)."""
        return 200 <= self.status < 300

    def header(self, name: str) -> str:
        """Give a header by its name in any case; an empty text when there is none."""
        return self.headers.get(name.lower(), "")

    def text(self) -> str:
        """Give the body as UTF-8 text; wrong bytes become replacement characters."""
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """Give the body read as JSON. Raises ValueError."""
        try:
            return json.loads(self.body)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error


@dataclass(frozen=True, slots=True)
class Call:
    """A request to make; `json`, `form`, `content` and `files` are alternatives (`files` may go with `form`)."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    params: Mapping[str, str | Sequence[str]] | None = None
    json: Any = field(default=None, repr=False)
    form: Mapping[str, str | Sequence[str]] | None = field(default=None, repr=False)
    content: bytes | None = field(default=None, repr=False)
    files: Mapping[str, FileField] | None = field(default=None, repr=False)


def fetch(
    url: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    params: Mapping[str, str | Sequence[str]] | None = None,
    json: Any = None,
    form: Mapping[str, str | Sequence[str]] | None = None,
    content: bytes | None = None,
    files: Mapping[str, FileField] | None = None,
    most_bytes: int = 5 * MEBIBYTE,
    seconds: float = 10.0,
    redirects: int = MOST_REDIRECTS,
    operators_own: bool = False,
) -> Answer:
    """Call another server and give its answer, whatever its status.

    Only http(s) by name on ports 80 and 443; every address that the name has must be public, and the connection goes to
    one of the addresses checked. GET and HEAD follow up to three redirects, each checked anew; other methods follow
    none. `most_bytes` limits the body before and after decoding, `seconds` the whole call with all redirects. Proxies
    from the environment are not used. Hosts in the setting VOCERO_ALLOW_PRIVATE_HOSTS may be private, and so may the very place of
    this URL when it is the operator's own setting (`operators_own`): then any port will do, and no redirect is followed.

    Raises Forbidden (an address we never call), NotSent (certainly nothing left) or NoAnswer (unclear).
    """
    call = Call(method.upper(), url, dict(headers or {}), params, json, form, content, files)
    private = (_place_of(url),) if operators_own else _private_hosts()
    followed = 0 if operators_own else redirects
    return _Caller(most_bytes=most_bytes, seconds=seconds, redirects=followed, private_hosts=private).run(call)


def may_call(url: str) -> bool:
    """Say whether the form of a URL lets us call it; nothing is looked up."""
    try:
        check_url(url, private_hosts=_private_hosts())
    except BadAddress:
        return False
    return True


def is_private_host(url: str) -> bool:
    """Say whether the operator allowed this very place though it is private (tests, intranet)."""
    try:
        return check_url(url, private_hosts=_private_hosts()).private
    except BadAddress:
        return False


class _Caller:
    """One call with its deadline and limits, over all redirects."""

    def __init__(self, *, most_bytes: int, seconds: float, redirects: int, private_hosts: tuple[str, ...]) -> None:
        self.most_bytes = most_bytes
        self.private_hosts = private_hosts
        self.deadline = time.monotonic() + seconds
        self.redirects = redirects

    def run(self, call: Call) -> Answer:
        moved: list[tuple[int, str]] = []
        url, headers, params = call.url, dict(call.headers), call.params
        while True:
            answer = self._one(call, url, headers, params)
            location = answer.header("location")
            if (
                call.method not in {"GET", "HEAD"}
                or answer.status not in _REDIRECTS
                or not location
                or not self.redirects
            ):
                return Answer(answer.status, answer.headers, answer.body, answer.url, tuple(moved))
            if len(moved) >= min(self.redirects, MOST_REDIRECTS):
                raise NoAnswer("redirects")
            target = _joined(answer.url, location)
            if _origin(target) != _origin(answer.url):
                headers = {name: value for name, value in headers.items() if name.lower() not in _SECRET_HEADERS}
            moved.append((answer.status, target))
            url, params = target, None

    def _one(self, call: Call, url: str, headers: dict[str, str], params: Any) -> Answer:
        try:
            target = check_url(url, private_hosts=self.private_hosts)
        except BadAddress as error:
            raise Forbidden(str(error)) from None
        wire = _Wire(target, self.deadline)
        try:
            request = httpx2.Request(
                call.method,
                url,
                params=params,
                headers={"User-Agent": AGENT, "Accept-Encoding": "gzip, deflate", **headers, "Connection": "close"},
                json=call.json,
                data=call.form,
                content=call.content,
                files=call.files,
            )
        except (httpx2.InvalidURL, ValueError, TypeError) as error:
            raise Forbidden("malformed") from error
        origin = httpcore2.Origin(target.scheme.encode(), target.host.encode(), target.port)
        with httpcore2.HTTPConnection(origin, ssl_context=_ssl_context(), network_backend=wire) as connection:
            try:
                return self._exchange(connection, request, target)
            except CallFailed:
                raise
            except (httpcore2.TimeoutException, TimeoutError) as error:
                raise (NoAnswer if wire.sent else NotSent)("timeout") from error
            except (httpcore2.NetworkError, httpcore2.ProtocolError, OSError, RuntimeError, ValueError) as error:
                reason = "broken" if wire.sent else "unreachable"
                raise (NoAnswer if wire.sent else NotSent)(reason) from error

    def _exchange(self, connection: httpcore2.HTTPConnection, request: httpx2.Request, target: Target) -> Answer:
        raw = request.url
        wired = httpcore2.Request(
            method=request.method,
            url=httpcore2.URL(
                scheme=target.scheme.encode(), host=target.host.encode(), port=target.port, target=raw.raw_path
            ),
            headers=request.headers.raw,
            content=request.stream,
            extensions={"timeout": {"connect": _CONNECT_SECONDS, "read": None, "write": None, "pool": 1.0}},
        )
        response = connection.handle_request(wired)
        try:
            headers = _plain(response.headers)
            body = b"" if request.method == "HEAD" else self._body(response, headers.get("content-encoding", ""))
        finally:
            response.close()
        return Answer(response.status, headers, body, str(raw))

    def _body(self, response: httpcore2.Response, encoding: str) -> bytes:
        try:
            decoder = Decoder(encoding, self.most_bytes)
            received = 0
            for chunk in response.iter_stream():
                received += len(chunk)
                if received > self.most_bytes:
                    raise NoAnswer("too large")
                decoder.feed(chunk)
        except Undecodable as error:
            raise NoAnswer(error.reason) from error
        return decoder.finish()


class _Wire(httpcore2.NetworkBackend):
    """Connects to a checked address of one target, keeps the deadline and knows whether a byte of the request left."""

    def __init__(self, target: Target, deadline: float) -> None:
        self.target = target
        self.deadline = deadline
        self.sent = False
        self._backend = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        if (host, port) != (self.target.host, self.target.port):
            raise Forbidden("host")
        addresses = _addresses(self.target, self.left())
        for number, address in enumerate(addresses, start=1):
            try:
                stream = self._backend.connect_tcp(address, port, min(_CONNECT_SECONDS, self.left()))
            except (httpcore2.NetworkError, httpcore2.TimeoutException):
                if number == len(addresses):
                    raise
            else:
                return _Stream(stream, self)
        raise NotSent("name not found")

    def connect_unix_socket(self, *args: Any, **kwargs: Any) -> httpcore2.NetworkStream:
        raise Forbidden("host")

    def left(self) -> float:
        """Give the seconds left. Raises TimeoutError when there are none."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Stream(httpcore2.NetworkStream):
    """A connection whose every step ends at the deadline and whose first write is remembered."""

    def __init__(self, inner: httpcore2.NetworkStream, wire: _Wire) -> None:
        self._inner = inner
        self._wire = wire

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, self._wire.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if buffer:
            left = self._wire.left()
            self._wire.sent = True
            self._inner.write(buffer, left)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore2.NetworkStream:
        return _Stream(self._inner.start_tls(ssl_context, server_hostname, self._wire.left()), self._wire)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def resolve(host: str, port: int) -> list[str]:
    """Ask the system's resolver for all addresses of a name. Raises OSError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


# Tests of hostile name servers put their own resolver here.
resolver: Resolver = resolve


def _addresses(target: Target, seconds: float) -> list[str]:
    """Look a name up within the time left and give its addresses, IPv4 first; one forbidden address refuses them all."""
    found: list[str] = []
    failed: list[Exception] = []

    def look_up() -> None:
        try:
            found.extend(resolver(target.host, target.port))
        except (OSError, UnicodeError) as error:
            failed.append(error)

    if _is_literal(target.host):
        look_up()  # nobody is asked, so nothing can take long
    else:
        thread = threading.Thread(target=look_up, name="name look-up", daemon=True)
        thread.start()
        thread.join(seconds)
        if thread.is_alive():
            raise TimeoutError
    if failed or not found:
        raise NotSent("name not found")
    if not target.private and not all(is_public(address) for address in found):
        raise Forbidden("private address")
    return sorted(found, key=lambda address: ":" in address)


def _is_literal(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _private_hosts() -> tuple[str, ...]:
    return tuple(settings.VOCERO_ALLOW_PRIVATE_HOSTS)


def _place_of(url: str) -> str:
    """Give host and port of a URL as the list of private hosts names them; nothing when it has none."""
    try:
        parts = urlsplit(url)
        host = ascii_host(parts.hostname or "")
        return f"{f'[{host}]' if ':' in host else host}:{parts.port or USUAL_PORTS[parts.scheme]}"
    except (ValueError, KeyError):
        return ""


_making_context = threading.Lock()


def _ssl_context() -> ssl.SSLContext:
    with _making_context:  # many first calls at once would each make one
        return _made_context()


@lru_cache(maxsize=1)
def _made_context() -> ssl.SSLContext:
    return httpx2.create_ssl_context(trust_env=True)


def _plain(headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in headers:
        key = name.decode("latin-1").lower()
        text = value.decode("latin-1")
        joined[key] = f"{joined[key]}, {text}" if key in joined else text
    return joined


def _joined(base: str, location: str) -> str:
    try:
        return urljoin(base, location)
    except ValueError:
        raise NoAnswer("redirects") from None


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc.lower()

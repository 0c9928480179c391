"""The only door out, driven against hostile servers and name servers on loopback."""

import gzip
import ssl
import subprocess
import time
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.servers.loopback import Line, LoopbackServer, Received, Reply
from vocero.lib import http
from vocero.lib.http import Forbidden, NoAnswer, NotSent, fetch


@pytest.fixture
def sink() -> Iterator[LoopbackServer]:
    """A private server that nothing may ever reach."""
    with LoopbackServer(lambda request, line: Reply(200, "secret")) as server:
        yield server
        assert server.connections == 0


def allow(settings: Settings, *servers: LoopbackServer) -> None:
    settings.VOCERO_ALLOW_PRIVATE_HOSTS = tuple(server.place for server in servers)


def names(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """A name server that gives these answers in turn; the list it returns fills with the names asked for."""
    asked: list[str] = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return answers[min(len(asked), len(answers)) - 1]

    monkeypatch.setattr(http, "resolver", resolver)
    return asked


def test_gives_the_answer_of_an_allowed_server(settings: Settings) -> None:
    with LoopbackServer(lambda request, line: Reply(201, {"got": request.json()}, {"X-One": "1"})) as server:
        allow(settings, server)
        answer = fetch(server.url + "/a", method="post", json={"ł": 1}, params={"q": "ż ó"})
    assert (answer.status, answer.ok, answer.json(), answer.header("x-ONE")) == (201, True, {"got": {"ł": 1}}, "1")
    assert server.received[0].query == {"q": "ż ó"}
    assert server.received[0].headers["host"] == server.place


def test_a_name_that_leads_inside_is_refused(monkeypatch: pytest.MonkeyPatch, sink: LoopbackServer) -> None:
    for inside in (
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "64:ff9b::7f00:1",
        "fe80::1%lo",
    ):
        names(monkeypatch, [inside])
        with pytest.raises(Forbidden):
            fetch("http://rebind.example/")


def test_one_inside_address_among_public_ones_refuses_the_name(
    monkeypatch: pytest.MonkeyPatch, sink: LoopbackServer
) -> None:
    names(monkeypatch, ["93.184.216.34", "127.0.0.1"])
    with pytest.raises(Forbidden):
        fetch("http://mixed.example/")


def test_a_name_is_asked_for_once_and_the_checked_address_is_the_one_called(
    monkeypatch: pytest.MonkeyPatch, sink: LoopbackServer
) -> None:
    called: list[str] = []

    def connect(self: object, host: str, *args: object) -> None:
        called.append(host)
        raise http.httpcore2.ConnectError

    monkeypatch.setattr(http.httpcore2.SyncBackend, "connect_tcp", connect)
    asked = names(monkeypatch, ["93.184.216.34"], ["127.0.0.1"])
    with pytest.raises(NotSent):
        fetch("http://rebind.example/")
    assert (asked, called) == (["rebind.example"], ["93.184.216.34"])


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("hops", [0, 1, 2])
def test_a_redirect_inside_is_refused_at_every_hop(
    status: int, hops: int, settings: Settings, sink: LoopbackServer
) -> None:
    def lead(request: Received, line: Line) -> Reply:
        hop = int(request.path.strip("/") or 0)
        return Reply(status, headers={"Location": f"/{hop + 1}" if hop < hops else sink.url})

    with LoopbackServer(lead) as server:
        allow(settings, server)
        with pytest.raises(Forbidden):
            fetch(server.url)
    assert len(server.received) == hops + 1


def test_three_redirects_are_followed_and_told_and_a_fourth_is_not(settings: Settings) -> None:
    def lead(request: Received, line: Line) -> Reply:
        hop = int(request.path.strip("/"))
        return Reply(301, headers={"Location": str(hop - 1)}) if hop else Reply(200, "there")

    with LoopbackServer(lead) as server:
        allow(settings, server)
        answer = fetch(server.url + "/3")
        assert (answer.text(), answer.url, [status for status, _ in answer.moved]) == (
            "there",
            server.url + "/0",
            [301] * 3,
        )
        with pytest.raises(NoAnswer):
            fetch(server.url + "/4")


def test_a_post_follows_no_redirect(settings: Settings, sink: LoopbackServer) -> None:
    with LoopbackServer(lambda request, line: Reply(307, headers={"Location": sink.url})) as server:
        allow(settings, server, sink)
        assert fetch(server.url, method="POST", json={}).status == 307


def test_secrets_stay_at_home_when_a_redirect_leads_elsewhere(settings: Settings) -> None:
    with (
        LoopbackServer(lambda request, line: Reply(200)) as other,
        LoopbackServer(lambda request, line: Reply(302, headers={"Location": other.url})) as server,
    ):
        allow(settings, server, other)
        fetch(server.url, headers={"Authorization": "Bearer x", "Cookie": "a=b", "X-Kept": "1"})
    assert "authorization" in server.received[0].headers
    assert not {"authorization", "cookie"} & set(other.received[0].headers)
    assert other.received[0].headers["x-kept"] == "1"


def test_proxies_of_the_environment_are_ignored(
    monkeypatch: pytest.MonkeyPatch, settings: Settings, sink: LoopbackServer
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, sink.url)
    with LoopbackServer(lambda request, line: Reply(200, "direct")) as server:
        allow(settings, server)
        assert fetch(server.url).text() == "direct"


def test_no_listener_means_not_sent(settings: Settings) -> None:
    with LoopbackServer(lambda request, line: None) as server:
        allow(settings, server)
    with pytest.raises(NotSent):
        fetch(server.url, method="POST", json={})


def test_an_unknown_name_means_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    def resolver(host: str, port: int) -> list[str]:
        raise OSError

    monkeypatch.setattr(http, "resolver", resolver)
    with pytest.raises(NotSent):
        fetch("https://nowhere.example/")


def test_a_name_server_that_never_answers_means_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "resolver", lambda host, port: time.sleep(2) or [])
    with pytest.raises(NotSent):
        fetch("https://slow.example/", seconds=0.1)


def test_an_untrusted_certificate_means_not_sent(settings: Settings, tmp_path: Path) -> None:
    with LoopbackServer(lambda request, line: Reply(200), tls=self_signed(tmp_path)) as server:
        allow(settings, server)
        with pytest.raises(NotSent):
            fetch(server.url, method="POST", json={"secret": 1})
    assert server.received == []


def test_plain_text_where_tls_should_be_means_not_sent(settings: Settings) -> None:
    with LoopbackServer(lambda request, line: Reply(200)) as server:
        allow(settings, server)
        with pytest.raises(NotSent):
            fetch(server.url.replace("http:", "https:"), seconds=2)


def self_signed(folder: Path) -> ssl.SSLContext:
    key, certificate = folder / "key.pem", folder / "certificate.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=127.0.0.1"
    subprocess.run([*command.split(), "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def silent(request: Received, line: Line) -> None:
    line.wait()


def reset(request: Received, line: Line) -> None:
    line.reset()


def closed(request: Received, line: Line) -> None:
    return None


def half(request: Received, line: Line) -> None:
    line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")


def garbage(request: Received, line: Line) -> None:
    line.send(b"\x00\x01\x02 what is this\r\n\r\n")


def drip(request: Received, line: Line) -> None:
    line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not line.wait(0.02):
        line.send(b"x")


def drip_head(request: Received, line: Line) -> None:
    line.send(b"HTTP/1.1 200 OK\r\n")
    while not line.wait(0.02):
        line.send(b"X-A: b\r\n")


def endless_head(request: Received, line: Line) -> None:
    line.send(b"HTTP/1.1 200 OK\r\n")
    while not line.stopping.is_set():
        line.send(b"X-A: " + b"b" * 5000 + b"\r\n")


@pytest.mark.parametrize("fault", [silent, reset, closed, half, garbage, drip, drip_head, endless_head])
def test_whatever_breaks_after_the_first_byte_is_unclear(fault: object, settings: Settings) -> None:
    with LoopbackServer(fault) as server:  # type: ignore[arg-type]
        allow(settings, server)
        started = time.monotonic()
        with pytest.raises(NoAnswer):
            fetch(server.url, method="POST", json={}, seconds=0.4)
        assert time.monotonic() - started < 60


def chunks_for_ever(request: Received, line: Line) -> None:
    line.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not line.stopping.is_set():
        line.send(b"10000\r\n" + b"x" * 65536 + b"\r\n")


def bomb(encoding: str) -> Reply:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31 if encoding == "gzip" else 15 if encoding == "deflate" else -15)
    body = b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()
    return Reply(200, body, {"Content-Encoding": encoding.removesuffix("-raw")})


@pytest.mark.parametrize(
    "behavior",
    [
        chunks_for_ever,
        lambda request, line: bomb("gzip"),
        lambda request, line: bomb("deflate"),
        lambda request, line: bomb("deflate-raw"),
        lambda request, line: Reply(200, b"x" * 300_000),
    ],
    ids=["endless", "gzip bomb", "deflate bomb", "raw deflate bomb", "too large"],
)
def test_a_body_over_the_limit_is_cut_off(behavior: object, settings: Settings) -> None:
    with LoopbackServer(behavior) as server:  # type: ignore[arg-type]
        allow(settings, server)
        with pytest.raises(NoAnswer, match="too large"):
            fetch(server.url, most_bytes=200_000)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "deflate-raw", "identity", ""])
def test_packed_bodies_are_unpacked(encoding: str, settings: Settings) -> None:
    text = "Zażółć gęślą jaźń " * 500
    packed = {
        "gzip": gzip.compress(text.encode()),
        "deflate": zlib.compress(text.encode()),
        "deflate-raw": zlib.compress(text.encode())[2:-4],
    }.get(encoding, text.encode())
    headers = {"Content-Encoding": encoding.removesuffix("-raw")} if encoding else {}
    with LoopbackServer(lambda request, line: Reply(200, packed, headers)) as server:
        allow(settings, server)
        assert fetch(server.url).text() == text


def test_an_unknown_encoding_is_no_answer(settings: Settings) -> None:
    with LoopbackServer(lambda request, line: Reply(200, b"x", {"Content-Encoding": "br"})) as server:
        allow(settings, server)
        with pytest.raises(NoAnswer):
            fetch(server.url)


def test_a_head_request_has_no_body(settings: Settings) -> None:
    with LoopbackServer(lambda request, line: Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n")) as server:
        allow(settings, server)
        assert fetch(server.url, method="HEAD").body == b""


def test_files_and_fields_go_out_as_a_form(settings: Settings) -> None:
    with LoopbackServer(lambda request, line: Reply(200)) as server:
        allow(settings, server)
        fetch(server.url, method="POST", form={"text": "ż"}, files={"file": ("a.png", b"\x89PNG", "image/png")})
    body = server.received[0].body
    assert b'name="file"; filename="a.png"' in body
    assert b"\x89PNG" in body
    assert "ż".encode() in body


def test_a_header_cannot_be_smuggled_in(settings: Settings) -> None:
    with LoopbackServer(lambda request, line: Reply(200)) as server:
        allow(settings, server)
        with pytest.raises(NotSent):
            fetch(server.url, headers={"X-A": "b\r\nX-Evil: 1"})
    assert server.received == []

"""Trouble upstream: every fault on every network that publishes by API ends in the right one of the four errors."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest

from tests.lib.test_http import self_signed
from tests.networks.drafts import card
from tests.servers.loopback import Line as Open
from tests.servers.loopback import LoopbackServer, Received, Reply
from vocero.lib.http import Answer
from vocero.networks.base import Draft, Engagement, Login, Network, NetworkError, Reconnect, Refused, TryLater, Unclear
from vocero.networks.line import wait_of
from vocero.networks.registry import get_network

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)
POST_PATHS = {"mastodon": "/api/v1/statuses", "bluesky": "/xrpc/com.atproto.repo.createRecord"}
READ_PATHS = {"mastodon": "/api/v1/statuses/7", "bluesky": "/xrpc/app.bsky.feed.getPosts"}
API = pytest.mark.parametrize("network", [get_network(name) for name in POST_PATHS], ids=list(POST_PATHS))

type Behavior = Callable[[Received, Open], Reply | None]


def reset(request: Received, line: Open) -> None:
    line.reset()


def silence(request: Received, line: Open) -> None:
    line.wait()


def one_byte_at_a_time(request: Received, line: Open) -> None:
    line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
    while not line.wait(0.05):
        line.send(b"{")


def a_gibibyte(request: Received, line: Open) -> None:
    line.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n")
    while not line.stopping.is_set():
        line.send(b"x" * 1_000_000)


def answers(status: int, body: Any = None, **headers: str) -> Behavior:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request, line: Reply(status, body if body is not None else {"error": "Trouble"}, named)


@dataclass(frozen=True)
class Fault:
    """What the server does, what it means for a post, and what for reading."""

    name: str
    behavior: Behavior
    posting: type[NetworkError]
    reading: type[NetworkError]


FAULTS = [
    Fault("400", answers(400), Refused, Refused),
    Fault("403", answers(403), Reconnect, Reconnect),
    Fault("403 duplicate", answers(403, {"error": "Status is a duplicate."}), Unclear, TryLater),
    Fault("404", answers(404), Refused, Refused),
    Fault("409", answers(409), Unclear, TryLater),
    Fault("422", answers(422), Refused, Refused),
    Fault("422 duplicate", answers(422, {"error": "Duplicate post urn:1"}), Unclear, TryLater),
    Fault("429", answers(429, Retry_After="77"), TryLater, TryLater),
    Fault("500", answers(500), Unclear, TryLater),
    Fault("502", answers(502), Unclear, TryLater),
    Fault("503", answers(503, Retry_After="20"), Unclear, TryLater),
    Fault("504", answers(504), Unclear, TryLater),
    Fault("moved", answers(301, Location="https://elsewhere.example/"), Refused, Refused),
    Fault("reset", reset, Unclear, TryLater),
    Fault("silence", silence, Unclear, TryLater),
    Fault("one byte at a time", one_byte_at_a_time, Unclear, TryLater),
    Fault("a gibibyte", a_gibibyte, Unclear, TryLater),
    Fault("no JSON", answers(200, "<html>Welcome</html>"), Unclear, TryLater),
    Fault("another JSON", answers(200, [1, 2]), Unclear, TryLater),
    Fault("deep JSON", answers(200, "[" * 100_000), Unclear, TryLater),
]


def login(server: LoopbackServer, seconds: float = 0.6) -> Login:
    return Login("7", "@me.test", server.url, {"access": "a.b.c", "refresh": "d.e.f"}, AT, {}, seconds)


def only_for(path: str, behavior: Behavior) -> Behavior:
    """Everything else answers as a server without anything."""

    def behave(request: Received, line: Open) -> Reply | None:
        if request.path == path:
            return behavior(request, line)
        return Reply(400, {"error": "RecordNotFound"})

    return behave


@API
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_while_posting(network: Network, fault: Fault, allow_place: Callable[[str], None]) -> None:
    with LoopbackServer(only_for(POST_PATHS[network.name], fault.behavior)) as server:
        allow_place(server.place)
        started = time.monotonic()
        with pytest.raises(NetworkError) as error:
            network.publish(login(server), Draft("Hi", card()), "3n2vpsvuikx2e")
        assert time.monotonic() - started < 60
    assert type(error.value) is fault.posting
    posts = [request for request in server.received if request.path == POST_PATHS[network.name]]
    assert len(posts) == 1
    if isinstance(error.value, TryLater):
        assert error.value.after == timedelta(seconds=77)


@API
@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
def test_a_fault_while_reading(network: Network, fault: Fault, allow_place: Callable[[str], None]) -> None:
    with LoopbackServer(only_for(READ_PATHS[network.name], fault.behavior)) as server:
        allow_place(server.place)
        told: Engagement | NetworkError | None
        try:
            told = network.engagement(login(server), "7")
        except NetworkError as error:
            told = error
    if network.name == "bluesky" and fault.name in {"502", "503", "504"}:
        assert told is None  # nobody behind it who counts
    else:
        assert type(told) is fault.reading


@API
def test_401_asks_to_reconnect_or_to_refresh(network: Network, allow_place: Callable[[str], None]) -> None:
    with LoopbackServer(answers(401, {"error": "InvalidToken"})) as server:
        allow_place(server.place)
        with pytest.raises(NetworkError) as error:
            network.publish(login(server), Draft("Hi"), "3n2vpsvuikx2e")
    if network.name == "mastodon":
        assert type(error.value) is Reconnect
    else:
        assert isinstance(error.value, TryLater)
        assert error.value.stale


@API
def test_a_server_that_is_down_or_cannot_be_trusted_got_nothing(
    network: Network, allow_place: Callable[[str], None], tmp_path: Path
) -> None:
    with LoopbackServer(answers(200), tls=self_signed(tmp_path)) as server:
        allow_place(server.place)
        with pytest.raises(TryLater):
            network.publish(login(server, 3), Draft("Hi"), "3n2vpsvuikx2e")
    assert server.received == []
    with pytest.raises(TryLater):
        network.publish(login(server), Draft("Hi"), "3n2vpsvuikx2e")


@API
def test_a_server_that_may_not_be_called_is_not_called(network: Network) -> None:
    with LoopbackServer(answers(200)) as server:
        with pytest.raises(Refused, match="address"):
            network.publish(login(server), Draft("Hi"), "3n2vpsvuikx2e")
        assert server.connections == 0


def test_an_earlier_attempt_that_got_through_is_recognized_by_its_record(allow_place: Callable[[str], None]) -> None:
    def behave(request: Received, line: Open) -> Reply:
        return (
            Reply(500) if request.method == "POST" else Reply(200, {"uri": "at://7/app.bsky.feed.post/k", "value": {}})
        )

    with LoopbackServer(behave) as server:
        allow_place(server.place)
        assert (
            get_network("bluesky").publish(login(server), Draft("Hi"), "k").remote_id == "at://7/app.bsky.feed.post/k"
        )


def test_media_that_is_processed_too_long_was_not_posted(allow_place: Callable[[str], None]) -> None:
    from tests.networks.drafts import image

    def behave(request: Received, line: Open) -> Reply:
        return Reply(202 if request.method == "POST" else 206, {"id": "m1", "url": None})

    with LoopbackServer(behave) as server:
        allow_place(server.place)
        with pytest.raises(TryLater):
            get_network("mastodon").publish(login(server), Draft("Hi", None, (image(),)), "k")
    assert not [request for request in server.received if request.path == POST_PATHS["mastodon"]]


def test_media_is_waited_for_until_it_is_ready(allow_place: Callable[[str], None]) -> None:
    from tests.networks.drafts import image

    def behave(request: Received, line: Open) -> Reply:
        if request.path == "/api/v1/statuses":
            return Reply(200, {"id": "1", "url": "https://m.example/1"})
        asked = sum(one.path == "/api/v1/media/m1" for one in server.received)
        return Reply(202 if request.method == "POST" else 206 if asked < 2 else 200, {"id": "m1"})

    with LoopbackServer(behave) as server:
        allow_place(server.place)
        get_network("mastodon").publish(login(server, 5), Draft("Hi", None, (image(),)), "k")
    assert server.received[-1].form()["media_ids[]"] == "m1"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "5"}, 5),
        ({"retry-after": "0"}, 1),
        ({"retry-after": "99999999"}, 86400),
        (
            {
                "retry-after": format_datetime(AT + timedelta(seconds=40), usegmt=True),
                "date": format_datetime(AT, usegmt=True),
            },
            40,
        ),
        ({"x-ratelimit-reset": "2026-11-22T12:05:00.123Z", "date": format_datetime(AT, usegmt=True)}, 300.123),
        ({"ratelimit-reset": str(int(AT.timestamp()) + 9), "date": format_datetime(AT, usegmt=True)}, 9),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-5"}, None),
        ({}, None),
    ],
)
def test_how_long_to_wait_is_read_from_the_answer(headers: dict[str, str], seconds: float | None) -> None:
    wait = wait_of(Answer(429, headers, b"", "https://a.example"))
    assert wait == (None if seconds is None else timedelta(seconds=seconds))


def test_no_error_carries_a_token() -> None:
    held = Login("7", "@me", "https://a.example", {"access": "secret-token"}, AT)
    assert "secret-token" not in repr(held)
    assert "secret-token" not in json.dumps(str(held))

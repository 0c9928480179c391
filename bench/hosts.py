"""Servers of Mastodon's and Bluesky's kind that answer after drawn delays and count what they stored.

`python -m bench.hosts PORT...`: the first port answers questions about the store, every other one is an instance of its own.
They ignore idempotency keys and record keys on purpose: whatever is sent twice stands there twice. What a call meets is
drawn from its share and how often that was called before: the same in every round, whoever sends it.
"""

import asyncio
import json
import math
import random
import re
import sys
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

MEDIAN, P95 = 0.3, 1.2  # seconds
SLOW_TIMES = 10
"""How many times slower the last instance is."""
LONGEST = 20.0
TOO_MANY, RETRY_AFTER = 0.02, 2
_LINK = re.compile(rb"(?:/|%2F)l(?:/|%2F)([0-9A-Za-z]{11})")
_SIGMA = math.log(P95 / MEDIAN) / 1.645
"""Of the log-normal distribution whose 95th hundredth is P95."""


@dataclass(frozen=True)
class Meets:
    """What a call meets: how long it takes, in seconds, and whether it is one too many."""

    seconds: float
    too_many: bool


def meets(token: str, before: int, times: float) -> Meets:
    """Draw what the call for a share meets that was called so often `before`, at an instance so many `times` slower."""
    chance = random.Random(f"{token} {before}")
    seconds = min(LONGEST, MEDIAN * times * math.exp(chance.gauss(0.0, _SIGMA)))
    return Meets(seconds, chance.random() < TOO_MANY)


@dataclass
class Store:
    """What all instances stored, by the token of the tracked link in the post."""

    posts: Counter[str] = field(default_factory=Counter)
    called: Counter[str] = field(default_factory=Counter)
    too_many: int = 0
    early: int = 0
    not_before: dict[str, float] = field(default_factory=dict)

    def meets(self, token: str, times: float) -> Meets:
        """Give what this call for a share meets."""
        self.called[token] += 1
        return meets(token, self.called[token] - 1, times)

    def told(self) -> dict[str, Any]:
        """What it says about itself."""
        return {"posts": dict(self.posts), "too_many": self.too_many, "early": self.early}


class Instance(asyncio.Protocol):
    """One connection to one instance: reads a request, answers after a while, closes."""

    def __init__(self, store: Store, times: float) -> None:
        self.store = store
        self.times = times
        self.received = b""
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.received += data
        head, gap, body = self.received.partition(b"\r\n\r\n")
        length = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        if gap and len(body) >= int(length[1] if length else 0):
            found = _LINK.search(body)
            token = found[1].decode() if found else ""
            what = self.store.meets(token, self.times)
            asyncio.get_running_loop().call_later(what.seconds, self.answer, token, what.too_many)

    def answer(self, token: str, too_many: bool) -> None:
        """Store the post, or say that there were too many."""
        now = asyncio.get_running_loop().time()
        if now < self.store.not_before.get(token, 0.0):
            self.store.early += 1
        if not token:
            self.say(404, {"error": "RecordNotFound"})
        elif too_many:
            self.store.too_many += 1
            self.store.not_before[token] = now + RETRY_AFTER
            self.say(429, {"error": "RateLimitExceeded"}, f"Retry-After: {RETRY_AFTER}\r\n")
        else:
            self.store.posts[token] += 1
            self.say(200, {"id": token, "url": f"https://posts.example/{token}", "uri": token, "cid": token})

    def say(self, status: int, data: dict[str, Any], more: str = "") -> None:
        """Send an answer and close."""
        text = json.dumps(data)
        head = f"HTTP/1.1 {status} Said\r\nContent-Type: application/json\r\nContent-Length: {len(text)}\r\n{more}"
        if self.transport is not None:
            self.transport.write(f"{head}Connection: close\r\n\r\n{text}".encode())
            self.transport.close()


class Desk(Instance):
    """Answers questions about the store at once; `POST /forget` empties it."""

    def data_received(self, data: bytes) -> None:
        if data.startswith(b"POST /forget"):
            self.store.__init__()  # type: ignore[misc]
        self.say(200, self.store.told())


async def serve(ports: list[int]) -> None:
    """Serve until the process ends; the last instance is the slow one."""
    loop, store = asyncio.get_running_loop(), Store()
    await loop.create_server(lambda: Desk(store, 0), "127.0.0.1", ports[0], backlog=1000)
    for port in ports[1:]:
        times = SLOW_TIMES if port == ports[-1] else 1

        def instance(times: float = times) -> Instance:
            return Instance(store, times)

        await loop.create_server(instance, "127.0.0.1", port, backlog=1000)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve([int(word) for word in sys.argv[1:]]))

"""Four fake networks, one per kind of retry, with faults and a store on disk that outlives the publisher.

- `fake-key`: answers a repeated Idempotency-Key with the first post, and forgets keys after an hour.
- `fake-record`: the client names the record; a second one of that name is refused.
- `fake-lookup`: ignores the Idempotency-Key it is sent; the author's own posts can be listed.
- `fake-none`: offers nothing to find out with.

Faults, as a part of all posts: an error before storing, an error after storing, an answer lost after storing, storing after
the client has given up, and "too many requests". `python -m tests.servers.fake_networks` serves them; a test uses
`FakeNetworks.start(folder)`. The adapters are entry points in a folder that `entry_points_folder` writes: with it and the
repository on PYTHONPATH, `vocero worker` in a process of its own has them too.
"""

import argparse
import json
import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self, cast
from urllib.parse import parse_qs, urlsplit

from tests.servers.caller import ask
from tests.servers.processes import ROOT, ServerProcess, free_port
from vocero.networks.base import Channel, Draft, Login, Published, Refused, Retry, RetryKind, Unclear
from vocero.networks.by_hand import ByHand
from vocero.networks.limits import Limits
from vocero.networks.line import Line, data_of

URL_VARIABLE = "VOCERO_TEST_FAKE_NETWORKS_URL"
NAMES = ("fake-key", "fake-record", "fake-lookup", "fake-none")
FAULTS = ("error before", "error after", "lost answer", "late", "too many")

CALL_SECONDS = 1.0
"""How long the adapters wait for an answer."""
LATE_SECONDS = 1.5
"""When a "late" post is stored: after the client has given up, before `settles_after`."""
SETTLES_AFTER = timedelta(seconds=3)
KEYS_LIVE = timedelta(hours=1)


# The server


class _Networks(ThreadingHTTPServer):
    """The four networks' common store: one JSON line a post, written before it is answered for."""

    daemon_threads = True

    def __init__(self, port: int, store: Path, *, faults: float, seed: int) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.store = store
        self.faults = faults
        self.chance = random.Random(seed)
        self.lock = threading.Lock()
        self.posts: list[dict[str, Any]] = []
        self.busy: set[tuple[str, str]] = set()
        self.moved_by = 0.0
        self.under_way = 0
        if store.exists():
            self.posts = [json.loads(line) for line in store.read_text().splitlines()]

    def fault(self) -> str:
        with self.lock:
            return self.chance.choice(FAULTS) if self.chance.random() < self.faults else ""

    def now(self) -> float:
        return time.time() + self.moved_by

    def find(self, network: str, author: str, **wanted: str) -> dict[str, Any] | None:
        same = {"network": network, "author": author, **wanted}
        return next((post for post in self.posts if all(post[name] == value for name, value in same.items())), None)

    def keep(self, network: str, author: str, key: str, data: Mapping[str, str]) -> dict[str, Any]:
        with self.lock:
            post = {"id": f"{len(self.posts) + 1}", "network": network, "author": author, "key": key, "at": self.now()}
            post |= {"text": data.get("text", ""), "link": data.get("link", "")}
            self.posts.append(post)
            with self.store.open("a") as file:
                file.write(json.dumps(post) + "\n")
        return post


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    networks: _Networks

    def setup(self) -> None:
        super().setup()
        self.networks = cast(_Networks, self.server)

    def log_message(self, *args: Any) -> None:
        return

    def do_GET(self) -> None:
        if self.path == "/under-way":
            self._answer(200, {"posts": self.networks.under_way})
            return
        network, author = self._where()
        if network == "fake-record":
            known = self.networks.find(network, author, key=parse_qs(urlsplit(self.path).query)["key"][0])
            self._answer(200 if known else 404, known or {"error": "there is no record of this name"})
            return
        if network != "fake-lookup":
            self._answer(403, {"error": "this network shows nothing"})
            return
        found = [post for post in self.networks.posts if (post["network"], post["author"]) == (network, author)]
        self._answer(200, {"posts": found[::-1][:200]})

    def do_DELETE(self) -> None:
        self._answer(200, {})

    def do_POST(self) -> None:
        data = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/clock":
            self.networks.moved_by = float(data["moved_by"])
            self._answer(200, {})
            return
        with self.networks.lock:
            self.networks.under_way += 1
        try:
            self._take(data)
        finally:
            with self.networks.lock:
                self.networks.under_way -= 1

    def _take(self, data: Mapping[str, str]) -> None:
        network, author = self._where()
        key = self.headers.get("Idempotency-Key", "")
        fault = self.networks.fault()
        if fault == "error before":
            self._answer(500, {})
            return
        if fault == "too many":
            self._answer(429, {}, {"Retry-After": "1"})
            return
        if fault == "late":
            time.sleep(LATE_SECONDS)
        status, answer = self._post(network, author, key, data)
        if fault in {"lost answer", "late"}:
            self.close_connection = True
        elif fault == "error after":
            self._answer(502, {})
        else:
            self._answer(status, answer)

    def _post(self, network: str, author: str, key: str, data: Mapping[str, str]) -> tuple[int, dict[str, Any]]:
        if network == "fake-none" or network == "fake-lookup":
            return 201, self.networks.keep(network, author, key, data)
        with self.networks.lock:
            known = self.networks.find(network, author, key=key)
            if (author, key) in self.networks.busy:
                return 409, {"error": "this key is being worked on"}
            self.networks.busy.add((author, key))
        try:
            if known and network == "fake-record":
                return 409, {"error": "there is a record of this name"}
            if known and self.networks.now() - known["at"] < KEYS_LIVE.total_seconds():
                return 200, known
            return 201, self.networks.keep(network, author, key, data)
        finally:
            self.networks.busy.discard((author, key))

    def _where(self) -> tuple[str, str]:
        parts = urlsplit(self.path)
        return parts.path.split("/")[1], parse_qs(parts.query)["author"][0]

    def _answer(self, status: int, data: dict[str, Any], headers: Mapping[str, str] | None = None) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        for name, value in {**(headers or {}), "Content-Length": str(len(body)), "Connection": "close"}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


# The adapters


class Fake(ByHand):
    """What the four adapters have in common; the server's address comes from the environment."""

    channel = Channel.API
    limits = Limits(characters=5000, images=4)
    withdraws = True

    def publish(self, account: Login, draft: Draft, key: str) -> Published:
        answer = self._send(account, "POST", headers={"Idempotency-Key": key}, draft=draft)
        return _published(self.name, data_of(answer, effect=True))

    def withdraw(self, account: Login, remote_id: str) -> None:
        self._send(account, "DELETE")

    def _send(
        self,
        account: Login,
        method: str,
        *,
        headers: Mapping[str, str] | None = None,
        draft: Draft | None = None,
        key: str = "",
    ) -> Any:
        line = Line(
            os.environ[URL_VARIABLE], seconds=min(account.seconds, CALL_SECONDS), token=account.credentials["access"]
        )
        data = {"text": draft.text, "link": draft.link.url if draft.link else ""} if draft else None
        return line.send(
            method,
            f"/{self.name}",
            params={"author": account.remote_id, "key": key},
            headers=headers,
            json=data,
            effect=method == "POST",
        )


class FakeKey(Fake):
    """Asks by sending the same key again, which is remembered for an hour; we rely on 55 minutes."""

    name = "fake-key"
    label = "Fake key"
    retry = Retry(RetryKind.KEY, valid_for=timedelta(minutes=55), settles_after=SETTLES_AFTER)

    def find(self, account: Login, draft: Draft, key: str) -> Published | None:
        return self.publish(account, draft, key)


class FakeRecord(Fake):
    """A record of this name is there already: that is ours."""

    name = "fake-record"
    label = "Fake record"
    retry = Retry(RetryKind.RECORD_KEY, settles_after=SETTLES_AFTER)

    def publish(self, account: Login, draft: Draft, key: str) -> Published:
        answer = self._send(account, "POST", headers={"Idempotency-Key": key}, draft=draft)
        if answer.status == 409 and "record" in answer.text():
            return Published(f"{self.name}:{key}", "")
        data_of(answer, effect=True)
        return Published(f"{self.name}:{key}", "")

    def find(self, account: Login, draft: Draft, key: str) -> Published | None:
        answer = self._send(account, "GET", key=key)
        if answer.status == 404:
            return None
        data_of(answer)
        return Published(f"{self.name}:{key}", "")


class FakeLookup(Fake):
    """Looks through the author's posts for the share's own link."""

    name = "fake-lookup"
    label = "Fake lookup"
    retry = Retry(RetryKind.LOOKUP, settles_after=SETTLES_AFTER)

    def find(self, account: Login, draft: Draft, key: str) -> Published | None:
        posts = data_of(self._send(account, "GET"))["posts"]
        return next(
            (_published(self.name, post) for post in posts if draft.link and post["link"] == draft.link.url), None
        )


class FakeNone(Fake):
    """Cannot be asked."""

    name = "fake-none"
    label = "Fake none"
    retry = Retry(RetryKind.NONE, settles_after=SETTLES_AFTER)

    def find(self, account: Login, draft: Draft, key: str) -> Published | None:
        raise Unclear


def _published(network: str, post: Mapping[str, Any]) -> Published:
    if not post.get("id"):
        raise Refused("rejected")
    return Published(f"{network}:{post['id']}", "")


# For tests


class FakeNetworks:
    """The server in a process of its own; `posts()` is what it stored, whatever it answered."""

    def __init__(self, url: str, store: Path, process: ServerProcess, folder: Path) -> None:
        self.url = url
        self.place = urlsplit(url).netloc
        self.store = store
        self.folder = folder
        self._process = process

    @classmethod
    def start(cls, folder: Path, *, faults: float = 0.2, seed: int = 4) -> Self:
        """Serve with a store in `folder`, which also gets the entry points."""
        port, store = free_port(), folder / "fake-networks.jsonl"
        command = [sys.executable, "-m", "tests.servers.fake_networks", "--port", str(port), "--store", str(store)]
        process = ServerProcess([*command, "--faults", str(faults), "--seed", str(seed)], cwd=ROOT)
        process.wait_until(lambda: "ready" in process.output())
        return cls(f"http://127.0.0.1:{port}", store, process, entry_points_folder(folder))

    def stop(self) -> None:
        self._process.stop()

    def environment(self) -> dict[str, str]:
        """Give what a process of the product needs in its environment to have these networks."""
        path = os.pathsep.join([str(self.folder), str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
        return {URL_VARIABLE: self.url, "VOCERO_ALLOW_PRIVATE_HOSTS": self.place, "PYTHONPATH": path}

    @contextmanager
    def in_this_process(self) -> Iterator[None]:
        """Have the adapters in this process too (its setting of private hosts must name `place`)."""
        from vocero.networks import registry

        former, os.environ[URL_VARIABLE] = os.environ.get(URL_VARIABLE), self.url
        sys.path.insert(0, str(self.folder))
        registry.forget_installed()
        try:
            yield
        finally:
            sys.path.remove(str(self.folder))
            registry.forget_installed()
            if former is None:
                del os.environ[URL_VARIABLE]
            else:
                os.environ[URL_VARIABLE] = former

    def posts(self) -> list[dict[str, Any]]:
        """Give every post that is out: `network`, `author`, `key`, `text`, `link`."""
        return [json.loads(line) for line in self.store.read_text().splitlines()] if self.store.exists() else []

    def posted_more_than_once(self) -> dict[tuple[str, str], int]:
        """Count, by network and link, the posts that are out more than once."""
        counts = Counter((post["network"], post["link"]) for post in self.posts())
        return {which: count for which, count in counts.items() if count > 1}

    def settle(self) -> None:
        """Wait until the networks have stored what they were still storing."""
        while ask("GET", f"{self.url}/under-way")["posts"]:
            time.sleep(0.02)

    def move_clock(self, by: timedelta) -> None:
        """Let the networks believe that it is later (so that keys are forgotten)."""
        ask("POST", f"{self.url}/clock", data={"moved_by": by.total_seconds()})


def entry_points_folder(folder: Path) -> Path:
    """Write a package's metadata that adds the four networks, and give the folder to put on PYTHONPATH."""
    place = folder / "fake-networks-entry-points"
    metadata = place / "vocero_fake_networks-1.0.dist-info"
    metadata.mkdir(parents=True, exist_ok=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: vocero-fake-networks\nVersion: 1.0\n")
    classes = {"fake-key": FakeKey, "fake-record": FakeRecord, "fake-lookup": FakeLookup, "fake-none": FakeNone}
    lines = [f"{name} = tests.servers.fake_networks:{found.__name__}" for name, found in classes.items()]
    (metadata / "entry_points.txt").write_text("[vocero.networks]\n" + "\n".join(lines) + "\n")
    return place


def make_account(member: Any, network: str, *, at: datetime) -> Any:
    """Give a member a connected account on a fake network."""
    from vocero.networks.models import Account
    from vocero.networks.vault import seal_account

    account = Account(member=member, network=network, remote_id=f"author-{member.pk}", handle="@fake", connected_at=at)
    account.credentials = seal_account(account, {"access": "token"})
    account.save()
    return account


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--port", type=int, required=True)
    options.add_argument("--store", type=Path, required=True)
    options.add_argument("--faults", type=float, default=0.2)
    options.add_argument("--seed", type=int, default=4)
    given = options.parse_args()
    server = _Networks(given.port, given.store, faults=given.faults, seed=given.seed)
    print("ready", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()

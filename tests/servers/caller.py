"""How tests call the servers they started: plainly, outside the product's own door."""

import json
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from http.client import HTTPMessage
from typing import Any


@dataclass(frozen=True)
class Told:
    """What a server answered."""

    status: int
    body: bytes
    headers: HTTPMessage

    def json(self) -> Any:
        return json.loads(self.body)


class _Staying(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_opener = urllib.request.build_opener(_Staying, urllib.request.ProxyHandler({}))


def call(
    method: str,
    url: str,
    *,
    token: str = "",
    form: dict[str, str] | None = None,
    data: Any = None,
    params: dict[str, str] | None = None,
) -> Told:
    """Make one call and give the answer, whatever its status; redirects are not followed."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    body = None
    if form is not None:
        body = urllib.parse.urlencode(form).encode()
    elif data is not None:
        body = json.dumps(data).encode()
        headers["Content-Type"] = "application/json"
    if params:
        url += "?" + urllib.parse.urlencode(params)
    request = urllib.request.Request(url, data=body, headers=headers, method=method)
    try:
        with _opener.open(request, timeout=60) as answer:
            return Told(answer.status, answer.read(), answer.headers)
    except urllib.error.HTTPError as error:
        with error:
            return Told(error.code, error.read(), error.headers)


def ask(method: str, url: str, **more: Any) -> Any:
    """Make a call that must succeed and give its JSON."""
    told = call(method, url, **more)
    if not 200 <= told.status < 300:
        raise RuntimeError(f"{method} {url}: {told.status} {told.body[:300]!r}")
    return told.json() if told.body else None

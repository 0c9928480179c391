"""Reads the heads of HTTP/1 requests and writes answers, for the links process: strictly, and nothing more than links need.

What is not understood without doubt is refused and its connection closed, so that no proxy before us can come to read
the stream differently. Bodies are never read: a request that announces one is the last of its connection.
"""

import re
from email.utils import formatdate
from http import HTTPStatus
from typing import Final, NamedTuple
from urllib.parse import unquote, urlsplit

from vocero.tracking.links.core import Answer

MOST_HEAD: Final = 16 << 10
"""Bytes that the head of a request may have."""

_MOST_NAMES: Final = 500
_name = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_names: dict[str, str] = {}
_LINES: Final = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}


class BadRequest(Exception):
    """The bytes are no request that we answer; `status` says why."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Request(NamedTuple):
    """The head of a request: `path` without the query, header names in lower case; `is_last` of its connection."""

    method: str
    path: str
    headers: dict[str, str]
    is_last: bool
    has_body: bool


def read_head(head: bytes) -> Request:
    """Read the head of a request, without the empty line that ends it. Raises BadRequest."""
    text = head.decode("latin-1")
    lines = text.split("\r\n")
    ends = len(lines) - 1
    if text.count("\n") != ends or text.count("\r") != ends or "\0" in text:
        raise BadRequest(400)
    words = lines[0].split(" ")
    if len(words) != 3 or not _is_name(words[0]):
        raise BadRequest(400)
    method, target, version = words
    if version not in {"HTTP/1.1", "HTTP/1.0"}:
        raise BadRequest(505 if version.startswith("HTTP/") else 400)
    del lines[0]
    headers = _read_headers(lines)
    is_newer = version == "HTTP/1.1"
    if is_newer and "host" not in headers:
        raise BadRequest(400)
    has_body = "transfer-encoding" in headers or headers.get("content-length", "0") != "0"
    is_last = has_body or not is_newer or "close" in headers.get("connection", "").lower()
    return Request(method, _path(target), headers, is_last, has_body)


def _read_headers(lines: list[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        raw, colon, value = line.partition(":")
        name = _names.get(raw) or _learn_name(raw)
        if not colon:
            raise BadRequest(400)
        if name in headers:
            if name in {"host", "content-length"}:
                raise BadRequest(400)
            headers[name] += "," + value.strip(" \t")
        else:
            headers[name] = value.strip(" \t")
    return headers


def _learn_name(raw: str) -> str:
    """Check the name of a header, and keep it: a few names make nearly all headers."""
    if not _is_name(raw):
        raise BadRequest(400)
    name = raw.lower()
    if len(_names) < _MOST_NAMES and len(raw) < 40:
        _names[raw] = name
    return name


def _is_name(text: str) -> bool:
    return _name.fullmatch(text) is not None


def _path(target: str) -> str:
    if not target.startswith("/"):  # the form for proxies, which a server understands too
        try:
            target = urlsplit(target).path or "/"
        except ValueError:
            raise BadRequest(400) from None
    path = target.partition("?")[0]
    return unquote(path, "latin-1") if "%" in path else path


def write_answer(answer: Answer, *, date: str, is_last: bool, with_body: bool = True) -> bytes:
    """Give the bytes of an answer; `date` is what `date_line` gives. Without its body its length is told all the same."""
    status, headers, body, _ = answer
    head = _LINES[status] + date
    for name, value in headers:
        head += f"{name}: {value}\r\n"
    if is_last:
        head += "connection: close\r\n"
    if not body:
        return f"{head}content-length: 0\r\n\r\n".encode("latin-1")
    sent = body.encode()
    return f"{head}content-length: {len(sent)}\r\n\r\n".encode("latin-1") + (sent if with_body else b"")


def date_line(at: float) -> str:
    """Give the header with the moment (seconds since 1970), which every answer carries."""
    return f"date: {formatdate(at, usegmt=True)}\r\n"

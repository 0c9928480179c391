"""The child process that reads feeds and pages from elsewhere, with nothing of the world but its input and its limits."""

import json
import resource
import sys
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

CPU_SECONDS = {"feed": 10, "page": 3}
MEMORY_BYTES = 400 * 1024 * 1024
NOT_A_FEED = 3

_FORBIDDEN = ("socket.", "subprocess.", "os.exec", "os.fork", "os.posix_spawn", "os.system", "os.remove", "os.rename")


def main() -> int:
    """Read a line of JSON (`kind`, `url`, `content_type`) and then the document from standard input; write JSON."""
    request = json.loads(sys.stdin.buffer.readline())
    document = sys.stdin.buffer.read()
    read = _reader(request["kind"])
    forbid_the_world(CPU_SECONDS[request["kind"]])
    result = read(document, request["url"], request["content_type"])
    if result is None:
        return NOT_A_FEED
    sys.stdout.buffer.write(json.dumps(result).encode())
    return 0


def _reader(kind: str) -> Callable[[bytes, str, str], dict[str, Any] | None]:
    """Import what reads this kind; after that, nothing else needs to be opened."""
    if kind == "feed":
        from vocero.content import parsing

        def read_feed(document: bytes, url: str, content_type: str) -> dict[str, Any] | None:
            try:
                return parsing.read(document, url=url, content_type=content_type)
            except parsing.NotAFeed:
                return None

        return read_feed

    from vocero.content import feeds, pages

    def read_page(document: bytes, url: str, content_type: str) -> dict[str, Any]:
        preview = asdict(pages.read_page(document, url=url, content_type=content_type))
        published_at = preview["published_at"]
        preview["published_at"] = published_at.isoformat() if published_at else ""
        text = pages.decoded(document[: pages.MOST_BYTES], content_type)
        return {"preview": preview, "feeds": [asdict(feed) for feed in feeds.feeds_named_by(text, url=url)]}

    return read_page


def forbid_the_world(cpu_seconds: int) -> None:
    """Take from this process what reading bytes does not need: time, memory, files, network and other programs."""
    for limit, most in (
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_AS, MEMORY_BYTES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(limit, (most, most))
        except (ValueError, OSError):  # a system that does not know this limit keeps the others
            continue
    own = (sys.prefix, sys.base_prefix)

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open":
            reads_code = isinstance(arguments[0], str) and arguments[0].startswith(own) and arguments[1] in {"r", "rb"}
            if reads_code or isinstance(arguments[0], int):
                return
        elif not event.startswith(_FORBIDDEN):
            return
        raise PermissionError(event)

    sys.addaudithook(refuse)

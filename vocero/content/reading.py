"""The only way in for documents from elsewhere: a child process with limits reads them, this process takes its result."""

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from vocero.content import child
from vocero.content.feeds import Feed, NamedFeed, feed_of
from vocero.content.pages import Preview

MOST_BYTES = 5 * 1024 * 1024
WALL_SECONDS = 30

# This very code and no other that may be installed; only the package comes from there, nothing beside it.
_OWN_CODE = "import sys; sys.path.insert(0, sys.argv[1]); import vocero; del sys.path[0]; "
_CHILD = _OWN_CODE + "from vocero.content.child import main; sys.exit(main())"


class NotAFeed(Exception):
    """The document is neither RSS nor Atom nor JSON Feed."""


class TooHeavy(Exception):
    """Reading the document went over a limit: 5 MiB of input, 10 s (a page: 3 s) of processor, 400 MiB of memory."""


@dataclass(frozen=True, slots=True)
class Page:
    """A web page that was read: what it says about itself, and the feeds that it names."""

    preview: Preview
    feeds: tuple[NamedFeed, ...]


def read_feed(document: bytes, *, url: str, content_type: str = "") -> Feed:
    """Read RSS, Atom or JSON Feed; `url` is where the document came from. Raises NotAFeed or TooHeavy.

    feedparser needs ten seconds for 200,000 nested tags and an HTML parser minutes for as many, so both run in a child
    process that is ended when it takes too much.
    """
    return feed_of(_in_child("feed", document, url, content_type))


def read_page(document: bytes, *, url: str, content_type: str = "") -> Page:
    """Read an HTML page that came from `url`. Raises TooHeavy."""
    data = _in_child("page", document, url, content_type)
    moment = data["preview"].pop("published_at")
    preview = Preview(**data["preview"], published_at=datetime.fromisoformat(moment) if moment else None)
    return Page(preview, tuple(NamedFeed(**feed) for feed in data["feeds"]))


def _in_child(kind: str, document: bytes, url: str, content_type: str) -> dict[str, Any]:
    if len(document) > MOST_BYTES:
        raise TooHeavy
    request = json.dumps({"kind": kind, "url": url, "content_type": content_type}).encode() + b"\n"
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-c", _CHILD, str(Path(__file__).resolve().parents[2])],
            input=request + document,
            capture_output=True,
            timeout=WALL_SECONDS,
            check=False,
            env={},
        )
    except subprocess.TimeoutExpired as error:
        raise TooHeavy from error
    if done.returncode == child.NOT_A_FEED:
        raise NotAFeed
    if done.returncode != 0:
        raise TooHeavy
    result: dict[str, Any] = json.loads(done.stdout)
    return result

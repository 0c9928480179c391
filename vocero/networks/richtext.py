"""Where links, mentions and tags stand in a text, as Bluesky wants them: in UTF-8 bytes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import regex

from vocero.lib.text import count_graphemes, urls

_MENTION = regex.compile(
    r"(?<=^|[\s(\[\"'“„«])@((?:[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z][a-zA-Z0-9-]{0,61})"
)
_TAG = regex.compile(r"(?<=^|[\s(\[\"'“„«])[#＃](?!\ufe0f)([^\s\p{Cf}#＃]{1,200})")
_TAG_END = regex.compile(r"[\p{P}]+$")
_ONLY_DIGITS = regex.compile(r"[\p{N}\p{P}]+")
_MOST_TAG_CHARACTERS = 64

type Resolve = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Facet:
    """A span of a text, in characters, and what it is: `link`, `mention` or `tag` with its value."""

    start: int
    end: int
    kind: str
    value: str


def spans(text: str) -> list[Facet]:
    """Find links, mentions (value: the handle) and tags (value: without the sign) that do not overlap, in their order."""
    links = [Facet(start, end, "link", url) for start, end, url in urls(text)]
    taken = [(facet.start, facet.end) for facet in links]
    others = [*_mentions(text), *_tags(text)]
    free = [facet for facet in others if not any(start < facet.end and facet.start < end for start, end in taken)]
    return sorted([*links, *free], key=lambda facet: facet.start)


def facets(text: str, resolve: Resolve) -> list[dict[str, Any]]:
    """Give the facets of a record; `resolve` gives the account's id for a handle, None leaves the mention plain text."""
    found = []
    for facet in spans(text):
        feature = _feature(facet, resolve)
        if feature is not None:
            begin = len(text[: facet.start].encode())
            end = begin + len(text[facet.start : facet.end].encode())
            found.append({"index": {"byteStart": begin, "byteEnd": end}, "features": [feature]})
    return found


def _feature(facet: Facet, resolve: Resolve) -> dict[str, str] | None:
    if facet.kind == "link":
        return {"$type": "app.bsky.richtext.facet#link", "uri": facet.value}
    if facet.kind == "tag":
        return {"$type": "app.bsky.richtext.facet#tag", "tag": facet.value}
    did = resolve(facet.value)
    return {"$type": "app.bsky.richtext.facet#mention", "did": did} if did else None


def _mentions(text: str) -> Iterator[Facet]:
    for match in _MENTION.finditer(text):
        yield Facet(match.start(), match.end(), "mention", match[1].lower())


def _tags(text: str) -> Iterator[Facet]:
    for match in _TAG.finditer(text):
        tag = _TAG_END.sub("", match[1])
        if tag and not _ONLY_DIGITS.fullmatch(tag) and count_graphemes(tag) <= _MOST_TAG_CHARACTERS:
            yield Facet(match.start(), match.start() + 1 + len(tag), "tag", tag)

"""Feeds as frozen entries, and where the feeds of a website are."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

MOST_FEEDS_NAMED = 6
COMMON_PATHS = ("/feed", "/rss", "/feed.xml", "/rss.xml", "/atom.xml", "/index.xml", "/feed.json", "/blog/feed")
"""Where feeds are when a page does not say: WordPress, Ghost, Hugo, Jekyll and JSON Feed by their own defaults."""

_FEED_TYPES = {
    "application/rss+xml",
    "application/atom+xml",
    "application/feed+json",
    "application/json",
    "application/rdf+xml",
    "application/xml",
    "text/xml",
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that a feed offers: plain text on few lines, absolute http(s) addresses, moments in UTC."""

    guid: str
    url: str
    title: str
    summary: str = ""
    image_url: str = ""
    published_at: datetime | None = None
    language: str = ""


@dataclass(frozen=True, slots=True)
class Feed:
    """A feed that was read; its entries are in the feed's own order, at most 500 of them."""

    title: str
    site_url: str
    language: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class NamedFeed:
    """A feed that a page names: where it is and what the page calls it."""

    url: str
    title: str


def feed_of(data: dict[str, Any]) -> Feed:
    """Give the plain data of `parsing.read` as a Feed; entries without address and without title are left out."""
    entries = tuple(
        Entry(
            guid=entry["guid"],
            url=entry["url"],
            title=entry["title"],
            summary=entry["summary"],
            image_url=entry["image_url"],
            published_at=datetime.fromisoformat(entry["published_at"]) if entry["published_at"] else None,
            language=entry["language"],
        )
        for entry in data["entries"]
        if entry["url"]
    )
    return Feed(title=data["title"], site_url=data["site_url"], language=data["language"], entries=entries)


def feeds_named_by(page: str, *, url: str) -> tuple[NamedFeed, ...]:
    """Give the feeds that a page's `<link rel="alternate">` names, at most six; feeds of comments come last."""
    found: dict[str, NamedFeed] = {}
    for node in LexborHTMLParser(page).css("link[rel][href]"):
        attributes = node.attributes
        relations = (attributes.get("rel") or "").lower().split()
        kind = (attributes.get("type") or "").split(";")[0].strip().lower()
        if "alternate" not in relations or kind not in _FEED_TYPES or "stylesheet" in relations:
            continue
        address = _absolute((attributes.get("href") or "").strip(), url)
        if address and not _is_api(address):
            found.setdefault(address, NamedFeed(address, " ".join((attributes.get("title") or "").split())[:200]))
    ordered = sorted(found.values(), key=lambda feed: "comment" in f"{feed.url} {feed.title}".lower())
    return tuple(ordered[:MOST_FEEDS_NAMED])


def usual_places(url: str) -> tuple[str, ...]:
    """Give the addresses under which the feed of a website usually is, when its page names none."""
    parts = urlsplit(url)
    site = f"{parts.scheme}://{parts.netloc}"
    below = parts.path.rstrip("/")
    own = (f"{site}{below}/feed",) if below else ()
    return own + tuple(site + path for path in COMMON_PATHS)


def _absolute(href: str, base: str) -> str:
    try:
        address = urljoin(base, href)
        parts = urlsplit(address)
    except ValueError:
        return ""
    return address if parts.scheme in {"http", "https"} and parts.netloc and len(address) <= 2000 else ""


def _is_api(address: str) -> bool:
    """WordPress names its own interface and its embeds as alternates too; neither is a feed."""
    return "/wp-json/" in address or "oembed" in address

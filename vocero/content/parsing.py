"""Reads the bytes of a feed into plain data: RSS and Atom in all their spellings, and JSON Feed."""

import calendar
import html
import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import feedparser
import nh3

MOST_ENTRIES = 500
MOST_MARKUP = 20_000
MOST_SUMMARY = 2_000
MOST_TITLE = 300
MOST_URL = 2_000

_IMAGE_TAG = re.compile(r"""<img\b[^<>]{0,2000}?\bsrc\s*=\s*["']?([^"'\s<>]{1,2000})""", re.IGNORECASE)
_BLOCK_END = re.compile(r"(?i)<(?:br|/p|/div|/li|/h[1-6]|/tr|/blockquote)\b[^<>]*>")
_ELEMENT = re.compile(r"(?i)</?(?:a|b|br|div|em|i|iframe|img|li|ol|p|script|span|strong|style|ul)\b[^<>]*>")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200b\u2028\u2029\ufeff\ud800-\udfff]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")


class NotAFeed(Exception):
    """The bytes are neither RSS nor Atom nor JSON Feed."""


def read(document: bytes, *, url: str, content_type: str = "") -> dict[str, Any]:
    """Give a feed as plain data: `title`, `site_url`, `language` and at most 500 `entries` with text only.

    Every text is without markup and cut to its limit, every address absolute http(s), every moment UTC in ISO 8601.
    Raises NotAFeed. It may take arbitrarily long on hostile input: `vocero.content.reading` limits that.
    """
    start = document[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start[:1] == b"{":
        return _json_feed(document, url)
    return _xml_feed(document, url, content_type)


def _xml_feed(document: bytes, url: str, content_type: str) -> dict[str, Any]:
    headers = {"content-location": url}
    if content_type:
        headers["content-type"] = content_type
    parsed = feedparser.parse(
        io.BytesIO(document), response_headers=headers, sanitize_html=False, resolve_relative_uris=False
    )
    if not parsed.get("version"):
        raise NotAFeed
    head = parsed.feed
    return {
        "title": _text_of(head, "title", MOST_TITLE),
        "site_url": _web_address(head.get("link"), url),
        "language": _language(head.get("language")),
        "entries": [_xml_entry(entry, url) for entry in parsed.entries[:MOST_ENTRIES]],
    }


def _xml_entry(entry: Any, base: str) -> dict[str, Any]:
    identity = _string(entry.get("id"))
    address = _web_address(entry.get("feedburner_origlink") or entry.get("link"), base)
    if not address and begins_as_address(identity):
        address = _web_address(identity, base)
    contents = [content.get("value") for content in _dicts(entry.get("content"))]
    markup = next((_string(text) for text in (entry.get("summary"), *contents) if _string(text).strip()), "")
    whole = " ".join(_string(text)[:MOST_MARKUP] for text in (entry.get("summary"), *contents[:3]))
    return {
        "guid": identity or address,
        "url": address,
        "title": _text_of(entry, "title", MOST_TITLE),
        "summary": _plain(markup, MOST_SUMMARY),
        "image_url": next(_xml_images(entry, whole, base), ""),
        "published_at": _moment(entry.get("published_parsed") or entry.get("updated_parsed")),
        "language": _language(entry.get("language")),
    }


def _xml_images(entry: Any, markup: str, base: str) -> Iterator[str]:
    """Find the addresses of an entry's pictures, the likeliest first."""
    named: list[Any] = [
        media.get("url")
        for media in _dicts(entry.get("media_content"))
        if media.get("medium") == "image" or _string(media.get("type")).startswith("image/")
    ]
    named += [media.get("url") for media in _dicts(entry.get("media_thumbnail"))]
    named += [
        link.get("href")
        for link in _dicts(entry.get("links"))
        if link.get("rel") == "enclosure" and _string(link.get("type")).startswith("image/")
    ]
    image = entry.get("image")
    named += [image.get("href")] if isinstance(image, dict) else []
    named += [html.unescape(match[1]) for match in _IMAGE_TAG.finditer(markup)]
    return (address for address in (_web_address(name, base) for name in named) if address)


def _json_feed(document: bytes, url: str) -> dict[str, Any]:
    try:
        feed = json.loads(document.decode("utf-8-sig", errors="replace"))
    except (ValueError, RecursionError) as error:
        raise NotAFeed from error
    if not isinstance(feed, dict) or "jsonfeed.org" not in _string(feed.get("version")):
        raise NotAFeed
    return {
        "title": _line(_string(feed.get("title")), MOST_TITLE),
        "site_url": _web_address(feed.get("home_page_url"), url),
        "language": _language(feed.get("language")),
        "entries": [_json_entry(item, url) for item in _dicts(feed.get("items"))[:MOST_ENTRIES]],
    }


def _json_entry(item: dict[str, Any], base: str) -> dict[str, Any]:
    address = _web_address(item.get("url") or item.get("external_url"), base)
    markup = _string(item.get("content_html"))
    text = _string(item.get("summary")) or _string(item.get("content_text"))
    pictures = [item.get("image"), item.get("banner_image")]
    pictures += [html.unescape(match[1]) for match in _IMAGE_TAG.finditer(markup[:MOST_MARKUP])]
    return {
        "guid": _string(item.get("id")) or address,
        "url": address,
        "title": _line(_string(item.get("title")), MOST_TITLE),
        "summary": _cut(_tidy(text), MOST_SUMMARY) if text else _plain(markup, MOST_SUMMARY),
        "image_url": next(filter(None, (_web_address(picture, base) for picture in pictures)), ""),
        "published_at": _iso_moment(_string(item.get("date_published")) or _string(item.get("date_modified"))),
        "language": _language(item.get("language")),
    }


def begins_as_address(text: str) -> bool:
    """Say whether a text begins as a web address does."""
    return text[:8].lower().startswith(("http://", "https://"))


def _dicts(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _string(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return ""
    return str(value) if isinstance(value, str | int | float) else ""


def _text_of(part: Any, name: str, most: int) -> str:
    """Give a text construct on one line: markup is taken out only where the feed says that it is markup."""
    value = _string(part.get(name))[:MOST_MARKUP]
    detail = part.get(f"{name}_detail") or {}
    if detail.get("type") == "text/plain":
        return _line(html.unescape(value), most)
    return _line(_plain(value, MOST_SUMMARY), most)


def _plain(markup: str, most: int) -> str:
    """Give the text of markup; twice over where a feed escaped its markup once too often, as many do."""
    text = _stripped(markup[:MOST_MARKUP])
    return _cut(_tidy(_stripped(text) if _ELEMENT.search(text) else text), most)


def _stripped(markup: str) -> str:
    spaced = _BLOCK_END.sub(lambda match: "\n" + match[0], markup)
    return html.unescape(nh3.clean(spaced, tags=set()))


def _tidy(text: str) -> str:
    lines = [" ".join(line.split()) for line in _CONTROL.sub("", text).splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def _line(text: str, most: int) -> str:
    return _cut(" ".join(_tidy(text).split()), most)


def _cut(text: str, most: int) -> str:
    if len(text) <= most:
        return text
    kept = text[: most - 1]
    space = kept.rfind(" ")
    return (kept[:space] if space > most * 2 // 3 else kept).rstrip(" ,;:.-–—") + "…"


def _web_address(value: Any, base: str) -> str:
    """Give an absolute http(s) address, or nothing."""
    text = _string(value).strip()
    if not text or len(text) > MOST_URL or _CONTROL.search(text) or any(character.isspace() for character in text):
        return ""
    try:
        address = urljoin(base, text)
        parts = urlsplit(address)
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.netloc or "@" in parts.netloc:
        return ""
    return address if len(address) <= MOST_URL else ""


def _language(value: Any) -> str:
    text = _string(value).strip()
    return text.replace("_", "-").split("-")[0].lower() if _LANGUAGE.fullmatch(text) else ""


def _moment(parsed: Any) -> str:
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC).isoformat() if parsed else ""
    except (ValueError, OverflowError, OSError, TypeError):
        return ""


def _iso_moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        return ""

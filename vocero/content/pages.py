"""What a web page says about itself for a link preview: OpenGraph, Twitter cards, JSON-LD, then plain HTML."""

import codecs
import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from vocero.lib.text import one_line, strip_html, tidy, truncate

MOST_BYTES = 1024 * 1024
MOST_TITLE = 300
MOST_DESCRIPTION = 2_000
MOST_URL = 2_000

_CHARSET_IN_META = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)
_CHARSET_IN_TYPE = re.compile(r"""charset\s*=\s*["']?([A-Za-z0-9_:.-]{2,40})""", re.IGNORECASE)
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_][A-Za-z0-9]{2,8})*")
_DESCRIBED = ("article", "posting", "webpage", "product", "event", "video", "recipe", "report", "course", "episode")
_MOST_LINKED_DATA = 40
_TRACKING = {"fbclid", "gclid", "mc_cid", "mc_eid", "igshid", "ref_src"}


@dataclass(frozen=True, slots=True)
class Preview:
    """What a page says about itself: plain text, absolute http(s) addresses, UTC; whatever it does not say is empty."""

    url: str
    title: str = ""
    description: str = ""
    image_url: str = ""
    image_alt: str = ""
    site_name: str = ""
    language: str = ""
    published_at: datetime | None = None


def read_page(document: bytes, *, url: str, content_type: str = "") -> Preview:
    """Read a page that was found at `url`; only the first mebibyte is looked at.

    For each field the first that says something wins: OpenGraph (ogp.me), Twitter cards, JSON-LD (schema.org), HTML.
    """
    text = decoded(document[:MOST_BYTES], content_type)
    tree = LexborHTMLParser(text)
    meta = _meta(tree)
    linked = _linked_data(tree)
    base = _base(tree, url)
    preview = Preview(
        url=_address_of(tree, meta, url, base),
        title=truncate(one_line(_first(_titles(tree, meta, linked))), MOST_TITLE),
        description=truncate(tidy(strip_html(_first(_descriptions(meta, linked)))), MOST_DESCRIPTION),
        image_url=_first(_absolute(image, base) for image in _images(tree, meta, linked)),
        image_alt=truncate(one_line(_first((meta.get("og:image:alt"), meta.get("twitter:image:alt")))), 1000),
        site_name=truncate(one_line(_first(_site_names(meta, linked))), 120),
        language=_language(_languages(tree, meta, linked)),
        published_at=_moment(_first((meta.get("article:published_time"), _said(linked, "datePublished")))),
    )
    return preview if preview.site_name else replace(preview, site_name=host_of(url)[:120])


def decoded(document: bytes, content_type: str = "") -> str:
    """Give a page's text: by its byte order mark, the header, its own meta tag, as UTF-8, or as Windows-1252."""
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8"),
        (codecs.BOM_UTF16_LE, "utf-16-le"),
        (codecs.BOM_UTF16_BE, "utf-16-be"),
    ):
        if document.startswith(mark):
            return document[len(mark) :].decode(name, errors="replace")
    named = _CHARSET_IN_TYPE.search(content_type)
    in_page = _CHARSET_IN_META.search(document[:4096])
    for name in (named[1] if named else "", in_page[1].decode("ascii") if in_page else ""):
        codec = _text_codec(name)
        if codec:
            return document.decode(codec, errors="replace")
    try:
        return document.decode()
    except UnicodeDecodeError as error:
        if error.reason == "unexpected end of data":  # the cut went through a character
            return document.decode(errors="replace")
        return document.decode("windows-1252", errors="replace")


def host_of(url: str) -> str:
    """Give the host of an address as people say it: without `www.`."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def is_web_address(url: str) -> bool:
    """Say whether a typed text is the whole address of a page: http(s), a host, no user, nothing that cannot be."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    sound = not any(character.isspace() or character in '<>"' for character in url) and "@" not in parts.netloc
    return sound and parts.scheme in {"http", "https"} and "." in host.strip(".") and len(url) <= MOST_URL


def page_key(url: str) -> str:
    """Give the same 64 characters for the spellings of one page's address: scheme, `www.`, slash, UTM values, fragment."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return ""
    if not parts.netloc:
        return ""
    values = sorted(
        (name, value)
        for name, value in parse_qsl(parts.query, keep_blank_values=True)
        if not name.lower().startswith("utm_") and name.lower() not in _TRACKING
    )
    host = parts.netloc.lower().removeprefix("www.").removesuffix(":80").removesuffix(":443")
    return hashlib.sha256(f"{host}{parts.path.rstrip('/')}?{urlencode(values)}".encode()).hexdigest()


def _text_codec(name: str) -> str:
    """Give the codec of a charset's name as browsers read it (latin-1 is Windows-1252); nothing for unknown ones."""
    if name.lower() in {"iso-8859-1", "latin1", "latin-1", "ascii", "us-ascii"}:
        return "windows-1252"
    try:
        found = codecs.lookup(name) if name else None
        "".encode(name)
    except (LookupError, UnicodeError, ValueError):
        return ""
    return found.name if found else ""


def _meta(tree: LexborHTMLParser) -> dict[str, str]:
    """Give the content of each meta tag by its property or name, in lower case; the first of a name wins."""
    found: dict[str, str] = {}
    for node in tree.css("meta[content]"):
        attributes = node.attributes
        content = (attributes.get("content") or "").strip()
        for key in ("property", "name", "itemprop", "http-equiv"):
            name = (attributes.get(key) or "").strip().lower()
            if name and content:
                found.setdefault(name, content)
    return found


def _linked_data(tree: LexborHTMLParser) -> list[dict[str, Any]]:
    """Give the JSON-LD objects that describe what the page is about, most telling types first."""
    found: list[dict[str, Any]] = []
    for node in tree.css('script[type="application/ld+json"]')[:10]:
        try:
            found += _objects(json.loads(node.text(strip=True)))
        except (ValueError, RecursionError):
            continue
    described = [item for item in found[:_MOST_LINKED_DATA] if any(word in _type(item) for word in _DESCRIBED)]
    return sorted(described, key=lambda item: _type(item) == "webpage")


def _objects(data: Any) -> Iterator[dict[str, Any]]:
    for item in data if isinstance(data, list) else [data]:
        if isinstance(item, dict):
            yield item
            graph = item.get("@graph")
            yield from (part for part in (graph if isinstance(graph, list) else []) if isinstance(part, dict))


def _type(item: dict[str, Any]) -> str:
    kinds = item.get("@type")
    return " ".join(str(kind) for kind in (kinds if isinstance(kinds, list) else [kinds])).lower()


def _said(linked: list[dict[str, Any]], name: str) -> str:
    """Give what JSON-LD says under a name: a text, or the name or address of an object."""
    return _first(_word(item.get(name)) for item in linked)


def _word(value: Any) -> str:
    if isinstance(value, list):
        return _first(_word(part) for part in value[:5])
    if isinstance(value, dict):
        return _first(
            value.get(key) for key in ("url", "contentUrl", "name", "@value") if isinstance(value.get(key), str)
        )
    return value if isinstance(value, str) else ""


def _titles(tree: LexborHTMLParser, meta: dict[str, str], linked: list[dict[str, Any]]) -> Iterator[str]:
    yield from (
        meta.get("og:title", ""),
        meta.get("twitter:title", ""),
        _said(linked, "headline"),
        _said(linked, "name"),
    )
    for selector in ("head > title", "title", "h1"):
        node = tree.css_first(selector)
        yield node.text(strip=True) if node else ""


def _descriptions(meta: dict[str, str], linked: list[dict[str, Any]]) -> Iterator[str]:
    yield from (meta.get("og:description", ""), meta.get("twitter:description", ""), _said(linked, "description"))
    yield from (meta.get("description", ""), meta.get("dc.description", ""))


def _images(tree: LexborHTMLParser, meta: dict[str, str], linked: list[dict[str, Any]]) -> Iterator[str]:
    yield from (meta.get("og:image:secure_url", ""), meta.get("og:image", ""), meta.get("og:image:url", ""))
    yield from (meta.get("twitter:image", ""), meta.get("twitter:image:src", ""))
    yield from (_said(linked, "image"), _said(linked, "thumbnailUrl"), meta.get("image", ""))
    node = tree.css_first('link[rel="image_src"][href]')
    yield (node.attributes.get("href") or "") if node else ""


def _site_names(meta: dict[str, str], linked: list[dict[str, Any]]) -> Iterator[str]:
    yield meta.get("og:site_name", "")
    for item in linked:
        publisher = item.get("publisher")
        yield publisher["name"] if isinstance(publisher, dict) and isinstance(publisher.get("name"), str) else ""
    yield from (meta.get("application-name", ""), meta.get("apple-mobile-web-app-title", ""))


def _languages(tree: LexborHTMLParser, meta: dict[str, str], linked: list[dict[str, Any]]) -> Iterator[str]:
    node = tree.css_first("html")
    attributes = node.attributes if node else {}
    yield from (attributes.get("lang") or "", attributes.get("xml:lang") or "", meta.get("og:locale", ""))
    yield from (_said(linked, "inLanguage"), meta.get("content-language", ""), meta.get("language", ""))


def _language(said: Iterator[str]) -> str:
    for text in said:
        match = _LANGUAGE.fullmatch(text.strip())
        if match:
            return match[1].lower()
    return ""


def _base(tree: LexborHTMLParser, url: str) -> str:
    node = tree.css_first("base[href]")
    return _absolute((node.attributes.get("href") or "") if node else "", url) or url


def _address_of(tree: LexborHTMLParser, meta: dict[str, str], url: str, base: str) -> str:
    """Give the page's own address where it names one on the same host and not just its front page; else `url`."""
    node = tree.css_first('link[rel="canonical"][href]')
    for named in ((node.attributes.get("href") or "") if node else "", meta.get("og:url", "")):
        address = _absolute(named, base)
        if address and host_of(address) == host_of(url) and _is_as_deep(address, url):
            return address
    return url


def _is_as_deep(address: str, url: str) -> bool:
    return urlsplit(address).path.strip("/") != "" or urlsplit(url).path.strip("/") == ""


def _absolute(address: str, base: str) -> str:
    try:
        whole = urljoin(base, address.strip()) if address.strip() else ""
        parts = urlsplit(whole)
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.netloc or "@" in parts.netloc or len(whole) > MOST_URL:
        return ""
    return "" if any(character.isspace() for character in whole) else whole


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _first(texts: Any) -> str:
    """Give the first that is not empty."""
    return next((text for text in texts if isinstance(text, str) and text.strip()), "")

"""Asks other servers for feeds, pages and pictures, and turns whatever comes back into a result or a reason; no database."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from vocero.content.feeds import Feed, NamedFeed, usual_places
from vocero.content.pages import Preview, host_of
from vocero.content.reading import MOST_BYTES, NotAFeed, Page, TooHeavy, read_feed, read_page
from vocero.lib.http import Answer, CallFailed, Forbidden, NotSent, fetch

FEED_SECONDS = 10.0
PAGE_SECONDS = 8.0
IMAGE_SECONDS = 8.0
MOST_IMAGE_BYTES = 8 * 1024 * 1024
LONGEST_WAIT = timedelta(days=7)
_ACCEPT_FEED = "application/atom+xml, application/rss+xml, application/feed+json, application/xml;q=0.8, */*;q=0.5"
_ACCEPT_PAGE = "text/html, application/xhtml+xml;q=0.9, */*;q=0.5"
_PERMANENT = {301, 308}


@dataclass(frozen=True, slots=True)
class Fetched:
    """A feed came, with what to ask with next time; `moved_to` is set when every redirect on the way was for good."""

    feed: Feed
    etag: str
    last_modified: str
    moved_to: str = ""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The server says that nothing changed since last time (304)."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The server says that the feed is gone for good (410)."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Nothing usable came: `reason` is a code of `vocero.content.health`, `wait` what the server asked for."""

    reason: str
    wait: timedelta | None = None


type FeedResult = Fetched | Unchanged | Gone | Failed


@dataclass(frozen=True, slots=True)
class Discovery:
    """What stands behind a pasted address: feeds that were read (none: offer the page as a single link), or a reason."""

    site_url: str
    site_name: str
    feeds: tuple[tuple[NamedFeed, Feed], ...]
    preview: Preview | None = None
    reason: str = ""


class FetchFailed(Exception):
    """A page or picture could not be had; `reason` is a code of `vocero.content.health`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def fetch_feed(url: str, *, at: datetime, etag: str = "", last_modified: str = "") -> FeedResult:
    """Ask for a feed, only if it changed since `etag` or `last_modified` (RFC 9110, 13.1); never raises for an answer."""
    headers = {"Accept": _ACCEPT_FEED}
    if etag:
        headers["If-None-Match"] = etag
    if last_modified:
        headers["If-Modified-Since"] = last_modified
    try:
        answer = fetch(url, headers=headers, most_bytes=MOST_BYTES, seconds=FEED_SECONDS)
    except CallFailed as error:
        return Failed(_call_reason(error))
    if answer.status in {304, 410}:
        return Unchanged() if answer.status == 304 else Gone()
    if not answer.ok:
        return Failed(_status_reason(answer.status), _asked_to_wait(answer, at))
    try:
        feed = read_feed(answer.body, url=answer.url, content_type=answer.header("content-type"))
    except (NotAFeed, TooHeavy) as error:
        return Failed("not_a_feed" if isinstance(error, NotAFeed) else "too_heavy")
    return Fetched(feed, answer.header("etag"), answer.header("last-modified"), moved_for_good(answer))


def fetch_page(url: str) -> Page:
    """Ask for a page and read what it says about itself. Raises FetchFailed."""
    try:
        answer = fetch(url, headers={"Accept": _ACCEPT_PAGE}, most_bytes=MOST_BYTES, seconds=PAGE_SECONDS)
    except CallFailed as error:
        raise FetchFailed(_call_reason(error)) from error
    return _page_of(answer)


def fetch_image(url: str) -> bytes:
    """Ask for a picture; what comes is not looked at. Raises FetchFailed."""
    try:
        answer = fetch(url, headers={"Accept": "image/*"}, most_bytes=MOST_IMAGE_BYTES, seconds=IMAGE_SECONDS)
    except CallFailed as error:
        raise FetchFailed(_call_reason(error)) from error
    if not answer.ok:
        raise FetchFailed(_status_reason(answer.status))
    return answer.body


def find_feeds(typed: str, *, at: datetime) -> Discovery:
    """Find the feeds of a website by an address as people paste it, scheme or not; makes at most a dozen calls.

    The address itself may be a feed; else the page's own links are tried, else the usual places. A site without any
    feed gives no feeds but the page's preview, so that it can be offered as a single link.
    """
    asked, answer, reason = _first_answer(typed)
    if answer is None:
        return Discovery(site_url=asked, site_name="", feeds=(), reason=reason)
    itself = _feed_in(answer)
    if itself is not None:
        site = itself.site_url or answer.url
        named = NamedFeed(moved_for_good(answer) or asked, itself.title or host_of(answer.url))
        return Discovery(site, itself.title or host_of(site), ((named, itself),))
    try:
        page = _page_of(answer)
    except FetchFailed as error:
        return Discovery(site_url=answer.url, site_name="", feeds=(), reason=error.reason)
    feeds = tuple(_readable(page.feeds, at)) or tuple(_readable(_usual(answer.url), at, most=1))
    return Discovery(answer.url, page.preview.site_name, feeds, page.preview)


def moved_for_good(answer: Answer) -> str:
    """Give the address that an answer moved to when every redirect was permanent (301, 308); else nothing."""
    if answer.moved and all(status in _PERMANENT for status, _ in answer.moved):
        return answer.moved[-1][1]
    return ""


def _first_answer(typed: str) -> tuple[str, Answer | None, str]:
    """Ask for what a typed address may mean; give the address asked, its answer if it is a success, or the reason."""
    asked, reason = typed, "refused"
    for asked in _with_scheme(typed):
        try:
            answer = fetch(asked, headers={"Accept": _ACCEPT_PAGE}, most_bytes=MOST_BYTES, seconds=PAGE_SECONDS)
        except CallFailed as error:
            reason = _call_reason(error)
            continue
        if answer.ok:
            return asked, answer, ""
        return asked, None, _status_reason(answer.status)
    return asked, None, reason


def _with_scheme(typed: str) -> tuple[str, ...]:
    """Give the addresses that a typed one may mean: as it is, or with https and then http before it."""
    text = typed.strip()
    text = re.sub(r"^feed:(//)?", "", text, flags=re.IGNORECASE)
    if re.match(r"(?i)https?://", text):
        return (text,)
    return (f"https://{text}", f"http://{text}") if text else ("",)


def _page_of(answer: Answer) -> Page:
    if not answer.ok:
        raise FetchFailed(_status_reason(answer.status))
    kind = answer.header("content-type").split(";")[0].strip().lower()
    if kind and kind not in {"text/html", "application/xhtml+xml", "text/plain", "application/octet-stream"}:
        raise FetchFailed("not_a_page")
    try:
        return read_page(answer.body, url=answer.url, content_type=answer.header("content-type"))
    except TooHeavy as error:
        raise FetchFailed("too_heavy") from error


def _feed_in(answer: Answer) -> Feed | None:
    start = answer.body[:2048].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return None
    try:
        return read_feed(answer.body, url=answer.url, content_type=answer.header("content-type"))
    except (NotAFeed, TooHeavy):
        return None


def _readable(named: tuple[NamedFeed, ...], at: datetime, most: int = 6) -> Iterator[tuple[NamedFeed, Feed]]:
    """Fetch the feeds that a page names and give those that can be read and have entries, the first `most`."""
    given = 0
    for one in named:
        result = fetch_feed(one.url, at=at)
        if isinstance(result, Fetched) and result.feed.entries:
            title = result.feed.title or one.title or host_of(one.url)
            yield NamedFeed(result.moved_to or one.url, title[:200]), result.feed
            given += 1
            if given == most:
                return


def _usual(url: str) -> tuple[NamedFeed, ...]:
    return tuple(NamedFeed(place, "") for place in usual_places(url))


def _call_reason(error: CallFailed) -> str:
    if isinstance(error, Forbidden):
        return "refused"
    known = {
        "timeout": "timeout",
        "too large": "too_large",
        "redirects": "redirects",
        "name not found": "name_not_found",
    }
    return known.get(error.reason, "unreachable" if isinstance(error, NotSent) else "broken")


def _status_reason(status: int) -> str:
    if status in {401, 402, 403, 407, 451}:
        return "forbidden"
    if status in {404, 410}:
        return "not_found"
    if status == 429:
        return "busy"
    return "server_error" if status >= 500 else "unexpected"


def _asked_to_wait(answer: Answer, at: datetime) -> timedelta | None:
    """Give what Retry-After asks for (seconds or a date, RFC 9110, 10.2.3), at most a week."""
    asked = answer.header("retry-after").strip()
    if not asked:
        return None
    if asked.isascii() and asked.isdigit():
        return min(timedelta(seconds=int(asked[:9])), LONGEST_WAIT)
    try:
        moment = parsedate_to_datetime(asked)
    except (ValueError, TypeError):
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max(moment - at, timedelta()), LONGEST_WAIT)

"""Due work of content: fetch sources, read linked pages and keep their pictures, put away what is over."""

import logging
from datetime import datetime, timedelta

from vocero.company.files import NotAnImage, store_image
from vocero.company.models import StoredFile
from vocero.content import services
from vocero.content.fetching import FetchFailed, fetch_feed, fetch_image, fetch_page
from vocero.content.models import Post, Source
from vocero.content.pages import Preview
from vocero.lib import clock

LEASE = timedelta(seconds=120)
"""Longer than the slowest fetch (10 s of calls, 30 s of reading), so that a claim ends only when its worker is gone."""
SOURCES_AT_ONCE = 10
PREVIEWS_AT_ONCE = 10
CARD_SIDE = 1200

logger = logging.getLogger(__name__)


def fetch_due_sources(at: datetime, *, at_most: int = SOURCES_AT_ONCE) -> int:
    """Fetch the sources that are due, the longest waiting first; gives how many were fetched.

    Each is claimed by a lease before its call and the answer is stored only under that lease, so any number of workers
    never fetch one source twice. No transaction is open during a call.
    """
    fetched = 0
    for source_id in services.due_sources(at).values_list("pk", flat=True)[:at_most]:
        source = services.claim_source(source_id, at=at, until=_lease(at))
        if source is not None:
            _fetch(source, at)
            fetched += 1
    return fetched


def read_due_pages(at: datetime, *, at_most: int = PREVIEWS_AT_ONCE) -> int:
    """Read the pages that new posts link to, fill what their feed did not say and keep the card's picture; gives how many."""
    read = 0
    for post_id in services.due_previews(at).values_list("pk", flat=True)[:at_most]:
        post = services.claim_preview(post_id, at=at, until=_lease(at))
        if post is not None:
            preview = _preview_of(post)
            image = card_image(preview.image_url if preview else "", post.remote_image_url, at=at)
            services.record_preview(post, preview=preview, image=image, at=at)
            read += 1
    return read


def expire_posts(at: datetime) -> int:
    """Put away waiting and offered posts whose expiry has passed; gives how many."""
    return services.expire_posts(at)


def card_image(*addresses: str, at: datetime) -> StoredFile | None:
    """Keep the first picture of these addresses that can be had and decoded; None when there is none."""
    for address in dict.fromkeys(filter(None, addresses)):
        try:
            return store_image(fetch_image(address), at=at, longest_side=CARD_SIDE)
        except (FetchFailed, NotAnImage):
            continue
    return None


def _fetch(source: Source, at: datetime) -> services.Ingested:
    result = fetch_feed(source.feed_url, at=at, etag=source.etag, last_modified=source.last_modified)
    ingested = services.record_fetch(source, result, at=at)
    logger.info("source %s: %s, %s new", source.public_id, type(result).__name__.lower(), ingested.new)
    return ingested


def _preview_of(post: Post) -> Preview | None:
    try:
        return fetch_page(post.url).preview
    except FetchFailed:
        return None


def _lease(at: datetime) -> datetime:
    """Give the end of a claim that begins now; earlier work of the same run may have taken its time."""
    return max(at, clock.now()) + LEASE


def fetch_now(source: Source, at: datetime) -> services.Ingested | None:
    """Fetch one source at once because somebody waits for it; None when another worker is at it already."""
    claimed = services.claim_source(source.pk, at=at, until=_lease(at))
    return _fetch(claimed, at) if claimed is not None else None

"""Takes a feed's entries in as posts: each once, within the source's limits, and straight to colleagues where allowed."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models.functions import Coalesce

from vocero.company.models import Program
from vocero.company.queries import company_day, house, reporting_zone
from vocero.content.feeds import Entry, Feed
from vocero.content.models import Caption, Post, Source
from vocero.content.pages import host_of, page_key
from vocero.content.searching import search_text
from vocero.lib.periods import day_starts_at
from vocero.lib.text import truncate

LONGEST_GUID = 500


@dataclass(frozen=True, slots=True)
class Ingested:
    """What became of a feed's entries: new posts, known ones, too old ones, and those left for another day."""

    new: int = 0
    known: int = 0
    too_old: int = 0
    left_for_later: int = 0


@transaction.atomic
def ingest_entries(source: Source, feed: Feed, *, at: datetime) -> Ingested:
    """Make posts of the entries that are new, newest first, as many as the source's limits leave room for today.

    Known is an entry whose id came from this source before, or whose page is a post of the program already, dismissed
    ones included. Days are the company's. Over `most_active` the oldest give way.
    """
    Program.objects.select_for_update().get(pk=source.program_id)  # two sources may bring the same page at once
    fresh, known, too_old = _sorted_out(source, feed, at)
    room = max(source.most_new_a_day - _made_today(source, at), 0)
    for entry in reversed(fresh[:room]):
        _make_post(source, feed, entry, at)
    if fresh[:room]:
        expire_surplus(source, at=at)
    return Ingested(new=len(fresh[:room]), known=known, too_old=too_old, left_for_later=max(len(fresh) - room, 0))


def expire_surplus(source: Source, *, at: datetime) -> int:
    """Put away the oldest posts of a source over its limit, waiting and offered ones apart; gives how many."""
    put_away = 0
    for state in (Post.State.INBOX, Post.State.OFFERED):
        newest_first = (
            Post.objects.filter(source=source, state=state)
            .order_by(Coalesce("published_at", "created_at").desc(), "-pk")
            .values_list("pk", flat=True)
        )
        surplus = list(newest_first[source.most_active :])
        put_away += Post.objects.filter(pk__in=surplus).update(
            state=Post.State.ARCHIVED, archived_at=at, expires_at=at, updated_at=at
        )
    return put_away


def goes_straight_in(source: Source) -> bool:
    """Say whether entries of a source are offered without review: all four are set and the question is answered."""
    return bool(
        source.straight_in
        and source.self_check_at
        and source.kind
        and source.origin
        and source.purposes
        and source.topics.exists()
    )


def _sorted_out(source: Source, feed: Feed, at: datetime) -> tuple[list[Entry], int, int]:
    """Give the entries that are new (newest first, each page once), and how many are known or too old."""
    oldest = at - timedelta(days=source.days_active)
    keys = {page_key(entry.url) for entry in feed.entries}
    guids = {_guid(entry) for entry in feed.entries}
    seen_keys = set(Post.objects.filter(program=source.program_id, url_key__in=keys).values_list("url_key", flat=True))
    seen_guids = set(Post.objects.filter(source=source, guid__in=guids).values_list("guid", flat=True))
    fresh: list[Entry] = []
    known = too_old = 0
    for entry in sorted(feed.entries, key=lambda entry: entry.published_at or at, reverse=True):
        key, guid = page_key(entry.url), _guid(entry)
        if key in seen_keys or guid in seen_guids:
            known += 1
        elif entry.published_at and entry.published_at < oldest:
            too_old += 1
        else:
            fresh.append(entry)
            seen_keys.add(key)
            seen_guids.add(guid)
    return fresh, known, too_old


def _guid(entry: Entry) -> str:
    guid = entry.guid or entry.url
    return guid if len(guid) <= LONGEST_GUID else "sha256:" + hashlib.sha256(guid.encode()).hexdigest()


def _made_today(source: Source, at: datetime) -> int:
    company = house()
    begins_at = day_starts_at(company_day(company, at), reporting_zone(company, at))
    return Post.objects.filter(source=source, created_at__gte=begins_at).exclude(guid="").count()


def _make_post(source: Source, feed: Feed, entry: Entry, at: datetime) -> None:
    straight_in = goes_straight_in(source) and bool(entry.title)
    language = source.language or entry.language or feed.language
    post = Post(
        program=source.program,
        source=source,
        guid=_guid(entry),
        state=Post.State.OFFERED if straight_in else Post.State.INBOX,
        url=entry.url,
        url_key=page_key(entry.url),
        title=entry.title or truncate(entry.summary, 120),
        description=entry.summary,
        site_name=host_of(entry.url)[:120],
        remote_image_url=entry.image_url,
        preview_due_at=at,
        published_at=min(entry.published_at, at) if entry.published_at else None,
        kind=source.kind,
        origin=source.origin,
        purposes=source.purposes,
        language=language,
        expires_at=at + timedelta(days=source.days_active),
        created_at=at,
        updated_at=at,
        offered_at=at if straight_in else None,
        self_check_at=source.self_check_at if straight_in else None,
    )
    post.search_text = search_text(post, [])
    post.save(force_insert=True)
    post.topics.set(source.topics.all())
    if straight_in:
        Caption.objects.create(post=post, language=language or house().language, text=entry.title, created_at=at)

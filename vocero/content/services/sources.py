"""Writes sources: adding, what their manager decided, what a fetch brought, pausing and mending."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import SystemRandom

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from vocero.company.models import Program
from vocero.content.fetching import Failed, FeedResult, Fetched, Gone
from vocero.content.models import Kind, Origin, Purpose, Source, Topic
from vocero.content.pages import is_web_address
from vocero.content.services.entries import Ingested, ingest_entries
from vocero.lib.errors import Refusal

FETCH_EVERY = timedelta(hours=1)
FIRST_WAIT = timedelta(minutes=15)
LONGEST_WAIT = timedelta(hours=24)
JITTER = 0.2

_DECIDED = "name language kind origin purposes straight_in self_check_at days_active most_active most_new_a_day".split()
_random = SystemRandom()


class SourceRefused(Refusal):
    """A source cannot be added or changed like this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDetails:
    """What a manager decides about a source; blank kind, origin and purposes are asked for at each entry."""

    name: str
    language: str = ""
    kind: str = ""
    origin: str = ""
    purposes: tuple[str, ...] = ()
    topics: tuple[Topic, ...] = field(default=())
    straight_in: bool = False
    would_post_myself: bool = False
    days_active: int = 30
    most_active: int = 50
    most_new_a_day: int = 10


def add_source(program: Program, *, feed_url: str, site_url: str, details: SourceDetails, at: datetime) -> Source:
    """Add a source; its first fetch is due at once. Raises SourceRefused for a feed that is there already."""
    source = Source(program=program, feed_url=feed_url, site_url=site_url, next_fetch_at=at, created_at=at)
    if not is_web_address(feed_url):
        raise SourceRefused(_("Please give the address of a website or feed."), field="feed_url")
    try:
        with transaction.atomic():
            _take_details(source, details, at)
            source.save(force_insert=True)
            source.topics.set(details.topics)
    except IntegrityError as error:
        raise SourceRefused(_("This feed is among your sources already."), field="feed_url") from error
    return source


@transaction.atomic
def edit_source(source: Source, *, details: SourceDetails, at: datetime) -> None:
    """Change what was decided about a source; it holds for entries that come from now on. Raises SourceRefused.

    The next fetch asks without condition, so that entries left out by the old limits can come in.
    """
    _take_details(source, details, at)
    source.etag = source.last_modified = ""
    source.save(update_fields=[*_DECIDED, "etag", "last_modified"])
    source.topics.set(details.topics)


def _take_details(source: Source, details: SourceDetails, at: datetime) -> None:
    _check_details(details)
    source.name = details.name.strip()[:200]
    source.language, source.kind, source.origin = details.language, details.kind, details.origin
    source.purposes = list(dict.fromkeys(details.purposes))
    source.days_active, source.most_active = details.days_active, details.most_active
    source.most_new_a_day = details.most_new_a_day
    source.straight_in = details.straight_in
    if not details.would_post_myself:
        source.self_check_at = None
    elif source.self_check_at is None:
        source.self_check_at = at


def _check_details(details: SourceDetails) -> None:
    """Refuse what cannot be, and straight in without its five conditions."""
    if not details.name.strip():
        raise SourceRefused(_("Please give the source a name."), field="name")
    if details.kind not in {"", *Kind.values} or details.origin not in {"", *Origin.values}:
        raise SourceRefused(_("Please choose kind and origin from the lists."), field="kind")
    if not set(details.purposes) <= set(Purpose.values):
        raise SourceRefused(_("Please choose the purpose from the list."), field="purposes")
    for name, least, most in (("days_active", 1, 365), ("most_active", 1, 500), ("most_new_a_day", 1, 100)):
        if not least <= getattr(details, name) <= most:
            raise SourceRefused(
                _("Please give a number from %(least)s to %(most)s."), field=name, least=least, most=most
            )
    if not details.straight_in:
        return
    if not (details.kind and details.origin and details.purposes and details.topics):
        raise SourceRefused(
            _(
                "Entries can go straight to colleagues only when you have chosen kind, origin, purpose and topics for them."
            ),
            field="straight_in",
        )
    if not details.would_post_myself:
        raise SourceRefused(
            _("Please answer first: would you post what comes from here on your own profile?"),
            field="would_post_myself",
        )


def pause_source(source: Source) -> None:
    """Stop looking for new entries; what came in stays."""
    Source.objects.filter(pk=source.pk, state=Source.State.ACTIVE).update(state=Source.State.PAUSED)
    source.refresh_from_db()


def mend_source(source: Source, *, at: datetime, feed_url: str = "") -> None:
    """Start anew with a source that is down, gone or paused: no failures, due at once, at another address if given.

    Raises SourceRefused when another source has that address.
    """
    changes = {"etag": "", "last_modified": "", "lease_until": None}  # an answer on its way counts no more
    if feed_url and feed_url != source.feed_url:
        if not is_web_address(feed_url):
            raise SourceRefused(_("Please give the whole address of the feed, with https://."), field="feed_url")
        changes["feed_url"] = feed_url
    try:
        with transaction.atomic():
            Source.objects.filter(pk=source.pk).update(
                state=Source.State.ACTIVE, failures=0, last_error="", next_fetch_at=at, **changes
            )
    except IntegrityError as error:
        raise SourceRefused(_("This feed is among your sources already."), field="feed_url") from error
    source.refresh_from_db()


def remove_source(source: Source, *, at: datetime) -> None:
    """Put a source away; posts that came from it stay."""
    Source.objects.filter(pk=source.pk, archived_at=None).update(archived_at=at, straight_in=False)
    source.refresh_from_db()


def claim_source(source_id: int, *, at: datetime, until: datetime) -> Source | None:
    """Take a due source for one fetch until a moment; None when it is not due or another worker has it."""
    taken = (
        due_sources(at)
        .filter(pk=source_id)
        .filter(Q(lease_until=None) | Q(lease_until__lte=at))
        .update(lease_until=until)
    )
    return Source.objects.select_related("program").get(pk=source_id) if taken else None


def due_sources(at: datetime) -> QuerySet[Source]:
    """Give the sources to be fetched at this moment, the longest waiting first."""
    return Source.objects.filter(state=Source.State.ACTIVE, archived_at=None, next_fetch_at__lte=at).order_by(
        "next_fetch_at"
    )


@transaction.atomic
def record_fetch(source: Source, result: FeedResult, *, at: datetime) -> Ingested:
    """Store what a fetch of a claimed source brought, and when to ask again; counts nothing when the claim was lost.

    `source` is the row as it was claimed: its lease is the fence, so an answer that comes after another worker took
    over is dropped.
    """
    held = Source.objects.select_for_update().filter(pk=source.pk, lease_until=source.lease_until).first()
    if held is None or held.state != Source.State.ACTIVE or held.archived_at is not None:
        return Ingested()
    held.lease_until, held.fetched_at = None, at
    ingested = Ingested()
    if isinstance(result, Failed):
        held.failures = min(held.failures + 1, 1000)
        held.last_error = result.reason
        held.next_fetch_at = at + _wait_after(held.failures, result.wait)
    elif isinstance(result, Gone):
        held.state, held.last_error, held.failures = Source.State.GONE, "gone", held.failures + 1
    else:
        held.failures, held.last_error, held.succeeded_at = 0, "", at
        held.next_fetch_at = at + FETCH_EVERY * _random.uniform(1 - JITTER, 1 + JITTER)
        if isinstance(result, Fetched):
            ingested = _take_feed(held, result, at)
    held.save()
    return ingested


def _take_feed(source: Source, result: Fetched, at: datetime) -> Ingested:
    ingested = ingest_entries(source, result.feed, at=at)
    complete = not ingested.left_for_later
    # With entries left over, the next answer must not be "unchanged".
    source.etag = result.etag if complete and len(result.etag) <= 400 else ""
    source.last_modified = result.last_modified if complete and len(result.last_modified) <= 100 else ""
    newest = max((entry.published_at for entry in result.feed.entries if entry.published_at), default=None)
    source.newest_entry_at = min(newest, at) if newest else source.newest_entry_at
    taken = Source.objects.filter(program=source.program, feed_url=result.moved_to, archived_at=None)
    if result.moved_to and len(result.moved_to) <= 2000 and not taken.exists():
        source.feed_url = result.moved_to
    return ingested


def _wait_after(failures: int, asked: timedelta | None) -> timedelta:
    """Give the time to the next try: 15 minutes, doubled at each failure up to a day, spread by a fifth; or as asked."""
    doubled: timedelta = min(FIRST_WAIT * 2 ** min(failures - 1, 10), LONGEST_WAIT)
    spread: timedelta = doubled * _random.uniform(1 - JITTER, 1 + JITTER)
    return max(spread, asked) if asked is not None else spread

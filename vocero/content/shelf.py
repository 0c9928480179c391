"""All offered posts of a program in memory, only as far as their order in somebody's feed depends on it.

A feed of ten thousand posts stands in another order for nearly everybody. Here are their ids in sorted rows, one for each
language, topic and rank, so that a page takes the next few of each row instead of sorting all posts.
"""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import UTC, datetime
from heapq import merge
from operator import attrgetter
from typing import Final

from vocero.company.models import Program
from vocero.company.revisions import Kept, Token
from vocero.content.models import Caption, Post, Topic
from vocero.content.queries import with_everything

FOLLOWED, TAGGED, UNTAGGED = 0, 1, 2
MOST_WHOLE: Final = 500
_LONG_AGO: Final = datetime.min.replace(tzinfo=UTC)
_PLACE: Final = attrgetter("place")

type Key = tuple[bool, bool, int, bool, datetime, int]
"""A place in somebody's feed: whether it leads, is in their language, its rank, whether they shared it, moment and id."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A post on the shelf; `place` counts all posts of its program from the newest."""

    pk: int
    public_id: str
    place: int
    offered_at: datetime
    expires_at: datetime | None
    is_featured: bool
    languages: frozenset[str]
    topics: tuple[int, ...]
    segments: tuple[int, ...]

    def speaks(self, language: str) -> bool:
        """Whether the post or one of its captions is in a language; without any it is in everybody's."""
        return not self.languages or language in self.languages

    def is_for(self, segments: Collection[int], at: datetime) -> bool:
        """Whether somebody in these segments may share it now."""
        if self.expires_at is not None and self.expires_at <= at:
            return False
        return not self.segments or any(segment in segments for segment in self.segments)


@dataclass(frozen=True, slots=True)
class Reading:
    """What the order depends on: language, followed topics, own segments, moment, the one topic asked for, what was shared."""

    language: str
    follows: frozenset[int]
    segments: frozenset[int]
    at: datetime
    topic: int | None = None
    shared: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Ranked:
    """An entry with what it was ranked by."""

    entry: Entry
    speaks: bool
    rank: int
    is_shared: bool = False

    @property
    def key(self) -> Key:
        """What the next page begins after."""
        leads = self.entry.is_featured and not self.is_shared
        return (leads, self.speaks, self.rank, self.is_shared, self.entry.offered_at, self.entry.pk)


@dataclass(slots=True)
class _Row:
    """The posts of one step of the order, the newest first: by topic, with any topic, and without."""

    by_topic: dict[int, list[Entry]] = field(default_factory=lambda: defaultdict(list))
    tagged: list[Entry] = field(default_factory=list)
    untagged: list[Entry] = field(default_factory=list)


_NOTHING: Final = _Row()


class Shelf:
    """The offered posts of one program."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._by_public_id = {entry.public_id: entry for entry in entries}
        self._by_pk = {entry.pk: entry for entry in entries}
        self._whole: dict[int, Post] = {}
        self._rows: dict[str, dict[tuple[bool, bool], _Row]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def entry(self, public_id: str) -> Entry | None:
        """Give a post by its public id if it is on the shelf."""
        return self._by_public_id.get(public_id)

    def whole(self, entry: Entry) -> Post | None:
        """Give all of a post, with its campaign, topics, live captions and images: a copy of what was read once.

        None when it went away since the shelf was filled.
        """
        post = self._whole.get(entry.pk)
        if post is None:
            post = with_everything(Post.objects.select_related("program")).filter(pk=entry.pk).first()
            if post is None:
                return None
            if len(self._whole) >= MOST_WHOLE:
                self._whole = {}
            self._whole[entry.pk] = post
        return copy(post)

    def ranked(self, reading: Reading, after: Key | None = None) -> Iterator[Ranked]:
        """Go through somebody's feed from a key on.

        First featured ones that they have not shared, then posts in their language before others, then followed topics
        before other topics before none; of each, those they have shared come last; then the newest.
        """
        rows = self._rows_in(reading.language)
        begin = (not after[0], not after[1], after[2], after[3]) if after else (False, False, FOLLOWED, False)
        place = self._place_after(after[4], after[5]) if after else 0
        shared = self._shared_in(reading)
        for featured in (True, False):
            for speaks in (True, False):
                row = rows.get((featured, speaks), _NOTHING)
                for rank in (FOLLOWED, TAGGED, UNTAGGED):
                    for is_shared in (False, True) if not featured else (False,):
                        step = (not featured, not speaks, rank, is_shared)
                        if step < begin:
                            continue
                        start = place if step == begin else 0
                        found = (
                            _tail(shared.get((speaks, rank), []), start)
                            if is_shared
                            else _step(row, rank, reading, start)
                        )
                        for entry in found:
                            if is_shared is (entry.pk in reading.shared) and entry.is_for(reading.segments, reading.at):
                                yield Ranked(entry, speaks, rank, is_shared)

    def _shared_in(self, reading: Reading) -> dict[tuple[bool, int], list[Entry]]:
        """Give what somebody has shared by language and rank, featured or not, the newest first."""
        found: dict[tuple[bool, int], list[Entry]] = defaultdict(list)
        known = sorted((self._by_pk[pk] for pk in reading.shared if pk in self._by_pk), key=_PLACE)
        for entry in known:
            if reading.topic is None or reading.topic in entry.topics:
                rank = (
                    FOLLOWED if not reading.follows.isdisjoint(entry.topics) else TAGGED if entry.topics else UNTAGGED
                )
                found[entry.speaks(reading.language), rank].append(entry)
        return found

    def _place_after(self, offered_at: datetime, pk: int) -> int:
        """Give the first place behind a moment and id; the post itself may be gone since."""
        return bisect_right(self._entries, (-offered_at.timestamp(), -pk), key=_newest_first)

    def _rows_in(self, language: str) -> dict[tuple[bool, bool], _Row]:
        rows = self._rows.get(language)
        if rows is None:
            rows = defaultdict(_Row)
            for entry in self._entries:
                row = rows[entry.is_featured, entry.speaks(language)]
                (row.tagged if entry.topics else row.untagged).append(entry)
                for topic in entry.topics:
                    row.by_topic[topic].append(entry)
            self._rows[language] = rows
        return rows


def _step(row: _Row, rank: int, reading: Reading, place: int) -> Iterable[Entry]:
    follows, topic = reading.follows, reading.topic
    if topic is not None:
        if rank == UNTAGGED:
            return ()
        wanted = rank == FOLLOWED
        return (one for one in _from(row.by_topic, topic, place) if wanted is not follows.isdisjoint(one.topics))
    if rank == FOLLOWED:
        return _once(merge(*(_from(row.by_topic, one, place) for one in follows), key=_PLACE))
    if rank == TAGGED:
        return (one for one in _tail(row.tagged, place) if follows.isdisjoint(one.topics))
    return _tail(row.untagged, place)


def _from(by_topic: Mapping[int, list[Entry]], topic: int, place: int) -> Iterator[Entry]:
    return _tail(by_topic.get(topic, []), place)


def _tail(entries: list[Entry], place: int) -> Iterator[Entry]:
    begin = bisect_left(entries, place, key=_PLACE) if place else 0
    return (entries[number] for number in range(begin, len(entries)))


def _once(entries: Iterable[Entry]) -> Iterator[Entry]:
    last = None
    for entry in entries:
        if entry is not last:
            yield entry
        last = entry


def _newest_first(entry: Entry) -> tuple[float, int]:
    return (-entry.offered_at.timestamp(), -entry.pk)


def read_shelves() -> dict[int, Shelf]:
    """Read the offered posts of all programs, by program; four queries.

    The posts come first: whom a post is for is never older than that it is offered.
    """
    columns = ("pk", "public_id", "program_id", "offered_at", "expires_at", "featured_at", "language")
    posts = list(Post.objects.filter(state=Post.State.OFFERED).order_by().values_list(*columns))
    offered = {"post__state": Post.State.OFFERED}
    segments = _sets(Post.segments.through.objects.filter(**offered).values_list("post_id", "segment_id"))
    topics = _sets(Post.topics.through.objects.filter(**offered).values_list("post_id", "topic_id"))
    captions = Caption.objects.filter(archived_at=None, **offered).order_by()
    languages = _sets(captions.values_list("post_id", "language").distinct())
    found: dict[int, list[tuple[float, int, str, datetime, datetime | None, bool, str]]] = defaultdict(list)
    for pk, public_id, program, offered_at, expires_at, featured_at, language in posts:
        moment = offered_at or _LONG_AGO
        stamp = -moment.timestamp()
        found[program].append((stamp, -pk, public_id, moment, expires_at, featured_at is not None, language))
    return {
        program: Shelf(
            [
                Entry(
                    -minus_pk,
                    public_id,
                    place,
                    moment,
                    expires_at,
                    is_featured,
                    frozenset(languages.get(-minus_pk, ())) | ({language} if language else frozenset()),
                    tuple(topics.get(-minus_pk, ())),
                    tuple(segments.get(-minus_pk, ())),
                )
                for place, (_stamp, minus_pk, public_id, moment, expires_at, is_featured, language) in enumerate(
                    sorted(rows, key=lambda row: row[:2])
                )
            ]
        )
        for program, rows in found.items()
    }


def _sets[Key, One](pairs: Iterable[tuple[Key, One]]) -> dict[Key, list[One]]:
    found: dict[Key, list[One]] = defaultdict(list)
    for key, one in pairs:
        found[key].append(one)
    return found


def read_topics() -> dict[int, Topic]:
    """Read all topics by id, the oldest first, also those put away."""
    return {topic.pk: topic for topic in Topic.objects.order_by("pk")}


_SHELVES: Final = Kept(read_shelves)
_EMPTY: Final = Shelf(())
TOPICS: Final = Kept(read_topics)
"""By the state of the company."""


def shelf_of(program: Program, posts: Token) -> Shelf:
    """Give the shelf of a program in a state of the posts."""
    return _SHELVES.at(posts).get(program.pk, _EMPTY)

"""The feed as its page needs it: what was read of the reader, and a page of posts, in one query each."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any, Final, NamedTuple

from django.db.models import Exists, F, JSONField, OuterRef, QuerySet, StringAgg, Subquery, TextField, Value
from django.db.models.functions import Cast, Coalesce, JSONObject, Left, NullIf

from vocero.company.models import Program
from vocero.company.revisions import Seen, program_of, seen
from vocero.content.models import Post, PostImage, Topic, TopicFollow
from vocero.content.shelf import FOLLOWED, TOPICS, UNTAGGED, Key, Ranked, Reading, shelf_of
from vocero.lib.prepared import Prepared
from vocero.lib.words import pick
from vocero.people.groups import GROUPS
from vocero.people.models import Enrolment, Member
from vocero.policy.kept import GUIDELINE
from vocero.policy.models import Acknowledgement
from vocero.sharing.earlier import LIVING, Earlier, as_text
from vocero.sharing.earlier import told as earlier_of
from vocero.sharing.keys import read_key, write_key
from vocero.sharing.models import Share

PAGE: Final = 12
State = Share.State

_KEY_PARTS: Final = 6


class Why(StrEnum):
    """Why a post stands in somebody's feed."""

    TOPIC = "topic"
    SEGMENT = "segment"
    EVERYBODY = "everybody"


class Row(NamedTuple):
    """A post as everybody sees it; equal rows look the same."""

    pk: int
    public_id: str
    title: str
    summary: str
    url: str
    origin: str
    language: str
    card_image: str | None
    image: str | None
    alt: str


@dataclass(frozen=True, slots=True)
class Handoff:
    """A handoff that nobody has asked about yet, as far as the question needs it."""

    public_id: str
    network: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Reader:
    """What was read of somebody, for their own eyes: their answer, what they follow, and what waits for them."""

    member: Member
    takes_part: bool
    enrolment: str
    accepted: bool
    has_shared: bool
    follows: frozenset[int]
    segments: frozenset[int]
    shared: frozenset[int]
    language: str
    handoff: Handoff | None


@dataclass(frozen=True, slots=True)
class Placed:
    """A post on a page of somebody's feed: why it is there, with names of topics or segments, and what was done with it."""

    row: Row
    why: Why
    names: Sequence[str]
    is_featured: bool
    in_own_language: bool
    has_topic: bool
    earlier: tuple[Earlier, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a feed, and the key under which the next one begins; none: this is the last."""

    posts: Sequence[Placed]
    next_key: str = ""


def reader_of(member: Member, seen: Seen) -> Reader:
    """Read what the feed needs of a member; one query."""
    guideline = GUIDELINE.at(seen.company)
    (row,) = _READER.rows(member=member.pk, program=program_of(seen).pk, guideline=guideline.pk if guideline else 0)
    return told(member, seen, row)


def told(member: Member, seen: Seen, row: Sequence[Any]) -> Reader:
    """Put what `reader_query` gave into words."""
    guideline = GUIDELINE.at(seen.company)
    takes_part, enrolment, accepted, has_shared, follows, picked, handoff, *more = row
    house = seen.installation
    return Reader(
        member=member,
        takes_part=bool(takes_part),
        enrolment=enrolment or "",
        accepted=guideline is None or bool(accepted),
        has_shared=bool(has_shared),
        follows=frozenset(_numbers(follows)),
        segments=GROUPS.at(seen.company).segments_of(member, house, picked=set(_numbers(picked))),
        shared=frozenset(_numbers(more[0])) if more else frozenset(),
        language=member.language or (house.language if house else "en"),
        handoff=Handoff(**(json.loads(handoff) if isinstance(handoff, str) else handoff)) if handoff else None,
    )


def page_for(reader: Reader, seen: Seen, *, at: datetime, after: str = "", topic: Topic | None = None) -> Page:
    """Give a page of somebody's feed: the next after the key `after`, all or of one topic; one query."""
    program = program_of(seen)
    key = read_key(after)
    begin = (key[0], key[1], key[2], key[3], key[4], key[5]) if len(key) == _KEY_PARTS else None
    found = ranked(reader, seen, program, at=at, after=begin, topic=topic, most=PAGE + 1)
    shown = found[:PAGE]
    rows = _rows_of(reader.member, [one.entry.pk for one in shown])
    names = _Names(reader, seen)
    posts = [_place(one, *rows[one.entry.pk], names) for one in shown if one.entry.pk in rows]
    return Page(posts, write_key(shown[-1].key) if len(found) > PAGE else "")


def first_posts(member: Member, *, at: datetime, most: int) -> list[tuple[Post, bool]]:
    """Give the first posts of somebody's feed, each with whether they shared it already; for a mail to them."""
    now = seen()
    found = ranked(reader_of(member, now), now, program_of(now), at=at, most=most)
    ids = [one.entry.pk for one in found]
    posts = Post.objects.filter(state=Post.State.OFFERED).in_bulk(ids)
    shares = Share.objects.filter(member=member, post__in=ids, state__in=LIVING).exclude(channel=Share.Channel.PRACTICE)
    shared = set(shares.values_list("post_id", flat=True))
    return [(posts[pk], pk in shared) for pk in ids if pk in posts]


def ranked(
    reader: Reader,
    seen: Seen,
    program: Program,
    *,
    at: datetime,
    after: Key | None = None,
    topic: Topic | None = None,
    most: int,
) -> list[Ranked]:
    """Give the next posts of somebody's feed in its order, from memory; see `content.shelf`."""
    reading = Reading(reader.language, reader.follows, reader.segments, at, topic.pk if topic else None, reader.shared)
    return list(islice(shelf_of(program, seen.posts).ranked(reading, after), most))


def topics_of(seen: Seen) -> list[Topic]:
    """Give the topics that can be chosen, the oldest first; from memory."""
    program = program_of(seen)
    return [one for one in TOPICS.at(seen.company).values() if one.program_id == program.pk and not one.archived_at]


class _Names:
    """The names of a reader's own topics and segments."""

    def __init__(self, reader: Reader, seen: Seen) -> None:
        self._language = (reader.member.language,)
        self._topics = {pk: one.name for pk, one in TOPICS.at(seen.company).items() if pk in reader.follows}
        rules = GROUPS.at(seen.company).rules
        self._segments = {one.segment: one.name for one in rules if one.segment in reader.segments}

    def topics(self, ids: Iterable[int]) -> list[str]:
        return [pick(self._topics[one], self._language) for one in ids if one in self._topics]

    def segments(self, ids: Iterable[int]) -> list[str]:
        return [pick(self._segments[one], self._language) for one in ids if one in self._segments]


def _place(one: Ranked, row: Row, earlier: tuple[Earlier, ...], names: _Names) -> Placed:
    topics = names.topics(one.entry.topics) if one.rank == FOLLOWED else []
    segments = names.segments(one.entry.segments) if not topics else []
    why, said = (Why.TOPIC, topics) if topics else (Why.SEGMENT, segments) if segments else (Why.EVERYBODY, [])
    return Placed(row, why, said, one.entry.is_featured, one.speaks, one.rank != UNTAGGED, earlier)


def _rows_of(member: Member, ids: Sequence[int]) -> dict[int, tuple[Row, tuple[Earlier, ...]]]:
    if not ids:
        return {}
    padded = [*ids, *[ids[0]] * (PAGE - len(ids))]
    rows = _ROWS.rows(member=member.pk, **{f"post_{place}": pk for place, pk in enumerate(padded)})
    return {
        columns[0]: (Row(*columns), earlier_of(shared.split(",")) if shared else ())
        for *columns, state, shared in rows
        if state == Post.State.OFFERED
    }


def _numbers(joined: str | None) -> list[int]:
    return [int(one) for one in joined.split(",")] if joined else []


def reader_query(member: int, program: int, guideline: int, *more: Any) -> QuerySet[Any, Any]:
    """Give the query that reads a reader, and `more` of the member beside."""
    own = Enrolment.objects.filter(member=OuterRef("pk"))
    real = Share.objects.filter(member=OuterRef("pk")).exclude(channel=Share.Channel.PRACTICE)
    handoff = Share.objects.filter(member=OuterRef("pk"), state=State.STARTED, asked_at=None).order_by("-created_at")
    asked = JSONObject(public_id="public_id", network="network", title="post__title", text=Left("text", 120))
    return Member.objects.filter(pk=member).values_list(
        Exists(own.filter(state__in=[Enrolment.State.JOINED, Enrolment.State.PAUSED])),
        Subquery(own.filter(program=program).values("state")[:1]),
        Exists(Acknowledgement.objects.filter(member=OuterRef("pk"), guideline=guideline)),
        Exists(real.filter(state__in=[State.SENT, State.WITHDRAWN])),
        joined(TopicFollow.objects.filter(member=OuterRef("pk")), "member", "topic"),
        joined(Member.picked_for.through.objects.filter(member=OuterRef("pk")), "member", "segment"),
        Subquery(handoff.values_list(asked)[:1], output_field=JSONField()),
        *more,
    )


def _feed_reader(member: int, program: int, guideline: int) -> QuerySet[Any, Any]:
    """Give the query that reads a reader with what they have shared, which stands behind what they have not."""
    shared = Share.objects.filter(member=OuterRef("pk"), state__in=LIVING).exclude(channel=Share.Channel.PRACTICE)
    return reader_query(member, program, guideline, joined(shared, "member", "post"))


def _posts(member: int, **posts: int) -> QuerySet[Any, Any]:
    image = PostImage.objects.filter(post=OuterRef("pk"), post__card_image=None).order_by("position", "id")
    shared = (
        Share.objects.filter(post=OuterRef("pk"), member=member, state__in=LIVING)
        .exclude(channel=Share.Channel.PRACTICE)
        .order_by()
    )
    asked = Post.objects.filter(pk__in=list(posts.values()))  # by key alone: an index of states is worse
    return asked.values_list(
        "pk",
        "public_id",
        "title",
        Coalesce(NullIf("why_share", Value("")), F("description"), output_field=TextField()),
        "url",
        "origin",
        "language",
        "card_image__key",
        Subquery(image.values("file__key")[:1]),
        Coalesce(Subquery(image.values("alt")[:1]), Value(""), output_field=TextField()),
        "state",
        joined(shared, "post", as_text()),
    )


def joined(rows: QuerySet[Any], group: str, column: Any, *, between: str = ",") -> Subquery:
    """Give the values of a column of many rows as one text."""
    text = StringAgg(Cast(column, TextField()), Value(between))
    return Subquery(rows.order_by().values(group).annotate(all=text).values("all"), output_field=TextField())


_READER: Final = Prepared(_feed_reader, "member", "program", "guideline")
_ROWS: Final = Prepared(_posts, "member", *(f"post_{place}" for place in range(PAGE)))

"""Reads sharing for the advocate: today's posts with why they are there, the variant to begin with, and my shares."""

import base64
import binascii
import json
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from vocero.company.models import Program
from vocero.content.models import Caption, Post, Topic, TopicFollow
from vocero.content.queries import captions_of, is_offered_to, ranked_for
from vocero.lib.words import pick
from vocero.people.models import Member
from vocero.people.queries import segments_of
from vocero.sharing.models import Draft, EngagementReading, Share

PAGE: Final = 12
FEW: Final = 3
"""A variant that so many colleagues already used today is offered last."""

State = Share.State
LIVING: Final = (State.PLANNED, State.SENDING, State.SENT, State.UNCONFIRMED, State.STARTED)
"""States in which a share is out, or may still become so."""


class Why(StrEnum):
    """Why a post stands in somebody's feed."""

    TOPIC = "topic"
    SEGMENT = "segment"
    EVERYBODY = "everybody"


@dataclass(frozen=True, slots=True)
class FeedPost:
    """A post in a feed: why it is there (with the topics' or segments' names), and where it was shared already."""

    post: Post
    why: Why
    names: Sequence[str]
    is_featured: bool
    in_own_language: bool
    has_topic: bool
    shared_on: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class FeedPage:
    """A page of a feed, and the key under which the next one begins; none: this is the last."""

    posts: Sequence[FeedPost]
    next_key: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """What networks told of a share last: totals only."""

    reactions: int = 0
    comments: int = 0
    reshares: int = 0


@dataclass(frozen=True, slots=True)
class MyShares:
    """A page of an advocate's own shares with what the networks told, and the key of the next page."""

    shares: Sequence[Share]
    received: dict[int, Received] = field(default_factory=dict)
    next_key: str = ""


def feed_for(
    member: Member, *, program: Program, at: datetime, after: str = "", topic: Topic | None = None, most: int = PAGE
) -> FeedPage:
    """Give a page of the posts offered to a member: the next after the key `after`, all or of one topic."""
    posts = ranked_for(member, at, program)
    if topic is not None:
        posts = posts.filter(topics=topic)
    if key := _read_key(after):
        posts = posts.filter(_after(key))
    found = list(
        posts.select_related("source", "card_image").prefetch_related("topics", "segments", "images__file")[: most + 1]
    )
    shown = found[:most]
    return FeedPage(_explained(shown, member), _key_of(shown[-1]) if len(found) > most else "")


def post_for(member: Member, public_id: str, *, at: datetime) -> Post | None:
    """Give a post by its public id if it is offered to this member now."""
    post = (
        Post.objects.filter(public_id=public_id).select_related("campaign", "card_image", "source", "program").first()
    )
    return post if post is not None and is_offered_to(post, member, at) else None


def captions_for(
    post: Post, member: Member, *, network: str, languages: tuple[str, ...], at: datetime
) -> list[Caption]:
    """Give a post's variants for a network, the one to begin with first.

    Of those in the best language the least used today comes first, so that colleagues say it differently; among equals
    each person begins at another one. What a few already used today comes last. Other languages follow.
    """
    ready = captions_of(post, network=network, languages=languages)
    if not ready:
        return []
    best = [caption for caption in ready if caption.language == ready[0].language]
    used = Counter(
        Share.objects.filter(post=post, created_at__gte=at - timedelta(days=1), state__in=LIVING)
        .exclude(channel=Share.Channel.PRACTICE)
        .exclude(caption=None)
        .values_list("caption_id", flat=True)
    )
    turned = {caption.pk: (place - member.pk) % len(best) for place, caption in enumerate(best)}
    best.sort(key=lambda caption: (used[caption.pk] >= FEW, used[caption.pk], turned[caption.pk]))
    return best + [caption for caption in ready if caption.language != ready[0].language]


def draft_of(member: Member, post: Post) -> Draft | None:
    """Give what this member typed last for a post, unless it has left for its network since.

    What failed, was cancelled or was only practice did not leave: the words are there for another try.
    """
    stayed = [Share.State.FAILED, Share.State.CANCELLED, Share.State.NOT_POSTED]
    left = (
        Share.objects.filter(
            member=member, post=post, network=OuterRef("network"), created_at__gte=OuterRef("updated_at")
        )
        .exclude(state__in=stayed)
        .exclude(channel=Share.Channel.PRACTICE)
    )
    drafts = Draft.objects.filter(~Exists(left), member=member, post=post)
    return drafts.select_related("caption").order_by("-updated_at").first()


def shared_before(member: Member, post: Post, *, network: str) -> Share | None:
    """Give this member's latest share of a post to a network that is out or on its way, or None."""
    return _real(member).filter(post=post, network=network, state__in=LIVING).order_by("-created_at").first()


def my_shares(member: Member, *, after: str = "", most: int = 20) -> MyShares:
    """Give a page of a member's own shares, the newest first, with their links and what the networks told last."""
    shares = Share.objects.filter(member=member).select_related("post", "post__card_image", "account", "link")
    if key := _read_key(after):
        shares = shares.filter(pk__lt=key[0])
    found = list(shares.order_by("-pk")[: most + 1])
    shown = found[:most]
    return MyShares(shown, received_of(shown), _write_key([shown[-1].pk]) if len(found) > most else "")


def my_share(member: Member, public_id: str) -> Share | None:
    """Give a member's own share by its public id."""
    return (
        Share.objects.filter(member=member, public_id=public_id)
        .select_related("post", "post__card_image", "account", "link", "caption")
        .first()
    )


def received_of(shares: Sequence[Share]) -> dict[int, Received]:
    """Give the latest totals that networks told, by share id; one query."""
    readings = EngagementReading.objects.filter(share__in=[share.pk for share in shares]).order_by("day_on")
    return {one.share_id: Received(one.reactions, one.comments, one.reshares) for one in readings}


def unanswered_handoff(member: Member) -> Share | None:
    """Give the latest handoff of a member that nobody has asked about yet: asked once, then left alone."""
    return (
        Share.objects.filter(member=member, state=State.STARTED, asked_at=None)
        .select_related("post")
        .order_by("-created_at")
        .first()
    )


def waiting_for_guideline(member: Member) -> bool:
    """Say whether something planned waits until the member accepts the guideline."""
    return Share.objects.filter(member=member, state=State.PLANNED, reason="guideline").exists()


def on_the_way_count() -> int:
    """Give how many shares of all are being sent at this moment; names nobody."""
    return Share.objects.filter(state=State.SENDING).count()


def last_network(member: Member) -> str:
    """Give the network of a member's latest share, practice aside; empty before the first."""
    latest = _real(member).order_by("-created_at").values_list("network", flat=True).first()
    return latest or ""


def has_shared(member: Member) -> bool:
    """Say whether a member has ever had a share out, practice aside."""
    return _real(member).filter(state__in=[State.SENT, State.WITHDRAWN]).exists()


def _real(member: Member) -> QuerySet[Share]:
    return Share.objects.filter(member=member).exclude(channel=Share.Channel.PRACTICE)


def _explained(posts: Sequence[Post], member: Member) -> list[FeedPost]:
    """Say why each post is there, and where the member shared it already; two queries beside the segments."""
    followed = set(TopicFollow.objects.filter(member=member).values_list("topic_id", flat=True))
    own_segments = set(segments_of(member)) if any(post.segments.all() for post in posts) else set()
    shared: dict[int, list[str]] = defaultdict(list)
    for post_id, network in (
        _real(member)
        .filter(post__in=[post.pk for post in posts], state__in=LIVING)
        .values_list("post_id", "network")
        .distinct()
    ):
        shared[post_id].append(network)
    return [_explain(post, member, followed, own_segments, shared[post.pk]) for post in posts]


def _explain(
    post: Post, member: Member, followed: set[int], own_segments: set[int], shared_on: Sequence[str]
) -> FeedPost:
    topics = [pick(topic.name, (member.language,)) for topic in post.topics.all() if topic.pk in followed]
    segments = [pick(one.name, (member.language,)) for one in post.segments.all() if one.pk in own_segments]
    why, names = (Why.TOPIC, topics) if topics else (Why.SEGMENT, segments) if segments else (Why.EVERYBODY, [])
    told: Any = post
    return FeedPost(
        post=post,
        why=why,
        names=names,
        is_featured=told.is_featured,
        in_own_language=told.in_own_language,
        has_topic=told.has_topic,
        shared_on=shared_on,
    )


def _after(key: list[Any]) -> Q:
    """Give the condition for standing after a key in the order of `ranked_for`."""
    featured, own, rank, offered_at, pk = key
    steps: list[tuple[str, str, Any]] = [
        ("is_featured", "is_featured__lt", featured),
        ("in_own_language", "in_own_language__lt", own),
        ("topic_rank", "topic_rank__gt", rank),
        ("offered_at", "offered_at__lt", offered_at),
        ("pk", "pk__lt", pk),
    ]
    behind, equal = Q(), Q()
    for name, beyond, value in steps:
        behind |= equal & Q(**{beyond: value})
        equal &= Q(**{name: value})
    return behind


def _key_of(post: Post) -> str:
    told: Any = post
    offered_at = post.offered_at.isoformat() if post.offered_at else ""
    return _write_key([told.is_featured, told.in_own_language, told.topic_rank, offered_at, post.pk])


def _write_key(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode()


def _read_key(key: str) -> list[Any]:
    """Read a key that `_write_key` wrote; anything else begins at the top."""
    try:
        values = json.loads(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)))
        match values:
            case [bool(), bool(), int(), str(), int()]:
                return [*values[:3], datetime.fromisoformat(values[3]), values[4]]
            case [int()]:
                return list(values)
    except (ValueError, binascii.Error):
        pass
    return []

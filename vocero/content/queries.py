"""Reads content: what is offered to a member and in which order, the inbox, topics that run dry, sources in trouble."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from vocero.company.models import Program
from vocero.company.queries import main_program
from vocero.content.health import DOWN_AFTER, Health, health_of
from vocero.content.mix import Mix
from vocero.content.models import Campaign, Caption, Post, Source, Topic
from vocero.content.pages import page_key
from vocero.people.models import Member, Segment
from vocero.people.queries import segments_of

FEW_POSTS = 4
"""A topic with fewer live posts than this looks empty to those who follow it (Hootsuite Amplify's default)."""


@dataclass(frozen=True, slots=True)
class TopicStock:
    """A topic and how many live posts it has."""

    topic: Topic
    live: int


@dataclass(frozen=True, slots=True)
class SourceTrouble:
    """A source that needs somebody, and its state in words."""

    source: Source
    health: Health


def live_posts(program: Program, at: datetime) -> QuerySet[Post]:
    """Give the posts that are offered and not over at this moment."""
    return Post.objects.filter(_not_over(at), program=program, state=Post.State.OFFERED)


def offered_to(member: Member, at: datetime, program: Program | None = None) -> QuerySet[Post]:
    """Give the posts offered to a member now: to everybody, or to one of their segments; not expired, in no order.

    Topic and language do not decide what a member sees, only where it stands: see `shelf`.
    """
    chosen = Post.segments.through.objects.values("post_id")
    return live_posts(program or main_program(), at).filter(
        ~Q(pk__in=chosen) | Q(pk__in=chosen.filter(segment_id__in=segments_of(member)))
    )


def post_of_page(program: Program, url: str) -> Post | None:
    """Give the newest post of a page, whatever the spelling of its address, that was not dismissed or put away."""
    away = [Post.State.DISMISSED, Post.State.ARCHIVED]
    key = page_key(url)
    posts = Post.objects.filter(program=program, url_key=key).exclude(state__in=away)
    return posts.order_by("-pk").first() if key else None


def is_offered_to(post: Post, member: Member, at: datetime) -> bool:
    """Say whether a member may share this post now."""
    return offered_to(member, at, post.program).filter(pk=post.pk).exists()


def with_everything(posts: QuerySet[Post]) -> QuerySet[Post]:
    """Load what a card or an editor shows of posts: topics, segments, live captions, images; five queries in all."""
    return posts.select_related("source", "campaign", "card_image").prefetch_related(
        "topics",
        "segments",
        Prefetch("captions", Caption.objects.filter(archived_at=None)),
        "images__file",
    )


def captions_of(post: Post, *, network: str = "", languages: tuple[str, ...] = ()) -> list[Caption]:
    """Give a post's ready texts that fit a network, best first: made for it, then for any; in the languages' order."""
    order = {language: place for place, language in enumerate(languages)}
    fitting = [one for one in post.captions.all() if one.archived_at is None and one.network in {"", network}]
    return sorted(
        fitting,
        key=lambda caption: (
            order.get(caption.language, len(order)),
            caption.network != network,
            caption.position,
            caption.pk,
        ),
    )


def inbox(program: Program) -> QuerySet[Post]:
    """Give the entries that wait for a decision, the newest first."""
    return Post.objects.filter(program=program, state=Post.State.INBOX).order_by(
        Coalesce("published_at", "created_at").desc(), "-pk"
    )


def inbox_candidates_for_mix(program: Program, mix: Mix, *, at_most: int = 2) -> list[Post]:
    """Give waiting entries that would bring the balance back: of the wanted origin first, then of none, newest first."""
    return list(
        inbox(program)
        .filter(origin__in=[mix.next_origin, ""])
        .annotate(fits=_yes_or_no(Q(origin=mix.next_origin)))
        .order_by("-fits", Coalesce("published_at", "created_at").desc(), "-pk")
        .select_related("source", "card_image")[:at_most]
    )


def topics(program: Program) -> QuerySet[Topic]:
    """Give the topics that can be chosen, the oldest first."""
    return Topic.objects.filter(program=program, archived_at=None).order_by("pk")


def topic_stocks(program: Program, at: datetime) -> list[TopicStock]:
    """Give every topic with its number of live posts, in one query."""
    return _stocks(topics(program), at)


def _stocks(some: QuerySet[Topic], at: datetime) -> list[TopicStock]:
    live = Count("posts", filter=Q(posts__state=Post.State.OFFERED) & _not_over(at, "posts__"), distinct=True)
    return [TopicStock(topic, topic.live) for topic in some.annotate(live=live)]


def topics_with_few_posts(program: Program, at: datetime) -> list[TopicStock]:
    """Give the topics with fewer than four live posts, the emptiest first."""
    live = Post.topics.through.objects.filter(
        _not_over(at, "post__"), topic=OuterRef("pk"), post__state=Post.State.OFFERED
    )
    enough = Exists(live.order_by()[FEW_POSTS - 1 : FEW_POSTS])  # of a topic with thousands only four are looked at
    return sorted(_stocks(topics(program).filter(~enough), at), key=lambda stock: stock.live)


def campaigns(program: Program) -> QuerySet[Campaign]:
    """Give the campaigns that can be chosen, the newest first."""
    return Campaign.objects.filter(program=program, archived_at=None).order_by("-created_at", "-pk")


def sources(program: Program) -> QuerySet[Source]:
    """Give the sources of a program by name, with how many entries wait and how many posts are offered from each."""
    return (
        Source.objects.filter(program=program, archived_at=None)
        .annotate(
            waiting=Count("posts", filter=Q(posts__state=Post.State.INBOX)),
            offered=Count("posts", filter=Q(posts__state=Post.State.OFFERED)),
        )
        .prefetch_related("topics")
        .order_by("name", "pk")
    )


def sources_in_trouble(program: Program, at: datetime) -> list[SourceTrouble]:
    """Give the sources that are down or gone, with what happened and what to do in words."""
    bad = Source.objects.filter(program=program, archived_at=None).filter(
        Q(state=Source.State.GONE) | Q(state=Source.State.ACTIVE, failures__gte=DOWN_AFTER)
    )
    return [SourceTrouble(source, health_of(source, at)) for source in bad.order_by("name")]


def segments(program: Program) -> QuerySet[Segment]:
    """Give the segments that a post can be offered to."""
    return Segment.objects.filter(program=program, archived_at=None).order_by("pk")


def _not_over(at: datetime, prefix: str = "") -> Q:
    return Q(**{f"{prefix}expires_at": None}) | Q(**{f"{prefix}expires_at__gt": at})


def _yes_or_no(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())

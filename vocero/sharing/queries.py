"""Reads sharing for the advocate: the post to share, the variant to begin with, and my shares; see `feed` for the feed."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Count, Exists, OuterRef, QuerySet

from vocero.content.models import Caption, Post
from vocero.content.queries import captions_of, is_offered_to
from vocero.people.models import Member
from vocero.sharing.earlier import LIVING
from vocero.sharing.keys import read_key, write_key
from vocero.sharing.models import Draft, EngagementReading, Link, Share

FEW: Final = 3
"""A variant that so many colleagues already used today is offered last."""

State = Share.State


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


@dataclass(frozen=True, slots=True)
class Leading:
    """What so many links of a post do now: lead to an address, or say why they do not."""

    state: Link.State
    address: str
    many: int


def where_links_lead(post: Post) -> list[Leading]:
    """Give what the tracked links of a post do now, most of them first; of what leads nowhere the address is left out."""
    found: Counter[tuple[Link.State, str]] = Counter()
    rows = Link.objects.filter(post=post).order_by().values_list("state", "target_url").annotate(Count("pk"))
    for state, address, many in rows:
        leads = state in {Link.State.LIVE, Link.State.REROUTED}
        found[Link.State(state), address if leads else ""] += many
    return [Leading(state, address, many) for (state, address), many in found.most_common()]


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


def my_shares(member: Member, *, after: str = "", most: int = 20) -> MyShares:
    """Give a page of a member's own shares, the newest first, with their links and what the networks told last."""
    shares = Share.objects.filter(member=member).select_related("post", "post__card_image", "account", "link")
    if key := read_key(after):
        shares = shares.filter(pk__lt=key[0])
    found = list(shares.order_by("-pk")[: most + 1])
    shown = found[:most]
    return MyShares(shown, received_of(shown), write_key([shown[-1].pk]) if len(found) > most else "")


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

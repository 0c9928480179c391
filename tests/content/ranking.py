"""The order of a feed as one query that the database answers by looking at every post: what the shelf must agree with."""

from datetime import datetime

from django.db.models import BooleanField, Case, F, IntegerField, Q, QuerySet, Value, When

from vocero.company.models import Program
from vocero.company.queries import installation
from vocero.content.models import Caption, Post, TopicFollow
from vocero.content.queries import offered_to
from vocero.people.models import Member
from vocero.sharing.models import Share

LIVING = ("planned", "sending", "sent", "unconfirmed", "started")


def ranked_for(member: Member, at: datetime, program: Program | None = None) -> QuerySet[Post]:
    """Give the posts offered to a member in the order of their feed, each with why it stands where it does.

    First featured ones that the member has not shared, then posts in the member's language before others, then followed
    topics before other topics before none; of each, shared ones come last; then the newest. Rows carry
    `in_own_language`, `is_followed` and `has_topic`. A post is in somebody's language when itself or one of its captions
    is; without any language it is in everybody's.
    """
    language = reading_language(member)
    # Sets and not a question for each post: a database builds each of them once.
    captions = Caption.objects.filter(archived_at=None).values("post_id")
    own = Q(language=language) | Q(language="") & ~Q(pk__in=captions) | Q(pk__in=captions.filter(language=language))
    tagged = Post.topics.through.objects.values("post_id")
    followed = list(TopicFollow.objects.filter(member=member).values_list("topic_id", flat=True))
    shared = Share.objects.filter(member=member, state__in=LIVING).exclude(channel=Share.Channel.PRACTICE)
    done = Q(pk__in=shared.values("post_id"))
    return (
        offered_to(member, at, program)
        .annotate(
            in_own_language=_yes_or_no(own),
            is_followed=_yes_or_no(Q(pk__in=tagged.filter(topic_id__in=followed))),
            has_topic=_yes_or_no(Q(pk__in=tagged)),
            is_shared=_yes_or_no(done),
            leads=_yes_or_no(Q(featured_at__isnull=False) & ~done),
        )
        .annotate(
            topic_rank=Case(
                When(is_followed=True, then=Value(0)),
                When(has_topic=True, then=Value(1)),
                default=Value(2),
                output_field=IntegerField(),
            )
        )
        .order_by("-leads", "-in_own_language", "topic_rank", "is_shared", F("offered_at").desc(), "-pk")
    )


def reading_language(member: Member) -> str:
    """Give the language a member reads: their own, or the company's."""
    house = installation()
    return member.language or (house.language if house else "en")


def _yes_or_no(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())

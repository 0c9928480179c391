"""Today: the posts that are there for me, each saying why, and what is waiting for me."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from vocero.company.queries import main_program
from vocero.content.queries import topics as all_topics
from vocero.lib.clock import now
from vocero.lib.words import pick
from vocero.networks.queries import label_of
from vocero.people.models import Enrolment
from vocero.people.queries import enrolment_of
from vocero.policy.queries import guideline_to_accept, stop_in_force
from vocero.sharing import queries
from vocero.sharing.queries import FeedPost, Why
from vocero.web.access import advocate, signed_in
from vocero.web.advocate.words import file_url

type Text = str | Promise


@dataclass(frozen=True)
class PostCard:
    """A post as a card shows it."""

    public_id: str
    title: str
    summary: str
    host: str
    image_url: str
    image_alt: str
    origin: str
    origin_label: str
    why: Text
    language: str
    featured: Text
    shared: Text


@advocate
@require_safe
def today(request: HttpRequest) -> HttpResponse:
    """The feed, its topics, and what waits for the reader; `?topic=` narrows, `?after=` goes on."""
    member, at = signed_in(request), now()
    program = main_program()
    topics = list(all_topics(program))
    topic = next((one for one in topics if one.public_id == request.GET.get("topic")), None)
    page = queries.feed_for(member, program=program, at=at, after=request.GET.get("after", ""), topic=topic)
    context: dict[str, Any] = {
        "cards": [card(one) for one in page.posts],
        "next_key": page.next_key,
        "topic": topic,
        "topics": [(one, pick(one.name, (request.LANGUAGE_CODE, member.language))) for one in topics],
        "first_name": member.get_short_name(),
    }
    if "HX-Request" in request.headers and request.GET.get("after"):
        return render(request, "advocate/today.html#cards", context)
    enrolment = enrolment_of(member, program)
    context |= {
        "handoff": queries.unanswered_handoff(member),
        "paused": enrolment is not None and enrolment.state == Enrolment.State.PAUSED,
        "guideline": guideline_to_accept(member),
        "stop": stop_in_force(),
        "is_new": not queries.has_shared(member),
    }
    handoff = context["handoff"]
    context["handoff_network"] = label_of(handoff.network) if handoff else ""
    return render(request, "advocate/today.html", context)


def card(one: FeedPost) -> PostCard:
    """Put a feed's post into words."""
    post = one.post
    picture = next(iter(post.images.all()), None)
    return PostCard(
        public_id=post.public_id,
        title=post.title or _("A post from the program team"),
        summary=post.why_share or post.description,
        host=urlsplit(post.url).hostname or "",
        image_url=file_url(post.card_image or (picture.file if picture else None)),
        image_alt=picture.alt if picture and not post.card_image else "",
        origin=post.origin,
        origin_label=post.get_origin_display() if post.origin else "",
        why=why(one),
        language="" if one.in_own_language else _language_name(post.language),
        featured=_("Picked for you all") if one.is_featured else "",
        shared=_("Shared on %(networks)s") % {"networks": ", ".join(map(label_of, one.shared_on))}
        if one.shared_on
        else "",
    )


def why(one: FeedPost) -> str:
    """Say why a post stands in somebody's feed."""
    names = ", ".join(one.names[:2])
    if one.why is Why.TOPIC:
        return _("Because you follow %(topic)s") % {"topic": names}
    if one.why is Why.SEGMENT:
        return _("For everyone in %(group)s") % {"group": names}
    return _("For everyone") if one.has_topic else _("For everyone, without a topic")


def _language_name(code: str) -> str:
    try:
        return _("In %(language)s") % {"language": get_language_info(code)["name_translated"]}
    except KeyError:
        return code

"""Today: the posts that are there for me, each saying why, and what is waiting for me."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vocero.lib.clock import now
from vocero.networks.queries import label_of
from vocero.people.models import Enrolment
from vocero.policy.kept import GUIDELINE, STOP
from vocero.sharing.feed import Reader, page_for, topics_of
from vocero.web.access import reading_advocate
from vocero.web.advocate.cards import drawn, topics_bar
from vocero.web.advocate.words import NO_PLACE
from vocero.web.context import seen_by


@reading_advocate
@require_safe
def today(request: HttpRequest, reader: Reader) -> HttpResponse:
    """The feed, its topics, and what waits for the reader; `?topic=` narrows, `?after=` goes on."""
    member, seen = reader.member, seen_by(request)
    topics = topics_of(seen)
    topic = next((one for one in topics if one.public_id == request.GET.get("topic")), None)
    page = page_for(reader, seen, at=now(), after=request.GET.get("after", ""), topic=topic)
    context: dict[str, Any] = {
        "cards": [drawn(one) for one in page.posts],
        "next_key": page.next_key,
        "topic": topic,
        "first_name": member.get_short_name(),
    }
    if "HX-Request" in request.headers and request.GET.get("after"):
        return render(request, "advocate/today.html#cards", context)
    languages = (request.LANGUAGE_CODE, member.language)
    context |= {
        "topics_bar": topics_bar(topics, topic, languages=languages, state=seen.company) if topics else "",
        "handoff": reader.handoff,
        "handoff_network": _asked_about(reader.handoff.network) if reader.handoff else "",
        "paused": reader.enrolment == Enrolment.State.PAUSED,
        "guideline": None if reader.accepted else GUIDELINE.at(seen.company),
        "stop": STOP.at(seen.company),
        "is_new": not reader.has_shared,
    }
    return render(request, "advocate/today.html", context)


def _asked_about(network: str) -> str:
    """Give where a handoff may be out by now; nothing for what only goes from hand to hand."""
    return "" if network in NO_PLACE else label_of(network)

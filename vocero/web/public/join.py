"""Joining: what it means, the guideline, topics, networks. Short steps for a phone; each but the first two can be skipped."""

from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.formats import number_format
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from vocero.company.models import Installation
from vocero.company.queries import house, main_program
from vocero.content import queries as content
from vocero.content.services import topics as content_topics
from vocero.lib import clock
from vocero.lib.text import render_markdown
from vocero.lib.words import pick, pick_language
from vocero.networks import queries as networks
from vocero.networks import services as network_services
from vocero.notices import mail, weekly
from vocero.people import services as people
from vocero.people.models import Member
from vocero.people.queries import current_consent_text, enrolment_of, takes_part
from vocero.policy import services as policy
from vocero.policy.queries import guideline_text, guideline_to_accept
from vocero.web.access import member, signed_in

RANGES: Final = ((0, 100), (100, 300), (300, 1000), (1000, 3000), (3000, 10_000), (10_000, 50_000))
UNOFFERED: Final = frozenset({"practice", "copy"})
UNASKED: Final = frozenset({"email", "whatsapp"})
_AGREED: Final = "joining_text"


@dataclass(frozen=True, slots=True)
class NetworkRow:
    """A network to choose, with the follower range that was entered before."""

    name: str
    label: str
    chosen: bool
    counts: bool
    range: str


@member
@never_cache
def meaning(request: HttpRequest) -> HttpResponseBase:
    """The first step: what joining means. "Join" goes on, "No, thank you" ends it."""
    who, program = signed_in(request), main_program()
    if takes_part(who):
        return redirect("public:home")
    text = current_consent_text()
    languages = _languages(request, house())
    if request.method == "POST" and text is not None:
        if request.POST.get("answer") == "no":
            people.decline(who, program, text=text, language=_shown(text.text, languages), at=clock.now())
            return redirect("public:join-declined")
        if request.POST.get("version") == str(text.version):
            request.session[_AGREED] = text.version
            return redirect("public:join-guideline")
    enrolment = enrolment_of(who, program)
    context = {
        "text": render_markdown(pick(text.text, languages)) if text else "",
        "text_language": _shown(text.text, languages) if text else "",
        "version": text.version if text else 0,
        "before": enrolment.state if enrolment else "",
        "points": points_for(who, house()),
        "has_guideline": guideline_to_accept(who) is not None,
    }
    return render(request, "public/join_meaning.html", context)


@member
@never_cache
def guideline(request: HttpRequest) -> HttpResponseBase:
    """The second step: the guideline is read and accepted; with it the consent is recorded."""
    who, program, text = signed_in(request), main_program(), current_consent_text()
    if takes_part(who):
        return redirect("public:join-topics")
    if text is None or request.session.get(_AGREED) != text.version:
        return redirect("public:join")
    languages = _languages(request, house())
    to_accept = guideline_to_accept(who)
    if to_accept is not None and request.method != "POST":
        language, words = guideline_text(to_accept, languages=languages, company=house().name)
        context = {"guideline": render_markdown(words), "text_language": language, "version": to_accept.version}
        return render(request, "public/join_guideline.html", context)
    if to_accept is not None and request.POST.get("version") != str(to_accept.version):
        return redirect("public:join-guideline")
    at = clock.now()
    with transaction.atomic():
        if to_accept is not None:
            policy.acknowledge(who, to_accept, language=_shown(to_accept.text, languages), at=at)
        people.join(who, program, text=text, language=_shown(text.text, languages), at=at)
    request.session.pop(_AGREED, None)
    return redirect("public:join-topics")


@member
@never_cache
def declined(request: HttpRequest) -> HttpResponse:
    """After "No, thank you"."""
    return render(request, "public/join_declined.html")


@member
@never_cache
def topics(request: HttpRequest) -> HttpResponseBase:
    """The third step: topics to see first, and the language of the pages."""
    who = signed_in(request)
    if not takes_part(who):
        return redirect("public:join")
    offered = list(content.topics(main_program()))
    if request.method == "POST":
        if not request.POST.get("skip"):
            wanted = set(request.POST.getlist("topic"))
            content_topics.follow_topics(who, [topic for topic in offered if topic.public_id in wanted])
            if request.POST.get("language", "") in dict(settings.LANGUAGES):
                Member.objects.filter(pk=who.pk).update(language=request.POST["language"])
            weekly.choose(who, wanted="weekly" in request.POST, at=clock.now())
        return redirect("public:join-networks")
    followed = set(who.topic_follows.values_list("topic__public_id", flat=True))
    languages = _languages(request, house())
    rows = [(topic.public_id, pick(topic.name, languages), topic.public_id in followed) for topic in offered]
    context = {
        "topics": rows,
        "languages": settings.LANGUAGES,
        "language": languages[0],
        "weekly": weekly.wants(who),
        "has_mail": bool(who.email) and mail.is_configured(),
    }
    return render(request, "public/join_topics.html", context)


@member
@never_cache
def choose_networks(request: HttpRequest) -> HttpResponseBase:
    """The fourth step: the networks one uses and, if one likes, roughly how many people follow there."""
    who = signed_in(request)
    if not takes_part(who):
        return redirect("public:join")
    rows = network_rows(who)
    if request.method == "POST":
        if not request.POST.get("skip"):
            save_networks(who, rows, request)
        return redirect("public:join-done")
    return render(request, "public/join_networks.html", {"networks": rows, "ranges": range_choices()})


@member
def done(request: HttpRequest) -> HttpResponseBase:
    """The last page: you are in."""
    if not takes_part(signed_in(request)):
        return redirect("public:join")
    return render(request, "public/join_done.html")


def network_rows(who: Member) -> list[NetworkRow]:
    """Give the networks that can be chosen, with what the member chose and entered before."""
    audiences = networks.audiences_of(who)
    known = {f"{low}-{high}" for low, high in RANGES}
    rows = []
    for option in networks.options_for(who):
        name = option.network.name
        if name in UNOFFERED:
            continue
        told = audiences.get(name)
        entered = f"{told.low}-{told.high}" if told else ""
        rows.append(
            NetworkRow(
                name=name,
                label=str(option.network.label),
                chosen=option.chosen,
                counts=name not in UNASKED,
                range=entered if entered in known else "",
            )
        )
    return rows


def range_choices() -> list[tuple[str, Any]]:
    """Give the rough follower ranges as choices, the first one for those who would rather not say."""
    told: list[tuple[str, Any]] = [("", _("I would rather not say"))]
    for low, high in RANGES:
        words = _("%(low)s to %(high)s") if low else _("fewer than %(high)s")
        numbers = {"low": number_format(low, force_grouping=True), "high": number_format(high, force_grouping=True)}
        told.append((f"{low}-{high}", words % numbers))
    return told


def save_networks(who: Member, rows: list[NetworkRow], request: HttpRequest) -> None:
    """Keep the chosen networks and the ranges that were entered; a range taken back is forgotten."""
    chosen = request.POST.getlist("network")
    network_services.choose_networks(who, names=chosen)
    for row in rows:
        entered = request.POST.get(f"range-{row.name}", "")
        if entered in {f"{low}-{high}" for low, high in RANGES} and row.name in chosen:
            low, high = map(int, entered.split("-"))
            network_services.record_audience(who, network=row.name, low=low, high=high, at=clock.now())
        elif row.range:
            network_services.forget_audience(who, network=row.name)


def points_for(who: Member, company: Installation) -> bool:
    """Whether points exist for this member: not where the company, or their country, does without."""
    return company.points_enabled and who.country not in company.points_off_countries


def _languages(request: HttpRequest, company: Installation) -> tuple[str, ...]:
    return (get_language() or "en", signed_in(request).language, company.language)


def _shown(words: dict[str, str], languages: tuple[str, ...]) -> str:
    return pick_language(words, languages) or languages[0]

"""The library: every post there is, found by words and filters; and the two ways to make a new one."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vocero.company.queries import main_program
from vocero.content import queries, services, tasks
from vocero.content.fetching import FetchFailed, fetch_page
from vocero.content.health import reason_text
from vocero.content.languages import NAMES
from vocero.content.library import EVERYBODY, NOTHING, Criteria, library_page, options
from vocero.content.models import Kind, Origin, Post, Purpose
from vocero.lib import clock
from vocero.lib.errors import Refusal
from vocero.lib.words import pick
from vocero.web.access import manager, signed_in
from vocero.web.manager.post_forms import network_choices, reading_order
from vocero.web.manager.posts import mix_context, rows_of
from vocero.web.tables import Column, Table
from vocero.web.toasts import say

TEMPLATE = "manager/library.html"
COLUMNS = (
    Column("title", gettext_lazy("Post"), sort="title"),
    Column("state", gettext_lazy("State")),
    Column("about", gettext_lazy("About")),
    Column("topics", gettext_lazy("Topics")),
    Column("languages", gettext_lazy("Captions in")),
    Column("offered", gettext_lazy("Offered"), sort="offered"),
    Column("updated", gettext_lazy("Changed"), sort="updated"),
)
LESS_USED = ("kind", "purpose", "campaign", "network", "segment", "source")


@manager
def library(request: HttpRequest) -> HttpResponse:
    """One page of the library; the whole question stands in the address."""
    program = main_program()
    query = request.GET.copy()
    after, before = query.pop("after", [""])[-1], query.pop("before", [""])[-1]
    table = Table(query, COLUMNS, default="-updated", name="sort")
    asked = {name: query.get(name, "") for name in Criteria.__slots__} | {"search": query.get("q", "")}
    criteria = options({**asked, "sort": table.order})
    page = library_page(program, criteria, after=after, before=before)
    context = {
        "table": table,
        "criteria": criteria,
        "page": page,
        "rows": rows_of(page.posts),
        "filters": _filters(program, criteria),
        "more_open": any(getattr(criteria, name) for name in LESS_USED),
        "next_url": _address(query, "after", page.next_key),
        "previous_url": _address(query, "before", page.previous_key),
        "is_empty": not page.total and not criteria.narrowed,
        **mix_context(program),
    }
    return render(request, TEMPLATE, context)


def _address(query: Any, name: str, key: str) -> str:
    return "?" + urlencode([*query.items(), (name, key)]) if key else ""


def _filters(program: Any, criteria: Criteria) -> dict[str, list[dict[str, Any]]]:
    """Give the choices of each filter: those always in sight, and those that open."""
    order = reading_order()
    topics = [(topic.public_id, pick(topic.name, order)) for topic in queries.topics(program)]
    campaigns = [(campaign.public_id, campaign.name) for campaign in queries.campaigns(program)]
    segments = [(segment.public_id, pick(segment.name, order)) for segment in queries.segments(program)]
    sources = [(source.public_id, source.name) for source in queries.sources(program)]
    found = {
        "state": (_("Every state"), list(Post.State.choices)),
        "origin": (_("Every origin"), list(Origin.choices)),
        "topic": (_("Every topic"), [*topics, (NOTHING, _("Without topic"))] if topics else []),
        "language": (_("Every language"), list(NAMES.items())),
        "kind": (_("Every kind"), list(Kind.choices)),
        "purpose": (_("Every purpose"), list(Purpose.choices)),
        "campaign": (_("Every campaign"), [*campaigns, (NOTHING, _("Without campaign"))] if campaigns else []),
        "network": (_("Every network"), network_choices()),
        "segment": (_("For anyone"), [(EVERYBODY, _("For everybody")), *segments] if segments else []),
        "source": (_("Every source"), sources),
    }
    made = {
        name: {"name": name, "all": label, "choices": choices, "value": getattr(criteria, name)}
        for name, (label, choices) in found.items()
        if choices
    }
    return {
        "first": [one for name, one in made.items() if name not in LESS_USED],
        "more": [one for name, one in made.items() if name in LESS_USED],
    }


@manager
def new(request: HttpRequest) -> HttpResponse:
    """Begin a post: from a pasted link, or from nothing."""
    if request.method != "POST":
        return render(request, "manager/library_new.html", {"url": request.GET.get("url", "")[:2000]})
    url = request.POST.get("url", "").strip()
    if request.POST.get("way") == "scratch":
        post = services.create_post(
            main_program(), by=signed_in(request), at=clock.now(), details=services.PostDetails(origin=Origin.COMPANY)
        )
        return redirect("manager:editor", post.public_id)
    return _from_link(request, url)


def _from_link(request: HttpRequest, url: str) -> HttpResponse:
    """Read the page and make a draft of it; a page that cannot be read still gives a draft to fill by hand."""
    program, at = main_program(), clock.now()
    if url and "://" not in url:
        url = f"https://{url}"
    known = queries.post_of_page(program, url)
    if known is not None:
        say(request, _("This page is in your library already. Here it is."))
        return redirect("manager:editor", known.public_id)
    preview = image = None
    reason = ""
    try:
        preview = fetch_page(url).preview
        image = tasks.card_image(preview.image_url, at=at)
    except FetchFailed as failure:
        reason = failure.reason
    try:
        post = services.create_from_link(program, url=url, preview=preview, image=image, by=signed_in(request), at=at)
    except Refusal as refusal:
        context = {"url": url, "error": str(refusal)}
        return render(request, "manager/library_new.html", context, status=422)
    if reason:
        text = _("%(reason)s Please type title and description yourself.") % {"reason": reason_text(reason)}
        say(request, text, level=messages.WARNING)
    return redirect("manager:editor", post.public_id)

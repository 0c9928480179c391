"""Which addresses of the URLconf are pages, with what in their variable parts; and the pages that only a form answers with."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.test import Client, RequestFactory, override_settings
from django.utils.translation import override

from tests import cast
from tests.architecture.test_access import PLACES, Place
from tests.web.lived import Lived
from vocero.people.models import Member
from vocero.web import access
from vocero.web.manager.cuts import CUTS

type Addresses = Callable[[Lived], list[str]]
type Answers = list[tuple[str, HttpResponse]]

ROLES = ("stranger", "invited", "advocate", "manager", "reader", "owner", "demo", "before")
"""Who walks; a `reader` manages and looks at results, `demo` is a stranger there, `before` comes before set-up."""

_POSTED = (
    "share/<slug:public_id>/checks", "share/<slug:public_id>/thanks/<slug:share_id>", "shares/<slug:public_id>/answer",
    "shares/<slug:public_id>/clear-up", "shares/<slug:public_id>/cancel", "shares/<slug:public_id>/take-down",
    "me/networks", "me/topics", "me/reading", "me/name", "me/break", "me/leave",
    "me/accounts/<slug:public_id>/disconnect", "phone", "sign-out", "language", "demo/as/<str:token>",
    "manage/guideline/terms", "manage/guideline/terms/<slug:public_id>/archive", "manage/guideline/try",
    "manage/guideline/wordings/<slug:language>", "manage/guideline/stop", "manage/inbox/dismiss",
    "manage/inbox/bring-back", "manage/library/posts/<slug:public_id>/preview",
    "manage/library/posts/<slug:public_id>/autosave", "manage/library/posts/<slug:public_id>/read-again",
    "manage/library/posts/<slug:public_id>/move", "manage/library/sources/<slug:public_id>/move",
    "manage/library/topics/<slug:public_id>", "manage/library/campaigns/<slug:public_id>",
    "manage/people/invite", "manage/people/remind", "manage/people/codes",
    "manage/people/import/<slug:public_id>/confirm", "manage/people/import/<slug:public_id>/discard",
    "manage/people/teams/<slug:public_id>/merge", "manage/people/teams/<slug:public_id>/archive",
    "manage/people/segments/<slug:public_id>/pick", "manage/people/segments/<slug:public_id>/archive",
    "manage/people/person/<slug:public_id>/link", "manage/people/person/<slug:public_id>/role",
    "manage/people/person/<slug:public_id>/erase", "manage/people/person/<slug:public_id>/active",
    "manage/results/rates/confirm", "manage/results/rates/<slug:public_id>/drop", "manage/month/<slug:key>/plan",
    "manage/month/<slug:key>/address", "manage/month/<slug:key>/address/<slug:public_id>/end",
    "manage/settings/time-zone", "manage/settings/conversions/sites", "manage/settings/conversions/keys",
    "manage/settings/conversions/<slug:public_id>", "manage/settings/conversions/window",
    "manage/first-day/<slug:key>",
)  # fmt: skip
NO_PAGES = {
    **dict.fromkeys(_POSTED, "answers a form, and leads to a page that is walked"),
    "": "leads to the page that is the reader's",
    "me/connected": "a network's way back",
    "me/export": "a download",
    "manage/results/file": "a download",
    "manage/results/slice": "a part of the results",
    "f/<slug:key>": "a picture",
    "files/<slug:key>": "a picture",
    "look/brand-<slug:color>.css": "a style sheet",
    "look/<slug:digest>.css": "a style sheet",
    "site.webmanifest": "for the browser",
    "mailbox/<slug:public_id>/html": "somebody's mail as it is, in a frame that runs nothing",
    "manage/inbox/<slug:public_id>": "a part of the inbox",
    "manage/settings/conversions/<slug:public_id>/test": "a part of its page",
}
"""Addresses that are not walked, and why; the interface of machines (`api/`) is none of them."""

_INVITED = {"join", "join/guideline", "join/no-thank-you"}
_DEMO = {"demo", "mailbox", "mailbox/<slug:public_id>"}
_FIGURES = ("shares", "unique_clicks", "credited_value", "participation", "emv")
_SETTINGS = ("", "look", "mail", "conversions")

PAGES: dict[str, Addresses] = {
    "today": lambda it: ["/today", f"/today?topic={it.topic.public_id}"],
    "share/<slug:public_id>": lambda it: [f"/share/{it.post.public_id}?network=x", f"/share/{it.picture_post.public_id}"],
    "shares/<slug:public_id>": lambda it: [f"/shares/{one.public_id}" for one in it.shares],
    "shares/<slug:public_id>/finish": lambda it: [f"/shares/{it.by_hand.public_id}/finish"],  # type: ignore[union-attr]
    "shares/<slug:public_id>/edit": lambda it: [f"/shares/{it.planned.public_id}/edit"],  # type: ignore[union-attr]
    "me/connect/<slug:network>": lambda _: ["/me/connect/mastodon", "/me/connect/bluesky"],
    "sign-in/link/<str:token>": lambda it: [f"/sign-in/link/{it.tokens['sign-in']}"],
    "sign-in/code": lambda _: [],
    "join/guideline": lambda _: [],
    "welcome/<str:token>": lambda it: [
        f"/welcome/{it.tokens['welcome']}", f"/welcome/{it.tokens['expired']}", "/welcome/" + "x" * 43
    ],
    "report/<str:token>": lambda it: [f"/report/{it.tokens['report']}"],
    "weekly/stop/<str:token>": lambda it: [f"/weekly/stop/{it.tokens['weekly']}"],
    "mailbox": lambda _: ["/mailbox", "/mailbox?q=nothing"],
    "mailbox/<slug:public_id>": lambda it: [f"/mailbox/{one.public_id}" for one in it.letters],
    "setup/<str:token>": lambda it: [f"/setup/{it.tokens['setup']}"],
    "manage/inbox/": lambda it: ["/manage/inbox/", f"/manage/inbox/?source={it.sources[1].public_id}"],
    "manage/inbox/<slug:public_id>/offer": lambda it: [f"/manage/inbox/{it.waiting[0].public_id}/offer"],
    "manage/library/": lambda _: ["/manage/library/", "/manage/library/?q=nothing"],
    "manage/library/posts/<slug:public_id>": lambda it: [
        f"/manage/library/posts/{one.public_id}" for one in (it.post, it.picture_post, *it.drafts)
    ],
    "manage/library/posts/<slug:public_id>/links": lambda it: [
        f"/manage/library/posts/{one.public_id}/links" for one in (it.post, *it.drafts)
    ],
    "manage/library/sources/<slug:public_id>": lambda it: [
        f"/manage/library/sources/{one.public_id}" for one in it.sources
    ],
    "manage/people/": lambda _: ["/manage/people/", "/manage/people/?q=nobody", "/manage/people/?state=bounced"],
    "manage/people/import/<slug:public_id>": lambda it: [
        f"/manage/people/import/{it.imports['waits'].public_id}{kind}" for kind in ("", "?kind=fault", "?kind=changed")
    ],
    "manage/people/import/<slug:public_id>/columns": lambda it: [
        f"/manage/people/import/{it.imports['waits'].public_id}/columns"
    ],
    "manage/people/import/<slug:public_id>/progress": lambda it: [
        f"/manage/people/import/{it.imports[state].public_id}/progress" for state in ("going", "written")
    ],
    "manage/people/teams/<slug:public_id>": lambda it: [f"/manage/people/teams/{it.people.house.sales.public_id}"],
    "manage/people/segments/<slug:public_id>": lambda it: [f"/manage/people/segments/{it.segment.public_id}?find=a"],  # type: ignore[union-attr]
    "manage/people/person/<slug:public_id>": lambda it: [
        f"/manage/people/person/{one.public_id}" for one in (it.people.maximiliana, it.people.bruno)
    ],
    "manage/results/": lambda it: [
        "/manage/results/", *(f"/manage/results/?by={cut}&period={it.last_month.key}" for cut in CUTS)
    ],
    "manage/results/posts/<slug:public_id>": lambda it: [
        f"/manage/results/posts/{it.post.public_id}", f"/manage/results/posts/{it.picture_post.public_id}"
    ],
    "manage/results/figures/<slug:code>": lambda it: [
        f"/manage/results/figures/{code}?period={it.last_month.key}" for code in _FIGURES
    ],
    "manage/month/<slug:key>": lambda it: [
        f"/manage/month/{month.key}" for month in (it.last_month, it.last_month.next(), it.last_month.previous())
    ],
}  # fmt: skip


def role_of(place: Place) -> str:
    """Who walks a place."""
    if place.route in _DEMO:
        return "demo"
    if place.route in _INVITED:
        return "invited"
    if place.route.startswith("setup/"):
        return "before"
    if place.route.startswith(("manage/results/", "manage/month/")):
        return "reader"
    return {access.PUBLIC: "stranger", access.MEMBER: "advocate"}.get(place.audience, place.audience)


def pages() -> list[Place]:
    """All addresses that are pages."""
    return [place for place in PLACES if place.audience != "api" and place.route not in NO_PAGES]


def addresses(role: str, lived: Lived) -> list[str]:
    """Give what somebody walks in the browser."""
    found: list[str] = []
    for place in pages():
        if role_of(place) == role:
            found += PAGES[place.route](lived) if place.route in PAGES else [place.path]
    if role == "owner":
        found += [f"/manage/settings/{page}" for page in _SETTINGS]
        found += ["/manage/", f"/manage/people/person/{lived.people.ana.public_id}"]
    if role == "before":
        found += ["/sign-in", "/privacy"]
    return found


def member_of(role: str, lived: Lived) -> Member | None:
    """Give who signs in to walk."""
    people = lived.people
    return {
        "invited": people.nobody_asked, "advocate": people.maximiliana, "manager": people.marta,
        "reader": people.marta, "owner": people.olga
    }.get(role)  # fmt: skip


def answers(role: str, lived: Lived, client: Client) -> Answers:
    """Give the pages that a form answers with, each with the address it stands at."""
    with override("en"):
        return _FORMS.get(role, lambda *_: [])(lived, client)


def _posted(client: Client, forms: list[tuple[str, dict[str, Any]]]) -> Answers:
    return [(address, client.post(address, data)) for address, data in forms]


def _stranger(lived: Lived, client: Client) -> Answers:
    client.post("/sign-in", {"email": "ana@aurora.example"})
    return [
        ("/sign-in/code", client.get("/sign-in/code")),
        *_posted(
            client,
            [
                ("/sign-in/code", {"code": "1"}),
                ("/sign-in", {"email": "nothing"}),
                ("/sign-in/password", {"email": "nothing"}),
                ("/welcome", {"email": "nothing"}),
                (f"/welcome/{lived.tokens['expired']}", {"again": "1"}),
                (f"/weekly/stop/{lived.tokens['weekly']}", {}),
            ],
        ),
        *_errors(),
    ]


def _errors() -> Answers:
    request = RequestFactory().get("/")
    names = ("400", "403", "404", "429", "500", "link_gone")
    return [(f"/errors/{name}", render(request, f"errors/{name}.html")) for name in names]


def _invited(lived: Lived, client: Client) -> Answers:
    version = client.get("/join").context["version"]
    client.post("/join", {"version": version})
    return [("/join/guideline", client.get("/join/guideline"))]


def _advocate(lived: Lived, client: Client) -> Answers:
    compose = f"/share/{lived.post.public_id}"
    return [
        *_posted(
            client,
            [("/phone", {}), (compose, {"do": "share", "network": "x", "text": ""}), ("/me/connect/bluesky", {})],
        ),
        ("/nothing/here", client.get("/nothing/here")),
    ]


def _manager(lived: Lived, client: Client) -> Answers:
    one, two = lived.people.maximiliana.public_id, lived.people.ana.public_id
    found = _posted(
        client,
        [
            ("/manage/people/codes", {"id": [one, two]}),
            (f"/manage/people/person/{one}/link", {}),
            (f"/manage/people/person/{one}", {"name": ""}),
            ("/manage/people/add", {"name": ""}),
            ("/manage/people/import", {}),
            ("/manage/people/teams", {"name": ""}),
            ("/manage/people/segments/new", {}),
            ("/manage/library/topics/", {}),
            ("/manage/library/campaigns/", {}),
            ("/manage/library/sources/add", {"address": "http://127.0.0.1:1/"}),
            (f"/manage/inbox/{lived.waiting[0].public_id}/offer", {}),
            (f"/manage/library/posts/{lived.drafts[0].public_id}", {"do": "offer"}),
            ("/manage/guideline/try", {"text": "We guarantee 100 % returns, 😀😀😀 #a #b"}),
            ("/manage/guideline/terms", {"kind": "banned", "text": ""}),
            ("/manage/settings/conversions/keys", {"name": "Shop"}),
            ("/manage/settings/conversions/sites", {"origin": "https://a b"}),
        ],
    )
    with override_settings(MAILERS={"default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}}):
        invited = {"name-1": cast.LONGEST_NAME, "email-1": "new@aurora.example"}
        found.append(("/manage/first-day/invite", client.post("/manage/first-day/invite", invited)))
        found.append(("/manage/settings/mail", client.get("/manage/settings/mail")))
    return found


def _reader(lived: Lived, client: Client) -> Answers:
    month = f"/manage/month/{lived.last_month.key}"
    client.post(f"{month}/address")
    return [*_posted(client, [("/manage/results/rates", {})]), (month, client.get(month))]


def _owner(lived: Lived, client: Client) -> Answers:
    return _posted(client, [("/manage/settings/", {}), ("/manage/settings/team", {})])


def _before(lived: Lived, client: Client) -> Answers:
    address = f"/setup/{lived.tokens['setup']}"
    return [(address, client.post(address, {"password": "short"}))]


_FORMS: dict[str, Callable[[Lived, Client], Answers]] = {
    "stranger": _stranger, "invited": _invited, "advocate": _advocate, "manager": _manager, "reader": _reader, "owner": _owner,
    "before": _before,
}  # fmt: skip

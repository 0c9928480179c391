"""The places that each shell leads to; a place whose page does not exist yet is left out."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Place:
    """One entry of a navigation: label, icon, address, and whether we are there."""

    label: str | Promise
    icon: str
    url: str
    is_current: bool


PLACES: dict[str, tuple[tuple[str, str | Promise, str], ...]] = {
    "advocate": (
        ("advocate:today", _("Today"), "newspaper"),
        ("advocate:shares", _("My shares"), "send"),
        ("advocate:me", _("Me"), "circle-user-round"),
    ),
    "manager": (
        ("manager:overview", _("Overview"), "layout-dashboard"),
        ("manager:inbox", _("Inbox"), "inbox"),
        ("manager:library", _("Library"), "library"),
        ("manager:people", _("People"), "users"),
        ("manager:guideline", _("Guideline"), "shield-check"),
        ("manager:results", _("Results"), "chart-line"),
        ("manager:settings", _("Settings"), "settings"),
    ),
}

BELOW: dict[str, tuple[str, ...]] = {
    "advocate:today": ("advocate:compose",),
    "advocate:me": ("advocate:guideline",),
    "manager:overview": ("manager:first-day",),
    "manager:library": ("manager:editor", "manager:sources", "manager:topics", "manager:campaigns"),
}
"""Pages that stand below a place though their names do not begin with its name."""


def address_of(name: str, *args: object) -> str:
    """Give the address of a URL name, or nothing while there is no such page."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def places(audience: str, request: HttpRequest | None) -> list[Place]:
    """Give the places of a shell that exist; a page below a place (people-import) marks that place (people)."""
    here = request.resolver_match.view_name if request is not None and request.resolver_match else ""
    found = [(name, label, icon, address_of(name)) for name, label, icon in PLACES[audience]]
    return [Place(label, icon, url, _is_at(here, name)) for name, label, icon, url in found if url]


def _is_at(here: str, name: str) -> bool:
    return any(here == one or here.startswith(f"{one}-") for one in (name, *BELOW.get(name, ())))


def tabs(request: HttpRequest | None, pairs: list[tuple[Any, str]]) -> list[dict[str, Any]]:
    """Mark the tab that leads to the page's own address; without an exact one, the one with the same path."""
    full = request.get_full_path() if request is not None else ""
    path = request.path if request is not None else ""
    current = next((url for _label, url in pairs if url == full), None)
    if current is None:
        current = next((url for _label, url in pairs if url.split("?")[0] in {path, ""}), None)
    return [{"label": label, "url": url, "is_current": url == current} for label, url in pairs]

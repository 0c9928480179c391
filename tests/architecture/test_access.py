"""Every address has its audience, and nobody else comes in: asked of every page, logged out and in every role."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests import cast
from vocero.web import access

AUDIENCES = {access.PUBLIC, access.MEMBER, access.ADVOCATE, access.MANAGER, access.OWNER, "api"}


@dataclass(frozen=True)
class Place:
    """One address of the product: its pattern, its view, and an address that fits the pattern."""

    route: str
    view: Callable[..., Any]
    path: str
    has_parts: bool

    @property
    def audience(self) -> str:
        """Whom the view says it is for."""
        return str(getattr(self.view, "audience", ""))


def places() -> Iterator[Place]:
    """All addresses, from the URLconf itself."""

    def walk(patterns: list[URLPattern | URLResolver], route: str) -> Iterator[Place]:
        for entry in patterns:
            here = route + str(entry.pattern)
            if isinstance(entry, URLResolver):
                yield from walk(entry.url_patterns, here)
            else:
                path = "/" + here
                for name, value in _parts(here).items():
                    path = path.replace(name, value)
                yield Place(here, entry.callback, path, "<" in here)

    yield from walk(get_resolver().url_patterns, "")


def _parts(route: str) -> dict[str, str]:
    """What stands for each variable part of a pattern."""
    examples = {"int": "1", "uuid": "00000000-0000-4000-8000-000000000000"}
    return {found[0]: examples.get(found[1] or "", "nothing") for found in re.finditer(r"<(?:(\w+):)?\w+>", route)}


PLACES = list(places())
GUARDED = [place for place in PLACES if place.audience not in {access.PUBLIC, "api"}]


def named(place: Place) -> str:
    """How a test case of a place is called."""
    return place.route or "/"


def answer(client: Client, place: Place, method: str) -> HttpResponse:
    """What the address answers; it may refuse, but never break."""
    client.raise_request_exception = True
    response: HttpResponse = getattr(client, method)(place.path)
    assert response.status_code < 500
    return response


@pytest.mark.parametrize("place", PLACES, ids=named)
def test_every_address_says_whom_it_is_for(place: Place) -> None:
    assert place.audience in AUDIENCES, (
        f"decorate {place.view.__module__}.{place.view.__name__} with one of vocero.web.access"
    )


def test_the_walk_sees_the_pages() -> None:
    assert len(PLACES) > 40
    assert {place.audience for place in PLACES} == AUDIENCES


@pytest.mark.parametrize("place", PLACES, ids=named)
def test_pages_of_the_program_team_are_for_it_alone(place: Place) -> None:
    if place.route.startswith("manage/"):
        assert place.audience in {access.MANAGER, access.OWNER}


@pytest.mark.django_db
@pytest.mark.parametrize("place", GUARDED, ids=named)
def test_nobody_comes_in_without_signing_in(place: Place, house: cast.House) -> None:
    for method in ("get", "post"):
        response = answer(Client(), place, method)
        assert response.status_code == 302
        assert response["Location"].startswith(reverse("public:sign-in"))


@pytest.mark.parametrize("place", [p for p in PLACES if p.audience in {access.MANAGER, access.OWNER}], ids=named)
def test_a_page_of_a_higher_role_does_not_exist_for_others(
    place: Place, people: cast.People, sign_in: cast.SignIn
) -> None:
    others = [people.ana, people.nobody_asked]
    if place.audience == access.OWNER:
        others.append(people.marta)
    for member in others:
        for method in ("get", "post"):
            assert answer(sign_in(member), place, method).status_code == 404


@pytest.mark.parametrize("place", [p for p in PLACES if p.audience == access.ADVOCATE], ids=named)
def test_an_advocates_page_leads_others_to_joining(place: Place, people: cast.People, sign_in: cast.SignIn) -> None:
    for member in (people.nobody_asked, people.left, people.marta):
        response = answer(sign_in(member), place, "get")
        assert response.status_code == 302
        assert response["Location"] == reverse("public:join")


@pytest.mark.parametrize("place", GUARDED, ids=named)
def test_the_right_person_comes_in(place: Place, people: cast.People, sign_in: cast.SignIn) -> None:
    member = {access.MANAGER: people.marta, access.OWNER: people.olga}.get(place.audience, people.ana)
    response = answer(sign_in(member), place, "get")
    if place.has_parts:
        assert response.status_code in {200, 302, 404, 405, 410}
    else:
        assert response.status_code in {200, 302, 405}
        assert not response.get("Location", "").startswith(reverse("public:sign-in"))


@pytest.mark.parametrize("place", GUARDED, ids=named)
def test_a_member_who_was_deactivated_is_out(place: Place, people: cast.People, sign_in: cast.SignIn) -> None:
    client = sign_in(people.marta)
    people.marta.is_active = False
    people.marta.save(update_fields=["is_active"])
    response = answer(client, place, "get")
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("public:sign-in"))

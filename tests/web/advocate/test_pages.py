"""The advocate's pages, asked for over HTTP."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.cast import MOMENT, People
from tests.sharing.library import make_post
from vocero.lib.clock import moved_clock
from vocero.policy import services as policy
from vocero.sharing.models import Draft, Share

SignIn = Callable[[Any], Client]


@pytest.fixture
def ana(people: People, sign_in: SignIn) -> Client:
    """Ana, signed in, whose pages speak English."""
    people.ana.language = "en"
    people.ana.save()
    return sign_in(people.ana)


@pytest.fixture(autouse=True)
def monday() -> Any:
    """It is the cast's Monday."""
    with moved_clock(MOMENT) as clock:
        yield clock


def test_every_page_opens(people: People, ana: Client) -> None:
    post = make_post(people.house)
    for address in ["/today", f"/share/{post.public_id}", "/shares", "/guideline", "/me", "/me/connect/mastodon", "/me/connect/bluesky"]:
        assert ana.get(address).status_code == 200, address


def test_as_is_in_two_taps_by_hand(people: People, ana: Client) -> None:
    post = make_post(people.house)
    today = ana.get("/today").content.decode()
    assert f'href="/share/{post.public_id}"' in today
    page = ana.get(f"/share/{post.public_id}?network=linkedin")
    typed = page.context["sheet"].typed
    answer = ana.post(
        f"/share/{post.public_id}",
        {"text": typed.text, "network": "linkedin", "caption": typed.caption.public_id, "do": "share"},
        follow=True,
    )
    share = Share.objects.get()
    assert (share.channel, share.state, share.personalized) == ("handoff", "started", False)
    finish = answer.content.decode()
    assert "I work at Aurora Mills. Our mill runs on sunlight now." in finish
    assert f"%2Fl%2F{share.link.token}" in finish, "LinkedIn takes the link from its address"
    assert not Draft.objects.exists()

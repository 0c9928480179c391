"""Today: what it shows, why, and where it goes on."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from selectolax.lexbor import LexborHTMLParser

from tests.cast import MOMENT, People
from tests.sharing.library import make_post
from tests.web.advocate.asking import compose, text_of
from vocero.content.models import Topic, TopicFollow
from vocero.people.models import Enrolment, Segment
from vocero.policy import services as policy
from vocero.sharing import services

SignIn = Callable[[Any], Client]
pytestmark = pytest.mark.usefixtures("clock")


def cards_of(answer: Any) -> dict[str, set[str]]:
    """Give the texts on each card of the feed, by its title."""
    cards = LexborHTMLParser(text_of(answer)).css("article.post")
    texts = [[node.text(strip=True) for node in card.css("h2, .post-meta > span, .btn")] for card in cards]
    return {card.css_first("h2").text(strip=True): set(told) for card, told in zip(cards, texts, strict=True)}  # type: ignore[union-attr]


def test_today_says_why_each_post_is_there_and_what_was_shared(people: People, ana: Client) -> None:
    topic = Topic.objects.create(program=people.program, name={"en": "Energy"}, created_at=MOMENT)
    TopicFollow.objects.create(member=people.ana, topic=topic)
    followed = make_post(people.house, title="Followed")
    followed.topics.add(topic)
    segment = Segment.objects.create(
        program=people.program, name={"en": "Madrid"}, locations=["Madrid"], created_at=MOMENT
    )
    near = make_post(people.house, title="Near", url="https://aurora.example/near")
    near.segments.add(segment)
    far = make_post(people.house, title="Far", url="https://aurora.example/far")
    far.segments.add(
        Segment.objects.create(program=people.program, name={"en": "X"}, locations=["Oslo"], created_at=MOMENT)
    )
    make_post(
        people.house, title="Polish", url="https://aurora.example/pl", language="pl", captions=[("pl", "", "Cześć")]
    )
    compose(ana, followed)
    cards = cards_of(ana.get("/today"))
    assert set(cards) == {"Followed", "Near", "Polish"}
    assert "Because you follow Energy" in cards["Followed"]
    assert "Begun: LinkedIn. Did you finish it?" in cards["Followed"]
    assert "For everyone in Madrid" in cards["Near"]
    assert {"For everyone, without a topic", "In Polish"} <= cards["Polish"]
    assert not {text for text in cards["Near"] | cards["Polish"] if text.startswith("Shared on")}
    assert list(cards_of(ana.get(f"/today?topic={topic.public_id}"))) == ["Followed"]


def test_today_goes_on_where_it_stopped_and_asks_the_same_number_of_questions(
    people: People, ana: Client, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        make_post(
            people.house,
            title=f"Post {number}",
            url=f"https://aurora.example/{number}",
            at=MOMENT + timedelta(minutes=number % 7),
        )
    seen: list[str] = []
    after = ""
    while True:
        page = ana.get(f"/today?after={after}")
        seen += list(cards_of(page))
        after = page.context["next_key"]
        if not after:
            break
    assert len(seen) == len(set(seen)) == 30
    with django_assert_max_num_queries(5):
        ana.get("/today")
    assert ana.get("/today?after=nonsense").status_code == 200


def test_a_stop_is_said_at_the_top_of_today(people: People, ana: Client) -> None:
    policy.engage_stop(by=people.marta, reason="We are checking one sentence.", at=MOMENT)
    assert "We are checking one sentence." in text_of(ana.get("/today"))


def test_a_colleague_who_shows_their_name_can_be_thanked(people: People, ana: Client, sign_in: SignIn) -> None:
    post = make_post(people.house)
    share = services.share_post(people.giulia, post, network="linkedin", text="Che bello.", at=MOMENT)
    services.confirm_handoff(share, "yes", at=MOMENT)
    assert "Giulia" not in text_of(ana.get(f"/share/{post.public_id}"))
    Enrolment.objects.filter(member=people.giulia).update(shows_name=True)
    assert "Giulia D’Amico" in text_of(ana.get(f"/share/{post.public_id}"))
    ana.post(f"/share/{post.public_id}/thanks/{share.public_id}", {"note": "Nicely said"})
    people.giulia.language = "en"
    people.giulia.save()
    assert "Nicely said" in text_of(sign_in(people.giulia).get(f"/shares/{share.public_id}"))

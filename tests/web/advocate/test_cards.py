"""Cards are drawn once for everybody; what is anybody's own is put in later and stays nowhere."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.test import Client

from tests.cast import MOMENT, People
from tests.measurement import facts
from tests.sharing.library import make_post
from vocero.content.models import Post, Topic, TopicFollow
from vocero.lib.clock import moved_clock
from vocero.people.models import Segment
from vocero.sharing import services
from vocero.web.advocate import cards

SignIn = Callable[[Any], Client]


@pytest.fixture(autouse=True)
def fragments(monkeypatch: pytest.MonkeyPatch) -> Iterator[cards.Fragments]:
    """Cards of this test alone, on the cast's Monday."""
    own = cards.Fragments(cards.MOST_KEPT)
    monkeypatch.setattr(cards, "FRAGMENTS", own)
    with moved_clock(MOMENT):
        yield own


def a_feed(people: People) -> Post:
    """Posts of each kind, one of which Ana shared; she and Bruno follow different topics and are in different groups."""
    topics = [
        Topic.objects.create(program=people.program, name={"en": name}, created_at=MOMENT)
        for name in ("Anas secret passion", "Brunos secret passion")
    ]
    for member, topic in zip((people.ana, people.bruno), topics, strict=True):
        TopicFollow.objects.create(member=member, topic=topic)
        member.language = "en"
        member.save()
    groups = []
    for name, member in (("Anas circle", people.ana), ("Brunos circle", people.bruno)):
        group = Segment.objects.create(program=people.program, name={"en": name}, created_at=MOMENT)
        group.picked.add(member)
        groups.append(group)
    both = make_post(people.house, title="Both follow")
    both.topics.set(topics)
    near = make_post(people.house, title="In both groups")
    near.segments.set(groups)
    make_post(people.house, title="<b>Bold</b> & brave", featured_at=MOMENT, why_share="<script>x</script>")
    make_post(people.house, title="Polish", language="pl", captions=[("pl", "", "Cześć")])
    facts.share_on(people.ana, both, MOMENT.date())
    return both


def page_of(client: Client, address: str = "/today") -> str:
    """A page without what is drawn anew for each page for the browser's sake."""
    return re.sub(r'"X-CSRFToken": "[^"]*"', "", client.get(address).content.decode())


def test_nobody_sees_what_is_anothers_own_and_nothing_of_it_is_kept(
    people: People, sign_in: SignIn, fragments: cards.Fragments
) -> None:
    a_feed(people)
    ana, bruno = sign_in(people.ana), sign_in(people.bruno)
    first = {"ana": page_of(ana), "bruno": page_of(bruno)}
    assert len(fragments) > 0
    again = {"ana": page_of(ana), "bruno": page_of(bruno)}
    assert again == first
    for text in ("Because you follow Anas secret passion", "For everyone in Anas circle", "Shared on "):
        assert text in first["ana"], text
        assert text not in first["bruno"], text
    for text in ("Because you follow Brunos secret passion", "For everyone in Brunos circle"):
        assert text in first["bruno"], text
        assert text not in first["ana"], text
    kept = fragments.everything()
    for secret in ("secret passion", "circle", "Shared on", people.ana.name, people.bruno.name, "csrf"):
        assert secret not in kept, secret
    assert "Both follow" in kept


def test_a_kept_card_looks_exactly_like_one_drawn_for_its_reader(
    people: People, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_feed(people)
    clients = [sign_in(member) for member in (people.ana, people.bruno, people.celina, people.giulia)]
    for client in clients:
        page_of(client)
    kept = [page_of(client) for client in clients]
    monkeypatch.setattr(cards, "FRAGMENTS", cards.Fragments(0))
    assert kept == [page_of(client) for client in clients]
    assert "&lt;b&gt;Bold&lt;/b&gt; &amp; brave" in kept[0]
    assert "<script>x" not in kept[0]
    assert all(cards._BORDER not in page for page in kept)


def test_a_post_that_changed_is_drawn_anew_and_one_shared_says_so(people: People, sign_in: SignIn) -> None:
    post = a_feed(people)
    bruno = sign_in(people.bruno)
    assert page_of(bruno).count("Share again") == 0
    Post.objects.filter(pk=post.pk).update(title="A better title")
    changed = page_of(bruno)
    assert "A better title" in changed
    assert "Both follow" not in changed
    share = services.share_post(people.bruno, post, network="linkedin", text="Look at this.", at=MOMENT)
    services.confirm_handoff(share, services.Answer.YES, at=MOMENT)
    assert "Shared on LinkedIn" in page_of(bruno)
    assert page_of(bruno).count("Share again") == 1


def card_of(client: Client, title: str) -> str:
    """The card with a title, as one text with single spaces."""
    (card,) = [one for one in re.findall(r"<article.*?</article>", page_of(client), re.DOTALL) if title in one]
    return " ".join(card.split())


@pytest.mark.parametrize(
    ("values", "said", "button"),
    [
        ({"state": "started"}, "Begun: LinkedIn. Did you finish it?", "Go on with it"),
        ({"state": "unconfirmed"}, "Not sure whether it is out: LinkedIn", "Clear it up"),
        ({"state": "sending"}, "On its way: LinkedIn", "See your share"),
        ({"state": "planned", "due_wall": ""}, "On its way: LinkedIn", "See your share"),
        ({"state": "planned", "due_wall": "2026-12-24T09:30"}, "Planned for 24 December: LinkedIn", "See your share"),
        (
            {"state": "planned", "due_wall": "", "reason": "guideline"},
            "Planned, and waiting: LinkedIn",
            "See your share",
        ),
        ({"state": "sent"}, "Shared on LinkedIn", "Share again"),
    ],
)
def test_a_card_says_no_more_of_a_share_than_is_known(
    people: People, sign_in: SignIn, values: dict[str, str], said: str, button: str
) -> None:
    post = make_post(people.house, title="A calm start")
    share = facts.share_on(people.ana, post, MOMENT.date(), **values)
    people.ana.language = "en"
    people.ana.save()
    client = sign_in(people.ana)
    for _again in range(2):
        card = card_of(client, "A calm start")
        assert said in card
        assert button in card
        assert ("Shared on" in card) is (values["state"] == "sent")
        address = f"/share/{post.public_id}" if values["state"] == "sent" else f"/shares/{share.public_id}"
        assert f'class="btn" href="{address}"' in card
        assert client.get(address).status_code == 200


def test_what_was_begun_comes_first_and_what_is_out_is_still_said(people: People, sign_in: SignIn) -> None:
    post = make_post(people.house, title="A calm start")
    for network, state in (("x", "started"), ("linkedin", "sent"), ("mastodon", "sent"), ("linkedin", "sent")):
        facts.share_on(people.ana, post, MOMENT.date(), network=network, state=state)
    people.ana.language = "en"
    people.ana.save()
    card = card_of(sign_in(people.ana), "A calm start")
    assert "Shared on LinkedIn, Mastodon · Begun: X. Did you finish it?" in card
    assert "Go on with it" in card


@pytest.mark.parametrize(
    ("state", "said"),
    [
        ("sent", "You shared this on LinkedIn before"),
        ("started", "You have begun to share this on LinkedIn"),
        ("unconfirmed", "This may be out on LinkedIn already"),
        ("sending", "This is on its way to LinkedIn already"),
    ],
)
def test_the_composer_asks_before_a_second_time_and_says_what_became_of_the_first(
    people: People, sign_in: SignIn, state: str, said: str
) -> None:
    post = make_post(people.house, title="A calm start")
    share = facts.share_on(people.ana, post, MOMENT.date(), state=state)
    people.ana.language = "en"
    people.ana.save()
    answer = sign_in(people.ana).post(
        f"/share/{post.public_id}", {"do": "share", "network": "linkedin", "text": "I work at Aurora. Look at this."}
    )
    page = answer.content.decode()
    assert answer.status_code == 422
    assert said in page
    assert ("before" in said) is (f'href="/shares/{share.public_id}"' not in page)
    assert post.shares.count() == 1


def test_only_so_many_cards_are_kept(people: People, sign_in: SignIn, monkeypatch: pytest.MonkeyPatch) -> None:
    few = cards.Fragments(4)
    monkeypatch.setattr(cards, "FRAGMENTS", few)
    for number in range(10):
        make_post(people.house, title=f"Post {number}")
    first = page_of(sign_in(people.david))
    assert len(few) <= 4
    assert page_of(sign_in(people.david)) == first

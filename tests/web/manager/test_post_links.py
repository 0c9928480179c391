"""The page of where a post's links lead: what it says, what it changes, what it asks first, and what it refuses."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.cast import MOMENT, House, People
from tests.sharing.library import make_post
from vocero.company.models import AuditEntry
from vocero.content.models import Post
from vocero.sharing.models import Link
from vocero.sharing.services import share_post

type SignIn = Callable[[Any], Client]


@pytest.fixture
def post(people: People) -> Post:
    """A post that two people began to share, one of them before its link was changed."""
    made = make_post(people.house, url="https://aurora.example/old")
    share_post(people.ana, made, network="linkedin", text="Look at this", at=MOMENT)
    made.url = "https://aurora.example/sun"
    made.save()
    share_post(people.bruno, made, network="linkedin", text="Look at this", at=MOMENT)
    return made


@pytest.fixture
def marta(people: People, sign_in: SignIn) -> Client:
    return sign_in(people.marta)


def address(post: Post) -> str:
    return f"/manage/library/posts/{post.public_id}/links"


def leads(post: Post) -> list[tuple[str, str]]:
    return list(post.links.order_by("pk").values_list("state", "target_url"))


def test_it_says_where_how_many_links_lead(marta: Client, post: Post) -> None:
    assert address(post) in marta.get(f"/manage/library/posts/{post.public_id}").content.decode()
    text = marta.get(address(post)).content.decode()
    assert text.count("1 link leads to this page:") == 2
    assert ">https://aurora.example/old</a>" in text
    assert ">https://aurora.example/sun</a>" in text
    assert "Change all 2 links" in text
    assert "still offered" not in text


def test_a_post_that_nobody_shared_has_nothing_to_change(marta: Client, house: House) -> None:
    post = make_post(house)
    assert address(post) not in marta.get(f"/manage/library/posts/{post.public_id}").content.decode()
    text = marta.get(address(post)).content.decode()
    assert "It has no links yet" in text
    assert 'name="lead"' not in text


def test_visitors_are_offered_a_correction_and_the_log_says_who_did_it(
    marta: Client, post: Post, people: People
) -> None:
    page = marta.post(address(post), {"lead": "rerouted", "to": " https://aurora.example/right "}, follow=True)
    assert leads(post) == [("rerouted", "https://aurora.example/right")] * 2
    text = page.content.decode()
    assert "2 links were changed." in text
    assert "2 links say that it was corrected, and offer this page:" in text
    assert "The post is still offered" in text
    entry = AuditEntry.objects.order_by("-pk")[0]
    assert (entry.action, entry.actor, entry.subject) == (
        "sharing.links_rerouted",
        people.marta.public_id,
        post.public_id,
    )
    assert entry.detail == {"state": "rerouted", "links": 2, "to": "https://aurora.example/right"}
    again = marta.post(address(post), {"lead": "rerouted", "to": "https://aurora.example/right"}, follow=True)
    assert "They lead there already. Nothing was changed." in again.content.decode()
    back = marta.post(address(post), {"lead": "live"}, follow=True)
    assert leads(post) == [("live", "https://aurora.example/sun")] * 2
    assert "still offered" not in back.content.decode()


@pytest.mark.parametrize(
    ("state", "said"), [("withdrawn", "2 links say that it has been taken down."), ("expired", "their time is over")]
)
def test_links_are_ended_only_after_it_was_asked_and_come_back_as_they_were(
    marta: Client, post: Post, state: str, said: str
) -> None:
    before = leads(post)
    asked = marta.post(address(post), {"lead": state, "to": "https://aurora.example/typed"})
    assert asked.status_code == 422
    text = asked.content.decode()
    assert "End all 2 links?" in text
    assert 'name="sure"' in text
    assert leads(post) == before
    other = marta.post(address(post), {"lead": state, "to": "https://aurora.example/typed", "back": "1"})
    assert (other.status_code, leads(post)) == (200, before)
    assert 'value="https://aurora.example/typed"' in other.content.decode()
    done = marta.post(address(post), {"lead": state, "sure": "1"}, follow=True)
    assert said in done.content.decode()
    assert {one for one, _address in leads(post)} == {state}
    marta.post(address(post), {"lead": "live"})
    assert leads(post) == before


@pytest.mark.parametrize(
    ("to", "said"),
    [
        ("javascript:alert(1)", "with https://"),
        ("//evil.example/x", "with https://"),
        ("https://me:secret@evil.example/", "with https://"),
        ("aurora.example/sun", "with https://"),
        ('https://aurora.example/"><script>', "with https://"),
        ("", "with https://"),
        ("https://voices.aurora.example/l/4rT0aBcDeFg", "That is a tracked link itself."),
    ],
)
def test_nobody_is_offered_what_is_no_page_and_what_was_typed_stays(
    marta: Client, post: Post, house: House, to: str, said: str
) -> None:
    house.installation.links_url = "https://voices.aurora.example"
    house.installation.save()
    before = leads(post)
    page = marta.post(address(post), {"lead": "rerouted", "to": to})
    assert page.status_code == 422
    assert said in page.content.decode()
    assert page.context["form"]["to"].value() == to
    assert page.context["form"]["lead"].value() == "rerouted"
    assert "<script>" not in page.content.decode().partition("<main")[2]
    assert leads(post) == before


def test_choosing_nothing_is_said_and_changes_nothing(marta: Client, post: Post) -> None:
    before = leads(post)
    for typed in ({}, {"lead": "nonsense"}):
        assert marta.post(address(post), typed).status_code == 422
    assert "Choose where they should lead." in marta.post(address(post), {}).content.decode()
    assert leads(post) == before


def test_links_do_not_lead_back_to_a_post_without_a_link(marta: Client, post: Post) -> None:
    marta.post(address(post), {"lead": "rerouted", "to": "https://aurora.example/right"})
    Post.objects.filter(pk=post.pk).update(url="")
    page = marta.post(address(post), {"lead": "live"})
    assert page.status_code == 422
    assert "The post has no link of its own any more" in page.content.decode()
    assert leads(post) == [("rerouted", "https://aurora.example/right")] * 2


def test_only_the_program_team_reaches_it(people: People, sign_in: SignIn, post: Post) -> None:
    ana = sign_in(people.ana)
    assert ana.get(address(post)).status_code == 404
    assert ana.post(address(post), {"lead": "withdrawn", "sure": "1"}).status_code == 404
    assert Client().post(address(post), {"lead": "withdrawn", "sure": "1"}).status_code == 302
    assert set(post.links.values_list("state", flat=True)) == {Link.State.LIVE}

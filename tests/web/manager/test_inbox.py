"""The inbox: entries are offered in place with the few things that are needed, or dismissed and brought back."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.cast import MOMENT, People
from tests.content import makers
from vocero.content import services
from vocero.content.models import Post, Source

HTMX = {"HX-Request": "true"}
SignIn = Callable[[Any], Client]


@pytest.fixture
def team(people: People, sign_in: SignIn) -> Client:
    return sign_in(people.marta)


@pytest.fixture
def source(people: People) -> Source:
    topic = makers.topic(people.program)
    return makers.source(
        people.program, name="Textile World", kind="industry_insight", origin="curated", purposes=("educate",),
        topics=(topic,),
    )  # fmt: skip


def _arrive(source: Source, *names: str) -> list[Post]:
    entries = [makers.entry(name, published_at=MOMENT - timedelta(hours=place)) for place, name in enumerate(names)]
    services.ingest_entries(source, makers.feed(*entries), at=MOMENT)
    return [Post.objects.get(guid=name) for name in names]


def _answers(post: Post, **changes: Any) -> dict[str, Any]:
    return {
        "text": "Read this.",
        "language": "en",
        "kind": post.kind,
        "origin": post.origin,
        "purposes": post.purposes,
        "topics": [topic.public_id for topic in post.topics.all()],
        "would_post_myself": "on",
    } | changes


def test_an_empty_inbox_says_what_to_do_next(team: Client, people: People) -> None:
    assert reverse("manager:sources-add") in team.get("/manage/inbox/").text
    makers.source(people.program)
    assert "Nothing waits" in team.get("/manage/inbox/").text


def test_entries_stand_there_newest_first_and_thirty_at_a_time(team: Client, source: Source) -> None:
    Source.objects.update(most_new_a_day=100)
    source.refresh_from_db()
    _arrive(source, *(f"n{number:02}" for number in range(35)))
    first = team.get("/manage/inbox/")
    assert first.text.count('class="entry"') == 30
    assert first.text.index("About n00") < first.text.index("About n29")
    assert "35 entries wait" in first.text
    second = team.get("/manage/inbox/" + first.context["next_url"])
    assert second.text.count('class="entry"') == 5
    assert "About n34" in second.text


def test_the_form_remembers_what_the_source_decided(team: Client, source: Source) -> None:
    (post,) = _arrive(source, "a")
    page = team.get(f"/manage/inbox/{post.public_id}/offer", headers=HTMX)
    form = page.context["form"]
    assert form["text"].value() == "About a"
    assert (form["kind"].value(), form["origin"].value()) == ("industry_insight", "curated")
    assert form["purposes"].value() == ["educate"]
    assert "<html" not in page.text


def test_an_entry_is_offered_in_place_and_its_row_goes(team: Client, source: Source, people: People) -> None:
    (post,) = _arrive(source, "a")
    answer = team.post(f"/manage/inbox/{post.public_id}/offer", _answers(post), headers=HTMX)
    assert answer.status_code == 200
    assert f'id="entry-{post.public_id}" hx-swap-oob="delete"' in answer.text
    post.refresh_from_db()
    assert (post.state, post.offered_by) == (Post.State.OFFERED, people.marta)
    assert [caption.text for caption in post.captions.all()] == ["Read this."]
    assert "1 of 6" in answer.text  # the mix moves along


def test_without_script_the_form_is_a_page_and_leads_back_to_the_inbox(team: Client, source: Source) -> None:
    (post,) = _arrive(source, "a")
    page = team.get(f"/manage/inbox/{post.public_id}/offer")
    assert "<html" in page.text
    assert team.post(f"/manage/inbox/{post.public_id}/offer", _answers(post)).url == "/manage/inbox/"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"would_post_myself": ""}, "on your own profile?"),
        ({"text": " "}, "Write at least one caption"),
        ({"kind": ""}, "Choose what the post is about."),
        ({"purposes": []}, "Choose what it does for the reader"),
    ],
)
def test_what_is_missing_is_said_and_nothing_typed_is_lost(
    team: Client, source: Source, changes: dict[str, Any], words: str
) -> None:
    (post,) = _arrive(source, "a")
    typed = _answers(post, **({"text": "My own words"} | changes))
    answer = team.post(f"/manage/inbox/{post.public_id}/offer", typed, headers=HTMX)
    assert answer.status_code == 422
    assert words in answer.text
    assert changes.get("text", "My own words") in answer.text
    post.refresh_from_db()
    assert post.state == Post.State.INBOX


def test_many_are_dismissed_at_once_and_brought_back_by_undo(team: Client, source: Source) -> None:
    posts = _arrive(source, "a", "b", "c")
    answer = team.post("/manage/inbox/dismiss", {"post": [post.public_id for post in posts[:2]]}, follow=True)
    assert "2 entries dismissed." in answer.text
    assert "About c" in answer.text
    assert "About a" not in answer.text
    undo = answer.text.split("bring-back?ids=")[1].split('"')[0]
    back = team.post(f"/manage/inbox/bring-back?ids={undo}", follow=True)
    assert "About a" in back.text
    assert Post.objects.filter(state=Post.State.INBOX).count() == 3


def test_one_is_dismissed_in_place(team: Client, source: Source) -> None:
    post, other = _arrive(source, "a", "b")
    answer = team.post("/manage/inbox/dismiss", {"post": post.public_id}, headers=HTMX)
    assert f'id="entry-{post.public_id}" hx-swap-oob="delete"' in answer.text
    assert other.public_id not in answer.text
    assert "1 entry waits" in answer.text


def test_an_offered_post_cannot_be_dismissed_from_here(team: Client, people: People) -> None:
    post = makers.offered(people.program)
    team.post("/manage/inbox/dismiss", {"post": post.public_id})
    post.refresh_from_db()
    assert post.state == Post.State.OFFERED


def test_texts_of_feeds_are_text_and_never_markup(team: Client, source: Source) -> None:
    hostile = '"><script>alert(1)</script>'
    services.ingest_entries(source, makers.feed(makers.entry("x", title=hostile, summary=hostile)), at=MOMENT)
    page = team.get("/manage/inbox/").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page

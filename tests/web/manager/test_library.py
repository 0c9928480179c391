"""The library page: filters in the address, pages by key; a new post from a link or from nothing."""

import io
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from tests.cast import MOMENT, People
from tests.content import makers
from tests.content.conftest import website  # noqa: F401  a fixture
from tests.servers.loopback import Received, Reply
from vocero.content.models import Post

SignIn = Callable[[Any], Client]


@pytest.fixture
def team(people: People, sign_in: SignIn) -> Client:
    return sign_in(people.marta)


def test_an_empty_library_says_what_to_do_next(team: Client) -> None:
    assert "Make the first post" in team.get("/manage/library/").text


def test_words_and_filters_stand_in_the_address(team: Client, people: People) -> None:
    makers.offered(people.program, title="Żółta łódź")
    makers.draft(people.program, title="Promotion", origin="promotional", url="https://press.example/2")
    assert "Żółta łódź" in team.get("/manage/library/?q=lodz").text
    assert "Żółta łódź" not in team.get("/manage/library/?origin=promotional").text
    nothing = team.get("/manage/library/?q=nothing-like-this").text
    assert "No post fits" in nothing
    assert "Make the first post" not in nothing


@pytest.mark.parametrize("query", ["sort=nonsense", "after=xx", "before=%00", "topic=none&campaign=none&segment=everybody",
                                   "state=<script>", "language=xx&network=yy&source=zz&purpose=educate"])  # fmt: skip
def test_odd_addresses_give_a_page(team: Client, people: People, query: str) -> None:
    makers.draft(people.program)
    assert team.get(f"/manage/library/?{query}").status_code == 200


def test_five_thousand_posts_are_paged_with_as_many_questions_as_few(team: Client, people: People) -> None:
    def questions(address: str) -> int:
        with CaptureQueriesContext(connection) as asked:
            assert team.get(address).status_code == 200
        return len(asked)

    def add(count: int) -> None:
        Post.objects.bulk_create(
            Post(program=people.program, title=f"Post {n}", search_text="post", created_at=MOMENT, updated_at=MOMENT)
            for n in range(count)
        )

    add(31)
    questions("/manage/library/?q=post")
    few = questions("/manage/library/?q=post")
    add(5000)
    assert questions("/manage/library/?q=post") == few
    first = team.get("/manage/library/?q=post&sort=title")
    second = team.get("/manage/library/" + first.context["next_url"])
    assert {row.post.pk for row in first.context["rows"]}.isdisjoint(row.post.pk for row in second.context["rows"])
    assert questions("/manage/library/" + second.context["next_url"]) <= few + 1


def test_a_pasted_link_becomes_a_draft_with_what_its_page_says(team: Client, people: People, website: Any) -> None:  # noqa: F811
    picture = io.BytesIO()
    Image.new("RGB", (800, 420), "navy").save(picture, "PNG")

    def behave(request: Received, line: object) -> Reply:
        if request.path == "/p.png":
            return Reply(body=picture.getvalue())
        head = '<html lang="it"><title>Una storia</title><meta property="og:image" content="/p.png">'
        return Reply(body=head, headers={"Content-Type": "text/html"})

    server = website(behave)
    answer = team.post("/manage/library/new", {"url": f" {server.url}/story?utm_source=mail "})
    post = Post.objects.get()
    assert answer.url == f"/manage/library/posts/{post.public_id}"
    assert (post.title, post.language, post.state) == ("Una storia", "it", Post.State.DRAFT)
    assert (post.card_image is not None, post.created_by) == (True, people.marta)
    again = team.post("/manage/library/new", {"url": f"{server.url}/story/"}, follow=True)
    assert Post.objects.count() == 1
    assert "in your library already" in again.text
    shown = team.get(f"/files/{post.card_image.key}")
    assert shown["Content-Type"] == "image/jpeg"
    assert "sandbox" in shown["Content-Security-Policy"]


def test_a_page_that_cannot_be_read_still_gives_a_draft_to_type_in(team: Client, website: Any) -> None:  # noqa: F811
    server = website(lambda request, line: Reply(403))
    answer = team.post("/manage/library/new", {"url": f"{server.url}/closed"}, follow=True)
    assert Post.objects.get().url == f"{server.url}/closed"
    assert "does not let us read it" in answer.text
    assert "type title and description yourself" in answer.text


def test_what_is_no_address_is_said_and_kept(team: Client) -> None:
    answer = team.post("/manage/library/new", {"url": "javascript:alert(1)"})
    assert answer.status_code == 422
    assert "javascript:alert(1)" in answer.text
    assert Post.objects.count() == 0


def test_a_post_from_nothing_begins_as_the_companys_own(team: Client) -> None:
    answer = team.post("/manage/library/new", {"way": "scratch"})
    assert answer.url == f"/manage/library/posts/{Post.objects.get().public_id}"
    assert Post.objects.get().origin == "company"


def test_files_that_are_not_there_are_not_found(client: Client, db: None) -> None:
    assert client.get("/files/nothing").status_code == 404

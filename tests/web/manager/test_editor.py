"""The editor: saves, offers, previews and keeps drafts; nothing typed is lost."""

import io
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from PIL import Image

from tests.cast import MOMENT, People
from tests.content import makers
from vocero.content import services
from vocero.content.models import Post
from vocero.people.models import Segment

SignIn = Callable[[Any], Client]
HTMX = {"HX-Request": "true"}


@pytest.fixture
def team(people: People, sign_in: SignIn) -> Client:
    return sign_in(people.marta)


def _address(post: Post, deed: str = "") -> str:
    return f"/manage/library/posts/{post.public_id}{deed}"


def _sheet(team: Client, post: Post, **changes: Any) -> dict[str, Any]:
    """What a browser would send: the page's own form as it stands, with changes."""
    page = team.get(_address(post))
    form, captions = page.context["form"], page.context["captions"]
    sent = {name: form[name].value() for name in form.fields}
    sent |= {f"captions-{name}": captions.management_form[name].value() for name in captions.management_form.fields}
    for one in captions:
        sent |= {one.add_prefix(name): one[name].value() for name in one.fields}
    sent = {name: value for name, value in sent.items() if value is not None and value is not False}
    return sent | changes


def _picture() -> SimpleUploadedFile:
    drawn = io.BytesIO()
    Image.new("RGB", (600, 400), "teal").save(drawn, "PNG")
    return SimpleUploadedFile("a.png", drawn.getvalue(), "image/png")


def test_every_field_is_saved(team: Client, people: People) -> None:
    program = people.program
    topic, campaign = makers.topic(program), services.add_campaign(program, name="Spring", at=MOMENT)
    segment = Segment.objects.create(program=program, name={"en": "Sales"}, created_at=MOMENT)
    post = makers.draft(program)
    changes = {
        "title": "New title",
        "description": "New description",
        "site_name": "The Press",
        "kind": "branded",
        "origin": "promotional",
        "purposes": ["entertain", "educate"],
        "topics": [topic.public_id],
        "campaign": campaign.public_id,
        "language": "pl",
        "segments": [segment.public_id],
        "networks_allowed": ["linkedin", "mastodon"],
        "hashtags": "#wool #Łódź",
        "why_share": "Because.",
        "expires_at": "2027-01-10T09:30",
        "featured": "on",
        "captions-0-text": "Changed caption",
        "captions-1-language": "es",
        "captions-1-network": "linkedin",
        "captions-1-text": "Hola",
    }
    assert team.post(_address(post), _sheet(team, post, **changes)).url == _address(post)
    post.refresh_from_db()
    assert (post.title, post.kind, post.origin, post.purposes) == (
        "New title", "branded", "promotional", ["entertain", "educate"]
    )  # fmt: skip
    assert (list(post.topics.all()), post.campaign, list(post.segments.all())) == ([topic], campaign, [segment])
    assert (post.networks_allowed, post.hashtags, post.language) == (["linkedin", "mastodon"], ["wool", "Łódź"], "pl")
    assert post.expires_at == datetime(2027, 1, 10, 9, 30, tzinfo=ZoneInfo("Europe/Madrid"))  # Marta's own zone
    assert post.featured_at is not None
    captions = list(post.captions.values_list("language", "network", "text"))
    assert captions == [("en", "", "Changed caption"), ("es", "linkedin", "Hola")]


def test_a_post_is_offered_from_the_editor(team: Client, people: People) -> None:
    post = makers.draft(people.program)
    sheet = _sheet(team, post, do="offer", would_post_myself="on")
    assert team.post(_address(post), sheet).url == "/manage/library/"
    post.refresh_from_db()
    assert post.state == Post.State.OFFERED


def test_offering_too_early_saves_the_draft_and_says_everything_that_is_missing(team: Client, people: People) -> None:
    post = services.create_post(people.program, by=people.marta, at=MOMENT, details=services.PostDetails())
    answer = team.post(_address(post), _sheet(team, post, do="offer", title="Typed so far"))
    assert answer.status_code == 422
    for words in ("Write at least one caption", "what the post is about", "Would you post this on your own profile?"):
        assert words in answer.text
    assert answer.text.count('class="errors"') == 1, "everything stands in one list"
    assert answer.text.count("need your attention") == 1
    assert "Typed so far" in answer.text
    post.refresh_from_db()
    assert (post.state, post.title) == (Post.State.DRAFT, "Typed so far")


def test_what_was_typed_is_still_there_when_a_field_is_wrong(team: Client, people: People) -> None:
    post = makers.draft(people.program)
    sheet = _sheet(team, post, url="not an address", title="Kept title", **{"captions-0-text": "Kept caption"})
    answer = team.post(_address(post), sheet)
    assert answer.status_code == 422
    for words in ("Kept title", "Kept caption", "not an address", "Please give the whole address"):
        assert words in answer.text
    post.refresh_from_db()
    assert post.title == "A story"


def test_pictures_are_kept_even_when_something_else_is_wrong_and_need_words(team: Client, people: People) -> None:
    post = makers.draft(people.program, url="")
    team.post(_address(post), _sheet(team, post, url="wrong", expires_at="wrong", pictures=_picture()))
    image = post.images.get()
    answer = team.post(_address(post), _sheet(team, post, do="offer", would_post_myself="on"))
    assert "Describe each picture" in answer.text
    words = {f"alt-{image.pk}": "A teal square", "do": "offer", "would_post_myself": "on"}
    assert team.post(_address(post), _sheet(team, post, **words)).status_code == 302
    assert post.images.get().alt == "A teal square"
    post.refresh_from_db()
    assert post.state == Post.State.OFFERED


def test_a_file_that_is_no_picture_is_refused_in_words(team: Client, people: People) -> None:
    post = makers.draft(people.program)
    fake = SimpleUploadedFile("a.png", b"<svg onload=alert(1)>", "image/png")
    answer = team.post(_address(post), _sheet(team, post, pictures=fake, title="Kept"))
    assert answer.status_code == 422
    assert "not a picture" in answer.text
    assert "Kept" in answer.text


def test_the_cards_picture_is_replaced_and_taken_off(team: Client, people: People) -> None:
    post = makers.draft(people.program)
    team.post(_address(post), _sheet(team, post, card_picture=_picture()))
    post.refresh_from_db()
    assert post.card_image is not None
    team.post(_address(post), _sheet(team, post, drop_card_image="1"))
    post.refresh_from_db()
    assert post.card_image is None


def test_a_change_by_somebody_else_meanwhile_is_said_once_and_then_overwritten(team: Client, people: People) -> None:
    post = makers.draft(people.program)
    sheet = _sheet(team, post, title="Mine")
    services.edit_post(post, details=makers.READY, at=MOMENT + timedelta(minutes=5))
    answer = team.post(_address(post), sheet)
    assert answer.status_code == 422
    assert "Somebody else changed this post" in answer.text
    assert "Mine" in answer.text
    again = sheet | {"seen_at": answer.context["form"]["seen_at"].value()}
    assert team.post(_address(post), again).status_code == 302
    post.refresh_from_db()
    assert post.title == "Mine"


def test_a_draft_is_kept_while_it_is_written_and_an_offered_post_is_not_touched(team: Client, people: People) -> None:
    draft, offered = makers.draft(people.program), makers.offered(people.program, url="https://press.example/2")
    kept = team.post(_address(draft, "/autosave"), _sheet(team, draft, title="Half a ti"), headers=HTMX)
    assert "Draft kept at" in kept.text
    draft.refresh_from_db()
    assert draft.title == "Half a ti"
    team.post(_address(offered, "/autosave"), _sheet(team, offered, title="Half a ti"), headers=HTMX)
    offered.refresh_from_db()
    assert offered.title == "A story"


def test_after_an_autosave_the_save_is_no_conflict(team: Client, people: People) -> None:
    post = makers.draft(people.program)
    kept = team.post(_address(post, "/autosave"), _sheet(team, post, title="Half"), headers=HTMX)
    seen_at = kept.text.split('name="seen_at" value="')[1].split('"')[0].replace("&#x2B;", "+")
    sheet = _sheet(team, post, title="Whole") | {"seen_at": seen_at}
    assert team.post(_address(post), sheet).status_code == 302


def test_the_preview_shows_what_is_typed_as_the_network_would(team: Client, people: People) -> None:
    post = makers.draft(people.program)
    sheet = _sheet(
        team, post, title="Typed title", hashtags="wool", preview_network="x",
        **{"captions-0-text": "For all", "captions-1-language": "en", "captions-1-network": "x", "captions-1-text": "For X"},
    )  # fmt: skip
    shown = team.post(_address(post, "/preview"), sheet, headers=HTMX).text
    assert 'class="preview x"' in shown
    assert "For X" in shown
    assert "For all" not in shown
    assert "#wool" in shown
    assert "Typed title" in shown
    assert "<html" not in shown
    other = team.post(_address(post, "/preview"), sheet | {"preview_network": "linkedin"}, headers=HTMX).text
    assert "For all" in other
    assert "LinkedIn takes no text from us" in other
    post.refresh_from_db()
    assert post.title == "A story"


@pytest.mark.parametrize(
    ("deed", "state", "expected"),
    [
        ("dismiss", Post.State.DRAFT, Post.State.DISMISSED),
        ("archive", Post.State.OFFERED, Post.State.ARCHIVED),
        ("bring_back", Post.State.DISMISSED, Post.State.DRAFT),
    ],
)
def test_a_post_is_moved_by_one_button(team: Client, people: People, deed: str, state: str, expected: str) -> None:
    post = makers.offered(people.program)
    Post.objects.filter(pk=post.pk).update(state=state)
    assert team.post(_address(post, "/move"), {"do": deed}).status_code == 302
    post.refresh_from_db()
    assert post.state == expected


def test_a_duplicate_opens_in_the_editor(team: Client, people: People) -> None:
    post = makers.offered(people.program)
    answer = team.post(_address(post, "/move"), {"do": "duplicate"})
    copy = Post.objects.exclude(pk=post.pk).get()
    assert answer.url == _address(copy)


def test_a_warning_stands_beside_the_button_when_the_mix_would_tip(team: Client, people: People) -> None:
    makers.offered(people.program, origin="promotional")
    post = makers.draft(people.program, origin="promotional", url="https://press.example/2")
    assert "People tire of advertising." in team.get(_address(post)).text


def test_posts_of_others_and_of_nobody_are_not_found(team: Client, people: People, sign_in: SignIn) -> None:
    post = makers.draft(people.program)
    assert team.get("/manage/library/posts/nothing").status_code == 404
    assert sign_in(people.ana).get(_address(post)).status_code == 404


def test_a_segment_that_was_put_away_does_not_make_the_post_everybodys(team: Client, people: People) -> None:
    segment = Segment.objects.create(program=people.program, name={"en": "Sales"}, created_at=MOMENT)
    topic = makers.topic(people.program)
    post = makers.draft(people.program, segments=(segment,), topics=(topic,))
    Segment.objects.update(archived_at=MOMENT)
    services.archive_topic(topic, at=MOMENT)
    assert team.post(_address(post), _sheet(team, post, title="Changed")).status_code == 302
    assert list(post.segments.all()) == [segment]
    assert list(post.topics.all()) == [topic]

"""Joining is consent: read, decide freely, and nothing is recorded before the last yes."""

from typing import Any

import pytest
from django.test import Client

from tests import cast
from tests.cast import MOMENT
from vocero.content.models import Topic
from vocero.networks.models import Audience, NetworkChoice
from vocero.people.models import ConsentEvent, Enrolment
from vocero.people.services import publish_joining_text
from vocero.people.starter import joining_texts
from vocero.policy import services as policy
from vocero.policy.models import Acknowledgement

pytestmark = pytest.mark.django_db


@pytest.fixture
def nora(people: cast.People, sign_in: cast.SignIn) -> Client:
    policy.install_starters(at=MOMENT)
    publish_joining_text(joining_texts(), actor="", at=MOMENT)
    return sign_in(people.nobody_asked)


def test_joining_records_the_text_s_version_and_language_and_the_guideline(people: cast.People, nora: Client) -> None:
    page = nora.get("/join")
    assert "What is seen by whom" in page.content.decode()
    first = nora.post("/join", {"answer": "yes", "version": page.context["version"]})
    assert first.headers["Location"] == "/join/guideline"
    assert not Enrolment.objects.filter(member=people.nobody_asked).exists(), "nothing is recorded halfway"
    guideline = nora.get("/join/guideline")
    nora.post("/join/guideline", {"version": guideline.context["version"]})
    enrolment = Enrolment.objects.get(member=people.nobody_asked)
    assert (enrolment.state, enrolment.consent_text.version) == ("joined", 2)  # type: ignore[union-attr]
    assert ConsentEvent.objects.get(enrolment=enrolment).language == "en"
    assert Acknowledgement.objects.filter(member=people.nobody_asked).count() == 1
    assert nora.get("/").headers["Location"] == "/today"


def test_both_answers_are_one_button_of_the_same_size(nora: Client) -> None:
    body = nora.get("/join").content.decode()
    assert body.count('class="btn primary large wide" name="answer" value="yes"') == 1
    assert body.count('class="btn large wide" name="answer" value="no"') == 1


def test_no_thank_you_ends_it_and_can_be_changed(people: cast.People, nora: Client) -> None:
    answer = nora.post("/join", {"answer": "no"}, follow=True)
    assert "no reminders" in answer.content.decode()
    assert Enrolment.objects.get(member=people.nobody_asked).state == "declined"
    again = nora.get("/join")
    assert "unless you change it here" in again.content.decode()
    nora.post("/join", {"answer": "yes", "version": again.context["version"]})
    nora.post("/join/guideline", {"version": nora.get("/join/guideline").context["version"]})
    assert Enrolment.objects.get(member=people.nobody_asked).state == "joined"
    states = ConsentEvent.objects.filter(enrolment__member=people.nobody_asked).order_by("pk")
    assert [one.state for one in states] == ["declined", "joined"]


def test_a_text_that_changed_meanwhile_is_shown_before_it_is_agreed_to(people: cast.People, nora: Client) -> None:
    version = nora.get("/join").context["version"]
    publish_joining_text({"en": "Something else."}, actor="", at=MOMENT)
    assert nora.post("/join", {"answer": "yes", "version": version}).status_code == 200
    nora.post("/join", {"answer": "yes", "version": version + 1})
    policy.publish_guideline({"en": "New rules."}, at=MOMENT)
    assert nora.post("/join/guideline", {"version": "1"}).headers["Location"] == "/join/guideline"
    assert not Enrolment.objects.filter(member=people.nobody_asked).exists()


def test_the_guideline_cannot_be_reached_around_the_meaning(people: cast.People, nora: Client) -> None:
    assert nora.get("/join/guideline").headers["Location"] == "/join"
    assert nora.post("/join/guideline", {"version": "1"}).headers["Location"] == "/join"
    assert nora.get("/join/topics").headers["Location"] == "/join"


def test_topics_language_networks_and_rough_ranges_are_kept(people: cast.People, sign_in: cast.SignIn) -> None:
    ana = sign_in(people.ana)
    craft = Topic.objects.create(program=people.program, name={"es": "Oficio"}, created_at=MOMENT)
    assert "Oficio" in ana.get("/join/topics").content.decode()
    ana.post("/join/topics", {"topic": [craft.public_id, "unknown"], "language": "it"})
    people.ana.refresh_from_db()
    assert people.ana.language == "it"
    assert people.ana.topic_follows.get().topic == craft
    ana.post(
        "/join/networks",
        {"network": ["mastodon", "linkedin"], "range-mastodon": "100-300", "range-linkedin": "7-9", "range-x": "0-100"},
    )
    assert list(NetworkChoice.objects.filter(member=people.ana).values_list("network", flat=True)) == [
        "mastodon",
        "linkedin",
    ]
    told = Audience.objects.get(member=people.ana)
    assert (told.network, told.low, told.high, told.origin) == ("mastodon", 100, 300, "entered")
    ana.post("/join/networks", {"network": ["mastodon"], "range-mastodon": ""})
    assert not Audience.objects.filter(member=people.ana).exists(), "what was entered can be taken back"


def test_every_step_after_joining_can_be_skipped(people: cast.People, sign_in: cast.SignIn) -> None:
    ana = sign_in(people.ana)
    assert ana.post("/join/topics", {"skip": "1"}).headers["Location"] == "/join/networks"
    assert ana.post("/join/networks", {"skip": "1"}).headers["Location"] == "/join/done"
    assert ana.get("/join/done").status_code == 200


@pytest.mark.parametrize(
    ("points", "countries", "shown"), [(True, [], True), (False, [], False), (True, ["IE"], False)]
)
def test_points_leave_no_trace_where_they_are_off(
    people: cast.People, nora: Client, points: bool, countries: list[str], shown: bool
) -> None:
    company = people.house.installation
    company.points_enabled, company.points_off_countries = points, countries
    company.save()
    assert ("points" in nora.get("/join").content.decode()) is shown


def test_the_privacy_page_says_who_could_read_the_database(client: Client, house: cast.House) -> None:
    page = client.get("/privacy").content.decode()
    assert "Whoever runs the server could read its database" in page
    assert "in the database for 90 to 121 days" in page


@pytest.mark.browser
def test_joining_works_on_a_phone_by_keyboard_alone(
    people: cast.People, live_server: Any, open_page: Any, sign_in_page: Any
) -> None:
    policy.install_starters(at=MOMENT)
    page = open_page(phone=True)
    sign_in_page(page, live_server.url, people.nobody_asked)
    page.goto(live_server.url + "/join")
    for name, following in (
        ("Join", "**/join/guideline"),
        ("I have read it and keep to it", "**/join/topics"),
        ("Next", "**/join/networks"),
        ("Next", "**/join/done"),
    ):
        button = page.get_by_role("button", name=name, exact=True)
        for _ in range(60):
            page.keyboard.press("Tab")
            if button.evaluate("element => element === document.activeElement"):
                break
        page.keyboard.press("Enter")
        page.wait_for_url(following)
    assert Enrolment.objects.get(member=people.nobody_asked).state == "joined"

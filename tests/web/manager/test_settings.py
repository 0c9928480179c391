"""Settings: what owners may change, what the program team may, and the first day's path."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from tests import cast
from vocero.company.models import Installation
from vocero.lib import clock
from vocero.people.models import ConsentText, Invitation, Member
from vocero.policy.queries import current_guideline
from vocero.web.manager.setup import first_day

pytestmark = pytest.mark.django_db
SETTINGS = "/manage/settings/"


@pytest.fixture
def owner(people: cast.People, sign_in: cast.SignIn) -> Client:
    return sign_in(people.olga)


@pytest.fixture
def manager(people: cast.People, sign_in: cast.SignIn) -> Client:
    return sign_in(people.marta)


def company() -> Installation:
    return Installation.objects.get()


def test_an_owner_changes_the_company_and_the_program_team_reads_it(owner: Client, manager: Client) -> None:
    details = {"name": "Borealis", "base_url": "http://testserver", "language": "pl", "currency": "PLN"}
    manager.post(SETTINGS, details)
    assert company().name == "Aurora Mills"
    assert "Only an owner can change this" in manager.get(SETTINGS).content.decode()
    assert owner.post(SETTINGS, details).status_code == 302
    assert (company().name, company().currency) == ("Borealis", "PLN")
    wrong = owner.post(SETTINGS, details | {"base_url": "http://elsewhere.example"})
    assert wrong.status_code == 422
    assert "does not answer to elsewhere.example" in wrong.content.decode()


@pytest.mark.parametrize("page", ["points", "team"])
def test_pages_of_owners_are_not_there_for_others(manager: Client, page: str) -> None:
    assert manager.get(SETTINGS + page).status_code == 404


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "We still need this one."),
        ("es", "Aún nos hace falta esto."),
        ("it", "Questo ci serve ancora."),
        ("pl", "Tego jeszcze nam brakuje."),
    ],
)
def test_what_is_missing_is_said_in_our_own_words(
    people: cast.People, owner: Client, language: str, words: str
) -> None:
    people.olga.language = language
    people.olga.save()
    answer = owner.post("/manage/settings/", {})
    assert answer.status_code == 422
    assert words in answer.text


def test_a_time_zone_changes_from_a_day_ahead(owner: Client) -> None:
    soon = (clock.now() + timedelta(days=1)).date().isoformat()
    owner.post(SETTINGS + "time-zone", {"time_zone": "Asia/Tokyo", "from_on": soon})
    assert company().next_time_zone == ""
    later = (clock.now() + timedelta(days=5)).date().isoformat()
    owner.post(SETTINGS + "time-zone", {"time_zone": "Asia/Tokyo", "from_on": later})
    assert (company().time_zone, company().next_time_zone) == ("Europe/Madrid", "Asia/Tokyo")
    assert "Asia/Tokyo" in owner.get(SETTINGS).content.decode()


def test_logo_and_color_are_kept_clean(owner: Client, settings: Any, tmp_path: Any) -> None:
    from tests.company.test_files import PAYLOAD, png_with_payload

    settings.STORAGES = {
        **settings.STORAGES,
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": str(tmp_path)}},
    }
    logo = SimpleUploadedFile("logo.png", png_with_payload(), "image/png")
    owner.post(SETTINGS + "look", {"logo": logo, "own_color": "on", "color": "#1F6F4A"})
    assert company().brand_color == "#1f6f4a"
    kept = company().logo
    assert kept is not None
    assert PAYLOAD not in owner.get(f"/f/{kept.key}").content
    svg = SimpleUploadedFile("logo.png", b"<svg onload=alert(1)>", "image/png")
    wrong = owner.post(SETTINGS + "look", {"logo": svg, "own_color": "on", "color": "red"})
    assert wrong.status_code == 422
    owner.post(SETTINGS + "look", {"drop_logo": "1"})
    assert (company().logo, company().brand_color) == (None, "")


def test_a_test_mail_says_what_became_of_it(owner: Client, mailoutbox: list[Any], settings: Any) -> None:
    page = owner.post(SETTINGS + "mail", follow=True)
    assert "took the test mail for olga@aurora.example" in page.content.decode()
    assert len(mailoutbox) == 1
    assert company().mail_tested_at is not None
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}}
    page = owner.post(SETTINGS + "mail", follow=True)
    assert "VOCERO_SMTP_URL" in page.content.decode()
    assert "personal link" in page.content.decode()


def test_points_go_off_for_everybody_or_for_a_country(owner: Client) -> None:
    owner.post(SETTINGS + "points", {"enabled": "on", "off_countries": ["PL", "IT"]})
    assert (company().points_enabled, company().points_off_countries) == (True, ["IT", "PL"])
    owner.post(SETTINGS + "points", {})
    assert (company().points_enabled, company().points_off_countries) == (False, [])


def test_a_changed_joining_text_is_a_new_version(owner: Client) -> None:
    texts = {"en": "New words.", "es": "Palabras nuevas.", "it": "", "pl": ""}
    owner.post(SETTINGS + "joining-text", texts)
    assert list(ConsentText.objects.order_by("version").values_list("version", flat=True)) == [1, 2]
    owner.post(SETTINGS + "joining-text", texts)
    assert ConsentText.objects.count() == 2, "the same words make no new version"
    assert owner.post(SETTINGS + "joining-text", {"en": " "}).status_code == 422


def test_an_owner_sets_a_password_and_stays_signed_in(people: cast.People, owner: Client) -> None:
    assert owner.post(SETTINGS + "team", {"password": "short"}).status_code == 422
    owner.post(SETTINGS + "team", {"password": "seven green mills turn"})
    assert owner.get(SETTINGS).status_code == 200
    people.olga.refresh_from_db()
    assert people.olga.check_password("seven green mills turn")


def path_of(people: cast.People) -> dict[str, str]:
    day = first_day(company(), people.program, people.olga)
    assert day is not None
    return {step.key: step.state for step in day.steps}


def test_the_first_day_is_done_by_facts_skipped_and_resumed(people: cast.People, owner: Client) -> None:
    assert path_of(people)["people"] == "done"
    assert path_of(people)["mail"] == ""
    owner.post("/manage/first-day/mail", {"do": "skip"})
    assert path_of(people)["mail"] == "skipped"
    owner.post("/manage/first-day/mail", {"do": "again"})
    assert path_of(people)["mail"] == ""
    owner.post("/manage/first-day/words")
    assert current_guideline() is not None
    assert path_of(people)["words"] == "done"
    owner.post("/manage/first-day/phone", {"do": "done"})
    for step in ("look", "mail", "source", "offer", "invite"):
        owner.post(f"/manage/first-day/{step}", {"do": "skip"})
    assert first_day(company(), people.program, people.olga) is None
    assert owner.post("/manage/first-day/nonsense", {"do": "skip"}).status_code == 404


def test_five_people_are_invited_by_mail_or_get_links(people: cast.People, owner: Client, settings: Any) -> None:
    mails = [f"new{place}@aurora.example" for place in range(1, 5)] + ["ana@aurora.example"]
    five = {f"email-{place}": mail for place, mail in enumerate(mails, 1)}
    five |= {f"name-{place}": f"New Person {place}" for place in range(1, 6)}
    owner.post("/manage/first-day/invite", five)
    mailed = Invitation.objects.filter(channel="mail", member__email__in=mails)
    assert sorted(mailed.values_list("member__email", flat=True)) == sorted(mails)
    assert not Member.objects.filter(name="New Person 5").exists(), "who is known already is invited, not added again"
    settings.MAILERS = {"default": {"BACKEND": "django.core.mail.backends.dummy.EmailBackend"}}
    page = owner.post("/manage/first-day/invite", five).content.decode()
    assert len(set(re.findall(r"/welcome/[\w-]{20,}", page))) == 5


def test_a_code_signs_one_s_own_phone_in_once(people: cast.People, owner: Client) -> None:
    page = owner.post("/phone")
    path = page.context["address"].removeprefix("http://testserver")
    phone = Client()
    assert phone.get(path).status_code == 200
    phone.post(path)
    assert phone.session["_auth_user_id"] == str(people.olga.pk)
    assert Client().post(path).headers["Location"] == "/sign-in"

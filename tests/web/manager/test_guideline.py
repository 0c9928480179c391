"""The program team's page for guideline, checks, disclosure and stop."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.cast import MOMENT, People
from vocero.policy import queries, services
from vocero.policy.models import Term

SignIn = Callable[[Any], Client]


@pytest.fixture
def marta(people: People, sign_in: SignIn) -> Client:
    return sign_in(people.marta)


def text_of(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_starter_waits_for_a_yes(people: People, marta: Client) -> None:
    page = text_of(marta.get("/manage/guideline/"))
    assert "Not in force yet" in page
    assert "Pracuję w firmie" in page
    marta.post("/manage/guideline/", {"text-en": "Be kind at {company}.", "text-pl": ""})
    assert queries.current_guideline().text == {"en": "Be kind at {company}."}
    assert marta.post("/manage/guideline/", {"text-en": " "}).status_code == 422


def test_confidential_terms_never_come_back_to_a_browser(people: People, marta: Client) -> None:
    marta.post("/manage/guideline/terms", {"kind": "confidential", "text": "Project Falcon"})
    term = Term.objects.get()
    page = text_of(marta.get("/manage/guideline/"))
    assert "Falcon" not in page
    assert term.public_id in page
    refused = marta.post("/manage/guideline/terms", {"kind": "confidential", "text": "project-falcon"})
    assert refused.status_code == 422
    assert "alcon" not in text_of(refused)
    marta.post(f"/manage/guideline/terms/{term.public_id}/archive")
    assert queries.shown_terms(kind="confidential") == []


def test_terms_say_whether_they_stop_and_what_to_say_instead(people: People, marta: Client) -> None:
    marta.post(
        "/manage/guideline/terms", {"kind": "banned", "text": "cheap", "advice": "Say good value.", "level": "advise"}
    )
    term = Term.objects.get()
    assert (term.blocks, term.advice) == (False, {"en": "Say good value."})
    tried = text_of(marta.post("/manage/guideline/try", {"text": "So cheap!"}, headers={"HX-Request": "true"}))
    assert "<mark>cheap</mark>" in tried
    assert "Say good value." in tried
    assert "<html" not in tried


def test_wordings_are_replaced_language_by_language(people: People, marta: Client) -> None:
    marta.post("/manage/guideline/wordings/pl", {"wordings": "{company} mi płaci.\n\nPracuję tu, w {company}."})
    assert [row.text for row in queries.live_wordings()] == ["{company} mi płaci.", "Pracuję tu, w {company}."]
    assert marta.post("/manage/guideline/wordings/pl", {"wordings": " "}).status_code == 422
    assert marta.post("/manage/guideline/wordings/xx", {"wordings": "Hi"}).status_code == 422


def test_the_stop_is_one_button_and_so_is_letting_it_go_on(people: People, marta: Client) -> None:
    marta.post("/manage/guideline/stop", {"do": "engage", "reason": "Back soon."})
    assert queries.stop_in_force() is not None
    assert "Back soon." in text_of(marta.get("/manage/guideline/"))
    marta.post("/manage/guideline/stop", {"do": "release"})
    assert queries.stop_in_force() is None


def test_only_the_program_team_gets_in(people: People, sign_in: SignIn) -> None:
    services.add_term(Term.Kind.BANNED, "cheap", at=MOMENT)
    ana = sign_in(people.ana)
    assert ana.get("/manage/guideline/").status_code == 404
    assert ana.post("/manage/guideline/stop", {"do": "engage"}).status_code == 404
    assert queries.stop_in_force() is None

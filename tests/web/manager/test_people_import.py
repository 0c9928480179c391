"""Foreign people lists go in through the browser; the same again changes nothing."""

from pathlib import Path
from typing import Any

import pytest

from tests import cast
from tests.people import foreign
from vocero.people.models import Member, Team

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

LISTS = {
    "pracownicy.csv": (lambda: foreign.SEMICOLONS, 4, 0),
    "dipendenti.xlsx": (foreign.workbook_with_merged_head, 3, 0),
    "people.csv": (foreign.five_thousand_lines, foreign.LINES - foreign.FAULTY, foreign.FAULTY),
}


@pytest.mark.parametrize("name", list(LISTS))
@pytest.mark.parametrize("script", [True, False])
def test_a_foreign_list_goes_in_and_again_changes_nothing(
    tmp_path: Path, live_server: Any, open_page: Any, sign_in_page: Any, name: str, script: bool
) -> None:
    made, new, faulty = LISTS[name]
    people = cast.make_people(cast.make_house())
    place = tmp_path / name
    place.write_bytes(made())
    page = open_page(java_script_enabled=script)
    sign_in_page(page, live_server.url, people.marta)

    def upload() -> None:
        page.goto(live_server.url + "/manage/people/")
        page.get_by_role("link", name="Import a list").first.click()
        page.locator("input[type=file]").set_input_files(place)
        page.get_by_role("button", name="Upload and look").click()

    upload()
    before = Member.objects.count()
    if faulty:
        assert page.get_by_role("link", name=f"{faulty} faulty lines").is_visible()
        assert "is not a country we know" in page.content()
    assert before == 16, "nothing is written before the button"
    page.get_by_role("button", name=f"Write {new} people").click()
    done, further = page.get_by_role("heading", name="Done"), page.get_by_role("button", name="Go on")
    if script:
        done.wait_for(timeout=180_000)
    while done.or_(further).first.text_content() != "Done":
        further.click(timeout=180_000)
    assert f"{new} people added" in page.content()
    assert Member.objects.count() == before + new
    rows = list(Member.objects.order_by("pk").values()), list(Team.objects.order_by("pk").values())
    upload()
    assert page.get_by_role("heading", name="Nothing to change").is_visible()
    assert page.get_by_role("button", name="Write").count() == 0
    assert (list(Member.objects.order_by("pk").values()), list(Team.objects.order_by("pk").values())) == rows


def test_columns_that_nobody_could_guess_are_chosen_by_hand(
    tmp_path: Path, live_server: Any, open_page: Any, sign_in_page: Any
) -> None:
    people = cast.make_people(cast.make_house())
    place = tmp_path / "x.csv"
    place.write_text("A;B;C\nWozniak;Ewa;ewa@aurora.example\nNowak;Jan;jan@aurora.example\n")
    page = open_page()
    sign_in_page(page, live_server.url, people.marta)
    page.goto(live_server.url + "/manage/people/import")
    page.locator("input[type=file]").set_input_files(place)
    page.get_by_role("button", name="Upload and look").click()
    page.get_by_role("heading", name="Which column is what?").wait_for()
    page.get_by_role("button", name="Check the list").click()
    assert "which column holds the name" in page.content()
    page.get_by_label("First name").select_option("1")
    page.get_by_label("Last name").select_option("0")
    page.get_by_role("button", name="Check the list").click()
    page.get_by_role("button", name="Write 2 people").click()
    page.get_by_role("heading", name="Done").wait_for(timeout=90_000)
    assert Member.objects.get(email="ewa@aurora.example").name == "Ewa Wozniak"

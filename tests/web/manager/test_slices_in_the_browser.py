"""A table that is worked out in the background, in a real browser: its progress, and how the table takes its place."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.accessibility import sideways_scroll, violations
from tests.cast import make_member
from tests.measurement.facts import live, noon
from tests.measurement.test_slices import FIRST_ON, LAST_ON, by_single_days, narrowed
from vocero.lib import clock
from vocero.measurement import services, slicing
from vocero.people.models import Member

pytestmark = [pytest.mark.browser, pytest.mark.slow, pytest.mark.django_db(transaction=True)]

PICTURES = os.environ.get("PICTURES", "")
"""A folder for pictures of what was seen, for eyes to judge; none by default."""


@pytest.mark.parametrize("phone", [True, False])
def test_the_table_takes_the_place_of_its_progress(
    live_server: Any, open_page: Any, sign_in_page: Any, monkeypatch: pytest.MonkeyPatch, phone: bool
) -> None:
    at = noon(LAST_ON)
    company = live(5, first_on=FIRST_ON, last_on=LAST_ON, most_people=12, most_shares=60)
    services.roll_up(services.oldest_complete_day(at), LAST_ON, at=at)
    by_single_days(monkeypatch)
    query = narrowed(company)
    with clock.moved_clock(at):
        page = open_page(phone=phone, dark=phone)
        sign_in_page(page, live_server.url, make_member("Marta Ferrari", role=Member.Role.MANAGER))
        page.goto(f"{live_server.url}/manage/results/?period=2026-10&by=post")
        page.locator("#within").select_option(query["within"])
        page.locator("#slice progress").wait_for()
        for _number in range(20):
            slicing.work(at=at, seconds=0)
        page.locator("#slice", has_text="20 of 61").wait_for(timeout=60_000)
        assert not violations(page) + sideways_scroll(page)
        picture(page, f"progress-{'phone' if phone else 'desktop'}")
        while slicing.work(at=at):
            pass
        page.locator("#cut table").wait_for(timeout=60_000)
        assert page.locator("#slice").count() == 0
        assert not violations(page) + sideways_scroll(page)
        picture(page, f"table-{'phone' if phone else 'desktop'}")


def picture(page: Any, name: str) -> None:
    """Keep what the page shows, if somebody wants to see it."""
    if PICTURES:
        page.locator("#cut").scroll_into_view_if_needed()
        page.screenshot(path=Path(PICTURES) / f"{name}.png")

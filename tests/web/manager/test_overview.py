"""The overview: what needs the program team, in an empty company and in a lively one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from tests.cast import House, People
from tests.measurement.facts import share_on
from tests.sharing.library import make_post
from vocero.lib.clock import now
from vocero.measurement.services import roll_up_recent

type SignIn = Callable[[Any], Client]


def test_an_empty_company_is_told_what_to_do_next(people: People, sign_in: SignIn) -> None:
    page = sign_in(people.marta).get("/manage/")
    assert page.status_code == 200
    assert "Nothing waits" in page.content.decode()
    assert "A few small steps" in page.content.decode()
    assert "nothing was shared" not in page.content.decode(), "on the first day that would only discourage"


def test_posts_that_nobody_shares_are_named_and_shared_ones_are_not(people: People, sign_in: SignIn) -> None:
    old = now() - timedelta(days=12)
    make_post(people.house, title="Left on the shelf", at=old)
    liked = make_post(people.house, title="Liked by many", at=old)
    share_on(people.ana, liked, now().date() - timedelta(days=3))
    roll_up_recent(at=now())
    text = sign_in(people.marta).get("/manage/").content.decode()
    assert "Left on the shelf" in text
    assert "Liked by many" not in text


def test_last_week_is_one_sentence_against_the_week_before(people: People, sign_in: SignIn) -> None:
    monday = now().date() - timedelta(days=now().weekday())
    post = make_post(people.house, at=now() - timedelta(days=20))
    share_on(people.ana, post, monday - timedelta(days=4))
    share_on(people.bruno, post, monday - timedelta(days=4))
    share_on(people.bruno, post, monday - timedelta(days=11))
    roll_up_recent(at=now())
    text = sign_in(people.marta).get("/manage/").content.decode()
    assert "Last week: 2 shares, 0 clicks and 0 results. The week before: 1 share, 0 clicks and 0 results." in text


@pytest.mark.parametrize(
    ("days_old", "said"),
    [
        (0, "The first week has only begun. After Sunday you see here what it brought."),
        (7, "It was the first one, so there is nothing to compare with yet."),
        (14, "The week before: nothing was shared and nobody clicked."),
    ],
)
def test_a_week_that_was_not_there_is_not_compared_with(
    people: People, sign_in: SignIn, days_old: int, said: str
) -> None:
    monday = now() - timedelta(days=now().weekday())
    house = people.house.installation
    house.set_up_at = monday - timedelta(days=days_old)
    house.setup_steps = {"all": "done"}
    house.save()
    assert said in sign_in(people.marta).get("/manage/").content.decode()


def test_advocates_do_not_find_it(people: People, sign_in: SignIn, house: House) -> None:
    assert sign_in(people.ana).get("/manage/").status_code == 404

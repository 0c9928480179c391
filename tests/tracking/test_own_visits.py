"""People's own clicks on their own links do not count, and nothing of their visit outlives the day."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.cast import MOMENT, House, People
from tests.tracking.clicking import CHROME, IPHONE
from vocero.company.queries import company_day
from vocero.lib import clock
from vocero.people.models import Member
from vocero.tracking.models import DailySalt, OwnVisit
from vocero.tracking.services import close_days, make_salts
from vocero.tracking.visitors import visitor_key

type SignIn = Callable[[Member], Client]


@pytest.fixture(autouse=True)
def salts(house: House) -> None:
    make_salts(house.installation, at=clock.now())


def test_a_signed_in_page_leaves_its_visitors_key_once_for_each_browser(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.ana)
    for agent in (CHROME, CHROME, IPHONE):
        client.get("/styleguide", headers={"user-agent": agent})
    today = company_day(people.house.installation, clock.now())
    salt = bytes(DailySalt.objects.get(day_on=today).salt)
    assert {bytes(visit.visitor) for visit in OwnVisit.objects.filter(member=people.ana, day_on=today)} == {
        visitor_key(salt, "127.0.0.1", CHROME),
        visitor_key(salt, "127.0.0.1", IPHONE),
    }
    assert OwnVisit.objects.count() == 2


def test_the_second_page_asks_no_table_of_tracking(people: People, sign_in: SignIn) -> None:
    client = sign_in(people.ana)
    client.get("/styleguide")
    with CaptureQueriesContext(connection) as queries:
        client.get("/styleguide")
    assert [query["sql"] for query in queries if "tracking_" in query["sql"]] == []
    assert OwnVisit.objects.count() == 1


def test_nobody_who_is_not_signed_in_is_noted(people: People, client: Client) -> None:
    client.get("/sign-in")
    assert OwnVisit.objects.count() == 0


def test_salts_are_made_three_days_ahead_and_only_once(house: House) -> None:
    DailySalt.objects.all().delete()
    assert make_salts(house.installation, at=MOMENT) == 4
    before = dict(DailySalt.objects.values_list("day_on", "salt"))
    assert make_salts(house.installation, at=MOMENT) == 0
    assert dict(DailySalt.objects.values_list("day_on", "salt")) == before
    assert sorted(day.day for day in before) == [16, 17, 18, 19]
    assert len({bytes(salt) for salt in before.values()}) == 4


def test_a_closed_day_leaves_neither_salt_nor_own_visit(people: People, house: House) -> None:
    DailySalt.objects.all().delete()
    make_salts(house.installation, at=MOMENT)
    today = company_day(house.installation, MOMENT)
    OwnVisit.objects.create(day_on=today, member=people.ana, visitor=b"v" * 16)
    midnight = MOMENT.replace(hour=23, minute=0)  # in Madrid
    close_days(house.installation, at=midnight + timedelta(minutes=59))
    assert DailySalt.objects.filter(day_on=today).exists()
    close_days(house.installation, at=midnight + timedelta(minutes=61))
    assert not DailySalt.objects.filter(day_on=today).exists()
    assert (OwnVisit.objects.count(), DailySalt.objects.count()) == (0, 3)

"""Conversions are counted once, and thank the one whose reader's click led to them, when it is there and not too old."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.cast import MOMENT, House, People
from tests.tracking.clicking import CURL, Visits
from vocero.company.api_keys import make_secret_key, make_site_key
from vocero.company.models import ApiKey
from vocero.lib.money import Money
from vocero.sharing.models import Link, Share
from vocero.tracking import attribution
from vocero.tracking.conversions import (
    Conflict,
    NotAMoment,
    Reported,
    credit_waiting,
    delete_tests,
    record_conversion,
)
from vocero.tracking.models import Click, Conversion, OwnVisit


@pytest.fixture
def key(house: House) -> ApiKey:
    return make_secret_key(house.program, name="Shop", origin="", at=MOMENT, actor="")[0]


def report(key: ApiKey, *, at: datetime = MOMENT + timedelta(hours=1), **values: Any) -> Conversion:
    known: dict[str, Any] = {"external_id": "order-1", "kind": "purchase", "money": Money.of("49.90", "EUR"), "at": at}
    return record_conversion(key, Reported(**(known | values)), at=at)[0]


def test_a_readers_click_is_credited_with_the_value(key: ApiKey, link: Link, visits: Visits) -> None:
    (click,) = visits.click(link, 1)
    visits.take_in()
    found = report(key, click_id=click)
    assert (found.state, found.share_id, found.reason) == ("credited", link.share_id, "")
    assert (found.amount, found.currency, found.company_amount, found.rate) == (4990, "EUR", 4990, 1_000_000)
    assert (found.day_on.isoformat(), found.verified) == ("2026-11-16", True)


def test_a_repeated_click_is_a_readers_click_too(key: ApiKey, link: Link, visits: Visits) -> None:
    _, again = visits.click(link, 1, 1)
    visits.take_in()
    assert report(key, click_id=again).state == "credited"


def test_an_amount_in_another_currency_is_kept_apart(key: ApiKey, link: Link, visits: Visits) -> None:
    found = report(key, money=Money.of("10", "PLN"))
    assert (found.amount, found.currency, found.company_amount, found.rate) == (1000, "PLN", None, None)


def test_the_same_report_again_is_the_same_conversion(key: ApiKey) -> None:
    first = report(key)
    again, is_new = record_conversion(
        key, Reported("order-1", "purchase", Money.of("49.90", "EUR"), MOMENT), at=MOMENT + timedelta(hours=2)
    )
    assert (again.pk, is_new, Conversion.objects.count()) == (first.pk, False, 1)
    with pytest.raises(Conflict, match="order-1"):
        report(key, money=Money.of("50", "EUR"))


def test_a_sites_public_key_cannot_take_a_servers_ids(key: ApiKey, house: House) -> None:
    site = make_site_key(house.program, origin="https://www.aurora.example", at=MOMENT, actor="")
    unverified = report(site, money=Money.of("1", "EUR"))
    verified = report(key)
    assert (unverified.verified, verified.verified, Conversion.objects.count()) == (False, True, 2)


@pytest.mark.parametrize(
    ("visitor", "more", "reason"),
    [
        (1, {"agent": CURL.encode()}, attribution.INVALID_CLICK),
        (99, {}, attribution.INVALID_CLICK),
        (1, {"at": MOMENT - timedelta(days=31)}, attribution.TOO_OLD),
        (1, {"at": MOMENT + timedelta(hours=2)}, attribution.BEFORE_CLICK),
    ],
)
def test_a_click_that_earns_nothing_says_why(
    key: ApiKey, link: Link, visits: Visits, people: People, visitor: int, more: dict[str, Any], reason: str
) -> None:
    OwnVisit.objects.create(day_on=MOMENT.date(), member=people.ana, visitor=(99).to_bytes(16, "big"))
    (click,) = visits.click(link, visitor, **more)
    visits.take_in()
    found = report(key, click_id=click)
    assert (found.state, found.share_id, found.reason) == ("not_credited", None, reason)


def test_the_window_is_a_setting(key: ApiKey, link: Link, visits: Visits, house: House) -> None:
    (click,) = visits.click(link, 1, at=MOMENT - timedelta(days=31))
    visits.take_in()
    house.installation.conversion_window_days = 60
    house.installation.save()
    assert report(key, click_id=click).state == "credited"


def test_a_click_of_a_post_without_a_share_thanks_nobody(key: ApiKey, link: Link, visits: Visits) -> None:
    loose = Link.objects.create(kind="post", post=link.post, target_url="https://a.example", created_at=MOMENT)
    (click,) = visits.click(loose, 1)
    visits.take_in()
    assert report(key, click_id=click).reason == attribution.NO_SHARE


def test_a_conversion_before_its_click_came_in_waits_and_is_credited_then(
    key: ApiKey, link: Link, visits: Visits, house: House
) -> None:
    (click,) = visits.click(link, 1)
    found = report(key, click_id=click)
    assert (found.state, found.share_id) == ("waiting", None)
    assert credit_waiting(house.installation, at=MOMENT + timedelta(hours=1)) == 0
    visits.take_in()
    assert credit_waiting(house.installation, at=MOMENT + timedelta(hours=2)) == 1
    found.refresh_from_db()
    assert (found.state, found.share_id) == ("credited", link.share_id)
    assert credit_waiting(house.installation, at=MOMENT + timedelta(hours=2)) == 0


def test_a_click_that_never_comes_is_waited_for_a_week(key: ApiKey, house: House) -> None:
    found = report(key, click_id=123_456)
    assert credit_waiting(house.installation, at=MOMENT + timedelta(days=6)) == 0
    assert credit_waiting(house.installation, at=MOMENT + timedelta(days=8)) == 1
    found.refresh_from_db()
    assert (found.state, found.reason) == ("not_credited", attribution.NEVER_CAME)


def test_without_a_click_or_with_a_word_that_is_not_ours_nobody_is_thanked(key: ApiKey) -> None:
    assert report(key).reason == attribution.NO_CLICK
    assert report(key, external_id="2", has_unknown_click=True).reason == attribution.UNKNOWN_CLICK


@pytest.mark.parametrize("off", [timedelta(minutes=6), timedelta(days=-366)])
def test_a_moment_to_come_or_long_ago_is_refused(key: ApiKey, off: timedelta) -> None:
    with pytest.raises(NotAMoment):
        record_conversion(key, Reported("1", "lead", None, MOMENT + off), at=MOMENT)


def test_tests_are_shown_deleted_and_never_credited(key: ApiKey, link: Link, visits: Visits) -> None:
    (click,) = visits.click(link, 1)
    visits.take_in()
    found = report(key, click_id=click, is_test=True)
    assert (found.state, found.share_id) == ("test", None)
    assert delete_tests(key) == 1


def test_the_credited_share_is_the_one_of_the_click(key: ApiKey, share: Share, visits: Visits) -> None:
    (click,) = visits.click(Link.objects.get(share=share), 1)
    visits.take_in()
    report(key, click_id=click)
    assert share.conversions.get().click_id == Click.objects.get().pk

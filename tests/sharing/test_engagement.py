"""Reading how shares are received: once a day, totals only, and it comes to an end."""

from datetime import timedelta

import pytest

from tests.cast import MOMENT, People
from tests.sharing.library import make_post
from tests.sharing.pigeon import Pigeon
from vocero.lib.clock import MovingClock
from vocero.networks.base import Engagement, Reconnect, Refused, TryLater
from vocero.networks.models import Account
from vocero.sharing import services
from vocero.sharing.models import EngagementReading, Share
from vocero.sharing.publishing import Publisher
from vocero.sharing.queries import received_of
from vocero.sharing.tasks import read_engagement

DAY = timedelta(days=1)


@pytest.fixture
def share(people: People, account: Account, pigeon: Pigeon) -> Share:
    """A share that has been out for a moment."""
    made = services.share_post(
        people.ana, make_post(people.house), network="pigeon", account=account, text="Well told.", at=MOMENT
    )
    Publisher(now=MovingClock(MOMENT + timedelta(seconds=11))).run()
    made.refresh_from_db()
    return made


def test_the_first_reading_comes_after_an_hour_and_then_once_a_day(share: Share, pigeon: Pigeon) -> None:
    pigeon.totals = Engagement(3, 1, 0)
    assert read_engagement(MOMENT + timedelta(minutes=30)) == 0
    assert read_engagement(MOMENT + timedelta(hours=2)) == 1
    assert read_engagement(MOMENT + timedelta(hours=3)) == 0
    pigeon.totals = Engagement(5, 1, 2)
    assert read_engagement(MOMENT + DAY + timedelta(hours=2)) == 1
    rows = EngagementReading.objects.order_by("day_on").values_list("reactions", "comments", "reshares")
    assert list(rows) == [(3, 1, 0), (5, 1, 2)]
    assert received_of([share])[share.pk].reactions == 5


def test_two_weeks_after_the_last_change_nothing_more_is_asked(share: Share, pigeon: Pigeon) -> None:
    pigeon.totals = Engagement(1, 0, 0)
    asked = 0
    for day in range(40):
        if day == 10:
            pigeon.totals = Engagement(2, 0, 0)
        asked += read_engagement(MOMENT + DAY * day + timedelta(hours=2))
    assert asked == 10 + 1 + 14


def test_a_server_that_is_silent_is_asked_later_and_the_rest_of_its_shares_wait(
    people: People, share: Share, account: Account, pigeon: Pigeon
) -> None:
    post = make_post(people.house, url="https://aurora.example/other")
    services.share_post(people.ana, post, network="pigeon", account=account, text="Also well told.", at=MOMENT)
    Publisher(now=MovingClock(MOMENT + timedelta(minutes=1))).run()
    pigeon.totals = TryLater(timedelta(hours=5))
    assert read_engagement(MOMENT + timedelta(hours=2)) == 2
    pigeon.totals = Engagement(1, 1, 1)
    assert read_engagement(MOMENT + timedelta(hours=3)) == 0
    assert read_engagement(MOMENT + timedelta(hours=8)) == 2
    assert EngagementReading.objects.count() == 2


def test_a_post_that_is_gone_is_not_asked_about_again(share: Share, pigeon: Pigeon) -> None:
    pigeon.totals = Refused("gone")
    read_engagement(MOMENT + timedelta(hours=2))
    share.refresh_from_db()
    assert share.engagement_due_at is None


def test_a_disconnected_account_is_not_asked(share: Share, account: Account, pigeon: Pigeon) -> None:
    pigeon.totals = Reconnect()
    read_engagement(MOMENT + timedelta(hours=2))
    account.refresh_from_db()
    assert account.state == "reconnect"
    assert read_engagement(MOMENT + timedelta(days=3)) == 0

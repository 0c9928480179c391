"""P5: clocks are set, hours are skipped and doubled: what is planned leaves once, at the time on the wall that was meant."""

import os
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from bench.drills.wall_clock import MINUTE, ZONES, changes, meant
from tests.cast import MOMENT, People
from tests.sharing.library import make_post
from tests.sharing.pigeon import Pigeon
from vocero.content.models import Post
from vocero.lib.clock import MovingClock, SteadyClock
from vocero.networks.base import Draft, Login, Published, Retry, RetryKind
from vocero.networks.models import Account
from vocero.sharing import services
from vocero.sharing.models import Share
from vocero.sharing.outbox import Pace
from vocero.sharing.publishing import Publisher

SCHEDULED = int(os.environ.get("VOCERO_TEST_SCHEDULED", "100"))
TEXT = "Worth a look, and not only for millers."


def walls(number: int) -> Iterator[tuple[datetime, str]]:
    """Give about so many times on walls, spread over the hours around each change of each zone and over a leap day."""
    step = timedelta(minutes=max(1, 300 * 2 * len(ZONES) // max(1, number - 10)))
    for name in ZONES:
        zone = ZoneInfo(name)
        for change in changes(zone, 2027):
            wall = (change.astimezone(zone).replace(tzinfo=None) - timedelta(hours=2)).replace(minute=0)
            end = wall + timedelta(hours=5)
            while wall < end:
                yield wall, name
                wall += step
    for hour in range(0, 24, 3):
        yield datetime.fromisoformat(f"2028-02-29T{hour:02}:59"), ZONES[hour % len(ZONES)]


def plan(people: People, account: Account, wall: datetime, zone: str, *, at: datetime) -> Share:
    """Plan a share for a time on a wall."""
    later = services.Later(wall, zone)
    return services.share_post(
        people.ana, Post.objects.get(), network="pigeon", account=account, text=TEXT,
        at=at, later=later, disclosed=False,
    )  # fmt: skip


@pytest.fixture
def scheduled(people: People, account: Account) -> dict[int, datetime]:
    """Shares planned for all those times some days before, each with the moment meant."""
    make_post(people.house)
    return {
        plan(people, account, wall, zone, at=wall.replace(tzinfo=UTC) - timedelta(days=5)).pk: meant(
            wall, ZoneInfo(zone)
        )
        for wall, zone in walls(SCHEDULED)
    }


def leave_early_or_late(moments: dict[int, datetime]) -> list[int]:
    """Give the shares that did not leave within a minute of the moment meant."""
    out = dict(Share.objects.exclude(out_at=None).values_list("pk", "out_at"))
    return [key for key, moment in moments.items() if key not in out or not timedelta(0) <= out[key] - moment < MINUTE]


def go_through(moments: dict[int, datetime]) -> None:
    """Let a worker look shortly before and shortly after each moment, in the order in which they come."""
    for moment in sorted(set(moments.values())):
        for after in (-1, 1):
            Publisher(now=MovingClock(moment + timedelta(seconds=after))).run()


def test_everything_leaves_once_at_the_time_meant_around_every_change(
    scheduled: dict[int, datetime], pigeon: Pigeon
) -> None:
    go_through(scheduled)
    assert leave_early_or_late(scheduled) == []
    assert len(pigeon.posts) == len(set(pigeon.posts)) == len(scheduled)
    assert len(scheduled) >= 0.75 * SCHEDULED


def test_naive_local_time_is_found_out(
    people: People, account: Account, pigeon: Pigeon, monkeypatch: pytest.MonkeyPatch
) -> None:
    def naive(self: services.Later) -> datetime:
        today = MOMENT.astimezone(ZoneInfo(self.zone))
        return self.wall.replace(tzinfo=UTC) - (today.utcoffset() or timedelta(0))

    monkeypatch.setattr(services.Later, "moment", property(naive))
    make_post(people.house)
    moments = {
        plan(people, account, wall, zone, at=wall.replace(tzinfo=UTC) - timedelta(days=5)).pk: meant(
            wall, ZoneInfo(zone)
        )
        for wall, zone in list(walls(40))[:24]
    }
    go_through(moments)
    Publisher(now=MovingClock(max(moments.values()) + timedelta(hours=3))).run()
    assert leave_early_or_late(moments)


def test_another_zone_of_the_member_moves_nothing_and_another_zone_of_the_share_moves_it(
    people: People, account: Account, pigeon: Pigeon
) -> None:
    make_post(people.house)
    wall, at = datetime.fromisoformat("2027-03-28T02:30"), datetime(2027, 3, 20, tzinfo=UTC)
    stays, moves = (plan(people, account, wall, "Europe/Warsaw", at=at) for _ in range(2))
    people.ana.time_zone = "America/New_York"
    people.ana.save()
    services.schedule(moves, later=services.Later(wall, "America/New_York"), at=at)
    moments = {
        stays.pk: meant(wall, ZoneInfo("Europe/Warsaw")),
        moves.pk: meant(wall, ZoneInfo("America/New_York")),
    }
    go_through(moments)
    assert leave_early_or_late(moments) == []
    assert len(pigeon.posts) == 2


JUMPS = pytest.mark.parametrize("jump", [timedelta(days=-2), timedelta(days=1), timedelta(hours=-1)], ids=str)


@JUMPS
def test_a_clock_that_is_set_lets_everything_leave_once(
    people: People, account: Account, pigeon: Pigeon, jump: timedelta
) -> None:
    make_post(people.house)
    begins = datetime(2027, 6, 1, 8, tzinfo=UTC)
    for number in range(48):
        plan(
            people,
            account,
            begins.replace(tzinfo=None) + timedelta(hours=number),
            "UTC",
            at=begins - timedelta(hours=1),
        )
    clock = MovingClock(begins - timedelta(minutes=1))
    for hour in range(24 * 5):
        clock.advance(timedelta(hours=1))
        Publisher(now=clock).run()
        if hour == 20:
            clock.advance(jump)
            Publisher(now=clock).run()  # a worker looks every two seconds
    assert Counter(Share.objects.values_list("state", flat=True)) == {"sent": 48}
    assert len(pigeon.posts) == len(set(pigeon.posts)) == 48


@JUMPS
def test_what_is_on_its_way_while_the_clock_is_set_is_not_sent_by_another_worker(
    people: People, account: Account, pigeon: Pigeon, jump: timedelta
) -> None:
    make_post(people.house)
    share = services.share_post(
        people.ana, Post.objects.get(), network="pigeon", account=account, text=TEXT,
        at=MOMENT, disclosed=False,
    )  # fmt: skip
    clock, steady = MovingClock(MOMENT + timedelta(seconds=11)), SteadyClock()
    assert steady.is_steady(clock(), 100.0)
    others: list[int] = []
    real: Callable[[Login, Draft, str], Published] = pigeon.publish

    def slowly(login: Login, draft: Draft, key: str) -> Published:
        clock.advance(jump)
        others.append(Publisher(now=clock, takes_over=steady.is_steady(clock(), 101.0)).run())
        return real(login, draft, key)

    pigeon.publish = slowly  # type: ignore[method-assign]
    pigeon.retry = Retry(RetryKind.LOOKUP, settles_after=timedelta(seconds=60))
    Publisher(now=clock).run()
    assert (others, len(pigeon.posts)) == ([0], 1)
    share.refresh_from_db()
    assert share.state == "sent"
    assert not steady.is_steady(clock(), 200.0)
    assert steady.is_steady(clock() + timedelta(seconds=200), 400.0)


def test_a_lease_from_a_future_that_was_taken_back_does_not_hold_a_share_for_days(
    people: People, account: Account, pigeon: Pigeon
) -> None:
    make_post(people.house)
    share = services.share_post(
        people.ana, Post.objects.get(), network="pigeon", account=account, text=TEXT,
        at=MOMENT, disclosed=False,
    )  # fmt: skip
    Publisher(now=MovingClock(MOMENT + timedelta(hours=20)), pace=Pace(latest=timedelta(days=9)))._claim(1)
    Share.objects.update(lease_until=MOMENT + timedelta(days=2))
    assert Publisher(now=MovingClock(MOMENT + timedelta(minutes=5))).run() == 1
    share.refresh_from_db()
    assert (share.state, len(pigeon.posts), pigeon.asked) == ("sent", 1, 1)

"""Calendar periods and the moments of clocks on walls, through both changes of daylight saving time."""

# ruff: noqa: DTZ001  a clock on a wall has no zone

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from vocero.lib.periods import Period, PeriodKind, day_on, day_starts_at, days_between, last_closed, moment_of

WARSAW, NEW_YORK, SAMOA = ZoneInfo("Europe/Warsaw"), ZoneInfo("America/New_York"), ZoneInfo("Pacific/Apia")
ZONES = [
    "Europe/Warsaw",
    "America/New_York",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "America/Sao_Paulo",
    "Africa/Cairo",
]
days = some.dates(date(1990, 1, 1), date(2040, 12, 31))


@given(days, some.sampled_from(PeriodKind))
def test_periods_cover_the_calendar_without_gap_or_overlap(day: date, kind: PeriodKind) -> None:
    period = Period.of(kind, day)
    assert day in period
    assert period.previous().last_on + timedelta(days=1) == period.first_on
    assert period.next().first_on - timedelta(days=1) == period.last_on
    assert period.next().previous() == period
    assert Period.parse(period.key) == period
    assert period.days == len(days_between(period.first_on, period.last_on))


@pytest.mark.parametrize(
    ("key", "first", "last"),
    [
        ("2026-11-22", date(2026, 11, 22), date(2026, 11, 22)),
        ("2026-W47", date(2026, 11, 16), date(2026, 11, 22)),
        ("2020-W53", date(2020, 12, 28), date(2021, 1, 3)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2026-Q1", date(2026, 1, 1), date(2026, 3, 31)),
        ("2026-Q4", date(2026, 10, 1), date(2026, 12, 31)),
    ],
)
def test_keys_name_known_periods(key: str, first: date, last: date) -> None:
    period = Period.parse(key)
    assert (period.first_on, period.last_on, period.key) == (first, last, key)


@pytest.mark.parametrize(
    "key", ["", "2026", "2026-13", "2026-W54", "2026-Q5", "2026-02-30", "2026-W1", "٢٠٢٦-01", "2026-01-01 "]
)
def test_what_is_no_period_is_refused(key: str) -> None:
    with pytest.raises(ValueError):
        Period.parse(key)


def test_a_period_closes_at_midnight_of_its_zone() -> None:
    november = Period.parse("2026-11")
    assert november.ends_at(WARSAW) == datetime(2026, 11, 30, 23, tzinfo=UTC)
    assert not november.is_closed(datetime(2026, 11, 30, 22, 59, 59, tzinfo=UTC), WARSAW)
    assert november.is_closed(datetime(2026, 11, 30, 23, tzinfo=UTC), WARSAW)
    assert not november.is_closed(datetime(2026, 11, 30, 23, tzinfo=UTC), NEW_YORK)
    assert [
        period.key for period in last_closed(PeriodKind.WEEK, datetime(2026, 11, 22, 12, tzinfo=UTC), WARSAW, count=2)
    ] == [
        "2026-W46",
        "2026-W45",
    ]


def test_days_with_a_change_of_clocks_have_23_and_25_hours() -> None:
    for day, hours in ((date(2026, 3, 29), 23), (date(2026, 10, 25), 25), (date(2026, 5, 1), 24)):
        length = day_starts_at(day + timedelta(days=1), WARSAW) - day_starts_at(day, WARSAW)
        assert length == timedelta(hours=hours)


def test_a_skipped_time_gives_the_first_moment_after_the_gap() -> None:
    assert moment_of(datetime(2026, 3, 29, 2, 30), WARSAW) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert moment_of(datetime(2026, 3, 29, 2, 59, 59, 999999), WARSAW) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert moment_of(datetime(2026, 3, 29, 2, 0), WARSAW) == datetime(2026, 3, 29, 1, tzinfo=UTC)
    assert moment_of(datetime(2026, 3, 29, 1, 59, 59), WARSAW) == datetime(2026, 3, 29, 0, 59, 59, tzinfo=UTC)
    assert moment_of(datetime(2026, 3, 8, 2, 30), NEW_YORK) == datetime(2026, 3, 8, 7, tzinfo=UTC)


def test_a_skipped_midnight_starts_its_day_later() -> None:
    assert day_starts_at(date(2018, 11, 4), ZoneInfo("America/Sao_Paulo")) == datetime(2018, 11, 4, 3, tzinfo=UTC)
    assert day_starts_at(date(2011, 12, 30), SAMOA) == datetime(2011, 12, 30, 10, tzinfo=UTC)


def test_a_doubled_time_counts_the_first_time() -> None:
    assert moment_of(datetime(2026, 10, 25, 2, 30), WARSAW) == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@given(some.datetimes(datetime(1990, 1, 1), datetime(2040, 12, 31)), some.sampled_from(ZONES))
def test_every_wall_time_has_one_moment_that_shows_it_or_comes_just_after_a_gap(wall: datetime, name: str) -> None:
    zone = ZoneInfo(name)
    moment = moment_of(wall, zone)
    shown = moment.astimezone(zone).replace(tzinfo=None)
    assert shown == wall or timedelta(0) < shown - wall <= timedelta(hours=1)


def test_the_day_of_a_moment_depends_on_the_zone() -> None:
    moment = datetime(2026, 11, 22, 23, 30, tzinfo=UTC)
    assert day_on(moment, WARSAW) == date(2026, 11, 23)
    assert day_on(moment, NEW_YORK) == date(2026, 11, 22)


def test_no_days_lie_between_the_wrong_way_round() -> None:
    assert days_between(date(2026, 1, 2), date(2026, 1, 1)) == []

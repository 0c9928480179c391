"""A click's day is the company's day, also when clocks change and when the company moves to another zone."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.cast import House
from vocero.company.models import Installation
from vocero.company.queries import company_day
from vocero.tracking.links.days import Days, Zones
from vocero.tracking.segment import day_number
from vocero.tracking.visitors import key_with, network_part, visitor_key

ZONES = [
    "UTC",
    "Europe/Madrid",
    "America/New_York",
    "Asia/Kolkata",
    "Pacific/Auckland",
    "America/Santiago",
    "Africa/Cairo",
]
MOMENTS = st.integers(1_767_225_600, 1_830_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def day_of(zones: Zones, at: datetime) -> int:
    return Days(zones, {}).of(int(at.timestamp() * 1_000_000))[0]


@given(at=MOMENTS, now=st.sampled_from(ZONES), following=st.sampled_from(ZONES), ahead=st.integers(-3, 3))
def test_the_links_and_the_company_agree_on_every_moments_day(
    at: datetime, now: str, following: str, ahead: int
) -> None:
    begins = (at + timedelta(days=ahead)).date()
    house = Installation(time_zone=now, next_time_zone=following, next_time_zone_from_on=begins)
    assert day_of(Zones(now, following, begins), at) == day_number(company_day(house, at))


@pytest.mark.parametrize("zone", ZONES)
def test_a_process_that_runs_for_weeks_changes_its_day_at_midnight(zone: str) -> None:
    zones = Zones(zone)
    days = Days(zones, {})
    house = Installation(time_zone=zone)
    at = datetime(2026, 3, 20, 12, 7, tzinfo=UTC)
    for _ in range(24 * 20):
        assert days.of(int(at.timestamp() * 1_000_000))[0] == day_number(company_day(house, at))
        at += timedelta(hours=1)


def test_each_day_has_its_own_salt_also_when_the_database_gave_none(house: House) -> None:
    given_one = {date(2026, 11, 16): b"s" * 32}
    days = Days(Zones("Europe/Madrid"), given_one)
    noon = int(datetime(2026, 11, 16, 12, tzinfo=UTC).timestamp()) * 1_000_000
    today = days.of(noon)
    assert today[0] == day_number(date(2026, 11, 16))
    assert key_with(today[1], network_part("203.0.113.7"), b"agent") == visitor_key(b"s" * 32, "203.0.113.7", "agent")
    tomorrow = days.of(noon + 86_400_000_000)
    keys = {visitor_key(salt, "203.0.113.7", "agent") for salt in (b"s" * 32, b"")}
    assert key_with(tomorrow[1], network_part("203.0.113.7"), b"agent") not in keys
    assert days.of(noon + 86_400_000_000) == tomorrow

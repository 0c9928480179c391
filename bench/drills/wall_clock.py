"""Clocks on walls in six zones: when they change, and when one shows a time, both found by looking at them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

ZONES = (
    "Europe/Warsaw", "America/New_York", "America/Santiago", "Australia/Lord_Howe", "Pacific/Auckland", "Africa/Cairo",
)  # fmt: skip
MINUTE = timedelta(minutes=1)


def changes(zone: ZoneInfo, year: int) -> list[datetime]:
    """Give the moments (to the hour, UTC) at which a zone's offset changes in a year."""
    hours = (datetime(year, 1, 1, tzinfo=UTC) + timedelta(hours=hour) for hour in range(365 * 24))
    return [
        hour
        for hour in hours
        if (hour + timedelta(hours=1)).astimezone(zone).utcoffset() != hour.astimezone(zone).utcoffset()
    ]


def meant(wall: datetime, zone: ZoneInfo) -> datetime:
    """Give the first minute at which a clock in the zone shows this time or, where it is skipped, a later one.

    Found by looking at such a clock every minute, without any arithmetic with offsets.
    """
    minute = (wall - timedelta(hours=16)).replace(tzinfo=UTC)
    while minute.astimezone(zone).replace(tzinfo=None) < wall:
        minute += MINUTE
    return minute

"""Due work of tracking: salts ahead of time, days closed, and conversions that waited for their click."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings

from vocero.company.queries import company_day, installation
from vocero.tracking import conversions, export, services

_HOUR_TO_COMPARE_ALL: Final = 3


def make_salts(at: datetime) -> int:
    """Make the salts of the days to come; gives how many were missing."""
    house = installation()
    return services.make_salts(house, at=at) if house else 0


def make_partitions(at: datetime) -> int:
    """Make the parts of the table of clicks for the months to come (PostgreSQL); gives how many were missing."""
    house = installation()
    return services.make_partitions(house, at=at) if house else 0


def close_days(at: datetime) -> int:
    """Forget the salts and own visits of days that are over; gives how many days."""
    house = installation()
    return services.close_days(house, at=at) if house else 0


def credit_waiting_conversions(at: datetime) -> int:
    """Credit conversions whose click has come in by now, or give up after a week; gives how many wait no longer."""
    house = installation()
    return conversions.credit_waiting(house, at=at) if house else 0


def export_clicks(at: datetime) -> int:
    """Take the next batch of single clicks to ClickHouse, where one is set; gives how many."""
    return export.send_next(at=at)


def compare_export(at: datetime) -> int:
    """Compare with ClickHouse how many clicks each day has, and send days again that differ; gives how many days.

    Every hour the last three days, since clicks may come late; once a day all whose single clicks are still here.
    """
    house = installation()
    if house is None or not export.is_set():
        return 0
    today = company_day(house, at)
    days = settings.VOCERO_RAW_CLICK_DAYS if at.hour == _HOUR_TO_COMPARE_ALL else 3
    return len(export.send_again(today - timedelta(days=days), today - timedelta(days=1), at=at))

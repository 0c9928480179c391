"""Due work of tracking: salts ahead of time, days closed, and conversions that waited for their click."""

from datetime import datetime

from vocero.company.queries import installation
from vocero.tracking import conversions, services


def make_salts(at: datetime) -> int:
    """Make the salts of the days to come; gives how many were missing."""
    house = installation()
    return services.make_salts(house, at=at) if house else 0


def close_days(at: datetime) -> int:
    """Forget the salts and own visits of days that are over; gives how many days."""
    house = installation()
    return services.close_days(house, at=at) if house else 0


def credit_waiting_conversions(at: datetime) -> int:
    """Credit conversions whose click has come in by now, or give up after a week; gives how many wait no longer."""
    house = installation()
    return conversions.credit_waiting(house, at=at) if house else 0

"""Due work of the house: a change of time zone whose day has come."""

from datetime import datetime

from vocero.company.models import Installation
from vocero.company.queries import installation, reporting_zone


def apply_time_zone(at: datetime) -> int:
    """Make the coming time zone the current one once its day has begun; gives how many rows changed (0 or 1)."""
    house = installation()
    if house is None or not house.next_time_zone or str(reporting_zone(house, at)) != house.next_time_zone:
        return 0
    return Installation.objects.filter(
        pk=1, next_time_zone=house.next_time_zone, next_time_zone_from_on=house.next_time_zone_from_on
    ).update(time_zone=house.next_time_zone, next_time_zone="", next_time_zone_from_on=None)

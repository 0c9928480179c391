"""Due work of the house: a change of time zone whose day has come, and marks of changes that nobody needs any more."""

from datetime import datetime

from vocero.company.models import Installation, Revision
from vocero.company.queries import installation, reporting_zone


def apply_time_zone(at: datetime) -> int:
    """Make the coming time zone the current one once its day has begun; gives how many rows changed (0 or 1)."""
    house = installation()
    if house is None or not house.next_time_zone or str(reporting_zone(house, at)) != house.next_time_zone:
        return 0
    return Installation.objects.filter(
        pk=1, next_time_zone=house.next_time_zone, next_time_zone_from_on=house.next_time_zone_from_on
    ).update(time_zone=house.next_time_zone, next_time_zone="", next_time_zone_from_on=None)


MOST_MARKS = 500
"""A sum over so many rows takes no time."""


def forget_marks(at: datetime) -> int:
    """Delete the oldest marks of changes when there are many; what was kept is read again then. Gives how many went."""
    newest = list(Revision.objects.order_by("-pk").values_list("pk", flat=True)[: MOST_MARKS + 1])
    if len(newest) <= MOST_MARKS:
        return 0
    return Revision.objects.filter(pk__lt=newest[MOST_MARKS // 2]).delete()[0]

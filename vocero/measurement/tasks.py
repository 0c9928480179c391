"""Due work of measurement: keep the roll-ups up to date, check them each day, decide about groups, and work out slices."""

from datetime import datetime

from vocero.company.models import Program
from vocero.company.queries import company_day, house, installation
from vocero.measurement import services, slicing


def roll_up_recent(at: datetime) -> int:
    """Fold what has changed in the last weeks, and decide about groups once a month is over; gives how many days changed.

    Runs every minute.
    """
    if installation() is None:
        return 0
    done = services.roll_up_recent(at=at)
    for program in Program.objects.filter(archived_at=None):
        services.decide_due(program, at=at)
    return len(done.folded)


def roll_up_all(at: datetime) -> int:
    """Look through all days for late changes; gives how many days were folded. Runs once a day."""
    if installation() is None:
        return 0
    return len(services.roll_up(services.first_day_of_facts(at), company_day(house(), at), at=at).folded)


def make_slices(at: datetime) -> int:
    """Work for some seconds on the slice that was asked for first; gives 1 while there is one. Runs every two seconds."""
    return int(slicing.work(at=at))


def forget_slices(at: datetime) -> int:
    """Forget slices that were asked for a week ago; gives how many. Runs every hour."""
    return slicing.forget(at=at)

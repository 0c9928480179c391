"""Due work of sharing: send what is due, and read what the networks tell about what is out."""

import time
from datetime import datetime, timedelta

from django.conf import settings

from vocero.company.queries import installation
from vocero.lib import clock
from vocero.lib.clock import SteadyClock
from vocero.lib.processes import ENDING
from vocero.sharing.engagement import read_due
from vocero.sharing.outbox import Pace
from vocero.sharing.publishing import Publisher

_STEADY = SteadyClock()
_MOST_BEHIND = timedelta(minutes=1)


def publish_due(at: datetime) -> int:
    """Send every share that is due; gives how many were handled. Any number of workers may run it at once.

    For three minutes after the clock was set nothing on its way is taken over: that its lease has lapsed says nothing.
    """
    if installation() is None:
        return 0
    began, at = time.monotonic(), _caught_up(at)
    return Publisher(
        now=lambda: at + timedelta(seconds=time.monotonic() - began),
        pace=Pace(at_once=settings.ENVIRONMENT.sends_at_once),
        ending=ENDING.is_set,
        takes_over=_STEADY.is_steady(at, began),
    ).run()


def _caught_up(at: datetime) -> datetime:
    """Add what has passed since the moment was read: the clocks of all workers must agree on when a wait is over."""
    passed = clock.now() - at
    return at + passed if timedelta(0) <= passed < _MOST_BEHIND else at


def read_engagement(at: datetime) -> int:
    """Read the totals of shares whose turn it is; gives how many readings were stored."""
    return read_due(at) if installation() is not None else 0

"""Due work of sharing: send what is due, and read what the networks tell about what is out."""

from datetime import datetime

from vocero.company.queries import installation
from vocero.lib import clock
from vocero.sharing.engagement import read_due
from vocero.sharing.publishing import Publisher


def publish_due(at: datetime) -> int:
    """Send every share that is due; gives how many were handled. Any number of workers may run it at once."""
    if installation() is None:
        return 0
    began = clock.now()
    return Publisher(now=lambda: at + (clock.now() - began)).run()


def read_engagement(at: datetime) -> int:
    """Read the totals of shares whose turn it is; gives how many readings were stored."""
    return read_due(at) if installation() is not None else 0

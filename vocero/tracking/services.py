"""Writes what tracking needs besides clicks: the days' salts, own visits, and the roll-ups made again."""

import logging
import secrets
from datetime import date, datetime, timedelta
from typing import Final

from django.db import transaction

from vocero.company.models import Installation
from vocero.company.queries import company_day
from vocero.people.models import Member
from vocero.tracking import stats
from vocero.tracking.models import Click, DailySalt, OwnVisit
from vocero.tracking.visitors import SALT_BYTES, visitor_key

logger = logging.getLogger(__name__)

SALTS_AHEAD: Final = 3
CLOSING: Final = timedelta(hours=1)
"""How long after its end a day stays open for clicks that are still on their way from a segment."""


def make_salts(house: Installation, *, at: datetime) -> int:
    """Make the salts of today and the next three days, so that links go on while the database is away; gives how many."""
    today = company_day(house, at)
    wanted = {today + timedelta(days=ahead) for ahead in range(SALTS_AHEAD + 1)}
    missing = wanted - set(DailySalt.objects.filter(day_on__in=wanted).values_list("day_on", flat=True))
    DailySalt.objects.bulk_create(
        [DailySalt(day_on=day, salt=secrets.token_bytes(SALT_BYTES)) for day in sorted(missing)], ignore_conflicts=True
    )
    return len(missing)


@transaction.atomic
def close_days(house: Installation, *, at: datetime) -> int:
    """Delete the salts and own visits of days that ended an hour ago; from then on their visitor keys are nobody's.

    Gives how many salts that were.
    """
    first_open = company_day(house, at - CLOSING)
    OwnVisit.objects.filter(day_on__lt=first_open).delete()
    return DailySalt.objects.filter(day_on__lt=first_open).delete()[0]


def remember_visitor(house: Installation, member: Member, *, address: str, agent: str, at: datetime) -> bool:
    """Note, for today only, that this browser is a member's own, so that their clicks on their own links do not count.

    Neither the address nor the agent is kept. Gives whether it was new; without today's salt nothing is noted.
    """
    today = company_day(house, at)
    salt = DailySalt.objects.filter(day_on=today).values_list("salt", flat=True).first()
    if salt is None:
        return False
    key = visitor_key(bytes(salt), address, agent)
    return OwnVisit.objects.get_or_create(day_on=today, member=member, visitor=key)[1]


def rebuild_clicks(first_on: date, last_on: date) -> None:
    """Make the click roll-ups of days again from the clicks; they come out as the same rows."""
    stats.rebuild(first_on, last_on)


def forget_clicks(*, before_on: date) -> int:
    """Delete the clicks of days before a day, oldest first, as long as the roll-ups of each day agree with its clicks.

    Gives how many went. It stops at a day that does not agree and says so in the log: nothing that was not counted goes.
    """
    gone = 0
    while (click := Click.objects.order_by("pk").first()) and (oldest := click.day_on) < before_on:
        if different := stats.differences(oldest):
            logger.error("clicks of %s are kept: %d of their roll-ups do not agree", oldest, len(different))
            break
        deleted = Click.of_day(oldest).delete()[0]
        gone += deleted
        if not deleted:
            break
    return gone

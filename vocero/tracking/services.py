"""Writes what tracking needs besides clicks: the days' salts, own visits, and the roll-ups made again."""

import logging
import secrets
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final

from django.db import OperationalError, transaction
from django.db.models import Model

from vocero.company.models import Installation
from vocero.company.queries import company_day
from vocero.people.models import Member
from vocero.tracking import archive, export, partitions, stats
from vocero.tracking.models import (
    ClickStat,
    ClickWeek,
    DailySalt,
    MemberDay,
    MemberMonth,
    OwnVisit,
    RequestStat,
    ShareDay,
    ShareTotal,
)
from vocero.tracking.visitors import SALT_BYTES, visitor_key
from vocero.tracking.wide import Tell

logger = logging.getLogger(__name__)

ROLL_UPS: Final[tuple[type[Model], ...]] = (
    ClickStat,
    ClickWeek,
    RequestStat,
    ShareDay,
    ShareTotal,
    MemberDay,
    MemberMonth,
)
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


def rebuild_clicks(
    first_on: date, last_on: date, *, tell: Callable[[date], None] = lambda _day: None, processes: int = 1
) -> None:
    """Make the click roll-ups of days again from the clicks, also archived ones; they come out as the same rows.

    `tell` hears of each day. Raises NotReadable when a file of the archive is needed and cannot be read here, and
    NotFinished when one of several processes fails.
    """
    archive.rebuild(first_on, last_on, archive.folder(), tell=tell, processes=processes)


def wrong_roll_ups(
    first_on: date, last_on: date, *, tell: Callable[[date], None] = lambda _day: None
) -> dict[type[Model], int]:
    """Count the rows of days that are not what the clicks say, also archived ones, and the sums that are not their days'.

    Gives every table of roll-ups with its number. `tell` hears of each day. Nobody waits; only visitors that were still to
    be counted are written. Raises NotReadable when a file of the archive is needed and cannot be read here.
    """
    wrong = archive.differences(first_on, last_on, archive.folder(), tell=tell)
    wrong.update(different.table for different in stats.wrong_sums())
    return {table: wrong[str(table._meta.model_name)] for table in ROLL_UPS}


def settle_clicks(*, before_on: date, at: datetime, tell: Tell = logger.debug) -> int:
    """Take the months of single clicks that lie wholly before a day out of the database, the oldest first.

    Each goes into the archive, or is forgotten where the settings ask for that, once its roll-ups agree with its clicks.
    Gives how many rows went. It stops at a month that cannot go, and says why: nothing that was not counted goes.
    """
    gone = 0
    for month in archive.months_due(before_on=before_on):
        try:
            gone += archive.settle(month, archive.folder(), at=at, tell=tell, allowed=export.why_not_yet)
        except archive.NotKept as reason:
            logger.warning("single clicks of %s stay in the database: %s", month.key, reason)
            tell(f"{month.key}: stays in the database: {reason}")
            break
        except OperationalError as error:
            if not partitions.is_busy(error):
                raise
            tell(f"{month.key}: the table of clicks was in use; its rows go next time")
            break
    return gone


def make_partitions(house: Installation, *, at: datetime) -> int:
    """Make the parts of the table of clicks for the months to come (PostgreSQL); gives how many were missing."""
    try:
        return partitions.make_ahead(company_day(house, at))
    except OperationalError as error:
        if not partitions.is_busy(error):
            raise
        logger.info("the table of clicks was in use; its next parts are made next time")
        return 0

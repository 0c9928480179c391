"""Due work of privacy: what is kept no longer goes."""

from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.contrib.sessions.models import Session

from vocero.company.queries import company_day, installation
from vocero.people.models import PeopleImport
from vocero.sharing.models import Draft
from vocero.tracking.services import settle_clicks

IMPORTS_KEPT: Final = timedelta(days=30)
DRAFTS_KEPT: Final = timedelta(days=180)


def retain(at: datetime) -> int:
    """Empty people lists thirty days after their upload, delete drafts untouched for half a year and ended sessions."""
    lists = PeopleImport.objects.filter(created_at__lt=at - IMPORTS_KEPT).exclude(rows=[]).update(rows=[])
    drafts, _by_model = Draft.objects.filter(updated_at__lt=at - DRAFTS_KEPT).delete()
    sessions, _by_model = Session.objects.filter(expire_date__lt=at).delete()
    return lists + drafts + sessions


def settle_old_clicks(at: datetime) -> int:
    """Take single clicks that are older than they stay (90 days by default) out of the database; gives how many.

    They go by whole months, into the archive or for good, once the roll-ups agree with them. The roll-ups stay.
    """
    house = installation()
    if house is None:
        return 0
    return settle_clicks(before_on=company_day(house, at) - timedelta(days=settings.VOCERO_RAW_CLICK_DAYS), at=at)

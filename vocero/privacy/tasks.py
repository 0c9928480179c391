"""Due work of privacy: what is kept no longer goes."""

from datetime import datetime, timedelta
from typing import Final

from django.contrib.sessions.models import Session

from vocero.people.models import PeopleImport
from vocero.sharing.models import Draft

IMPORTS_KEPT: Final = timedelta(days=30)
DRAFTS_KEPT: Final = timedelta(days=180)


def retain(at: datetime) -> int:
    """Empty people lists thirty days after their upload, delete drafts untouched for half a year and ended sessions."""
    lists = PeopleImport.objects.filter(created_at__lt=at - IMPORTS_KEPT).exclude(rows=[]).update(rows=[])
    drafts, _by_model = Draft.objects.filter(updated_at__lt=at - DRAFTS_KEPT).delete()
    sessions, _by_model = Session.objects.filter(expire_date__lt=at).delete()
    return lists + drafts + sessions

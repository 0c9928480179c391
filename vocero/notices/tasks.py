"""Due work of notices: invitations that are to leave, and old records of mails that go."""

from datetime import datetime, timedelta
from typing import Final

from vocero.notices import mail, weekly
from vocero.notices.invitations import send_invitation
from vocero.notices.models import Mail
from vocero.people import invitations
from vocero.people.queries import due_invitations

AT_ONCE: Final = 50
KEPT_FOR: Final = timedelta(days=30)


def send_due_invitations(at: datetime) -> int:
    """Send up to 50 invitations whose mail is due, over one connection; gives how many were dealt with."""
    if not mail.is_configured():
        return 0
    done = 0
    with mail.one_connection():
        for invitation in due_invitations(at, at_most=AT_ONCE):
            if invitations.claim(invitation, at=at):
                send_invitation(invitation, at=at)
                done += 1
    return done


def send_weekly_mails(at: datetime) -> int:
    """Send the weekly mail to everybody whose Tuesday morning it is; gives how many members were dealt with."""
    if not mail.is_configured():
        return 0
    done = 0
    with mail.one_connection():
        for member, week_on in weekly.due(at):
            done += bool(weekly.send_weekly(member, week_on=week_on, at=at))
    return done


def forget_old_mails(at: datetime) -> int:
    """Delete records of mails older than 30 days; gives how many."""
    return Mail.objects.filter(at__lt=at - KEPT_FOR).delete()[0]

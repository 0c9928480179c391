"""Due work of notices: invitations that are to leave, and old records of mails that go."""

from datetime import datetime, timedelta
from typing import Final

from vocero.networks import services as networks
from vocero.networks.models import Account
from vocero.networks.queries import label_of, to_ask_for_reconnect
from vocero.notices import mail, weekly
from vocero.notices.invitations import send_invitation
from vocero.notices.models import Mail
from vocero.people import invitations
from vocero.people.queries import due_invitations
from vocero.policy.queries import mail_waits

AT_ONCE: Final = 50
KEPT_FOR: Final = timedelta(days=30)


def send_due_invitations(at: datetime) -> int:
    """Send up to 50 invitations whose mail is due, over one connection; gives how many were dealt with."""
    if not mail.is_configured() or mail_waits():
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
    if not mail.is_configured() or mail_waits():
        return 0
    done = 0
    with mail.one_connection():
        for member, week_on in weekly.due(at):
            done += bool(weekly.send_weekly(member, week_on=week_on, at=at))
    return done


def ask_to_reconnect(at: datetime) -> int:
    """Ask the members of dead and dying connections, once each, to connect again; gives how many were asked."""
    if not mail.is_configured() or mail_waits():
        return 0
    asked = 0
    with mail.one_connection():
        for account in to_ask_for_reconnect(at)[:AT_ONCE]:
            network = label_of(account.network)
            context = {
                "network": network,
                "handle": account.handle,
                "ends_at": account.expires_at if account.state == Account.State.CONNECTED else None,
                "link": f"{mail.base_url()}/me/connect/{account.network}",
            }
            networks.note_reconnect_asked(account, at=at)
            mail.send(account.member, kind="reconnect", at=at, context=context)
            asked += 1
    return asked


def forget_old_mails(at: datetime) -> int:
    """Delete records of mails older than 30 days; gives how many."""
    return Mail.objects.filter(at__lt=at - KEPT_FOR).delete()[0]

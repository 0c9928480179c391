"""Reads notices: whether mail leaves, and the demo's mailbox."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count

from vocero.notices.models import Mail, MailboxMessage


@dataclass(frozen=True, slots=True)
class MailHealth:
    """Whether mail leaves: what became of the mails of the last day, as counts only."""

    sent: int
    delayed: int
    last_code: str

    @property
    def is_stuck(self) -> bool:
        """Whether mails waited and none left."""
        return self.delayed > 0 and self.sent == 0


def mail_health(at: datetime) -> MailHealth:
    """Count the mails of the last 24 hours that left and that could not."""
    recent = Mail.objects.filter(at__gt=at - timedelta(days=1))
    delayed = recent.filter(state=Mail.State.DELAYED)
    many = dict(recent.order_by().values_list("state").annotate(many=Count("pk")))
    waiting = many.get(Mail.State.DELAYED, 0)
    last = delayed.order_by("-at").values_list("code", flat=True).first() if waiting else None
    return MailHealth(many.get(Mail.State.SENT, 0), waiting, last or "")


def mailbox(search: str = "") -> list[MailboxMessage]:
    """Give the newest mails of the demo, all or those to addresses that hold the text."""
    messages = MailboxMessage.objects.all()
    if search.strip():
        messages = messages.filter(recipient__icontains=search.strip())
    return list(messages[:100])


def mailbox_message(public_id: str) -> MailboxMessage | None:
    """Give one mail of the demo, or None."""
    return MailboxMessage.objects.filter(public_id=public_id).first()

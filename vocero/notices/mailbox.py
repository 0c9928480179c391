"""The demo's mailbox: a mail backend that sends nothing and keeps everything to be looked at."""

from collections.abc import Sequence
from email.header import decode_header, make_header
from typing import Any

from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import EmailMessage

from vocero.lib import clock
from vocero.notices.models import MailboxMessage

KEPT = 500


class EmailBackend(BaseEmailBackend):
    """Puts each mail into the mailbox; the oldest go when there are more than 500."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep the mails and give how many there were."""
        for message in email_messages:
            alternatives: list[Any] = list(getattr(message, "alternatives", []))
            markup = next((str(part.content) for part in alternatives if part.mimetype == "text/html"), "")
            for recipient in message.recipients():
                MailboxMessage.objects.create(
                    recipient=_readable(recipient)[:254],
                    sender=_readable(message.from_email)[:254],
                    subject=str(message.subject)[:300],
                    text=str(message.body),
                    html=markup,
                    at=clock.now(),
                )
        stale = MailboxMessage.objects.order_by("-at", "-pk").values_list("pk", flat=True)[KEPT : KEPT + 500]
        MailboxMessage.objects.filter(pk__in=list(stale)).delete()
        return len(email_messages)


def _readable(address: str) -> str:
    """Give an address with its name as people read it; in a header, letters outside ASCII are encoded."""
    return str(make_header(decode_header(address)))

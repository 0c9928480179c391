"""Sends mail: renders it in the reader's language as text and HTML, sends it once, and records what became of it."""

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from email.utils import formataddr, parseaddr
from typing import Any, Final

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, mailers
from django.template.loader import render_to_string
from django.utils import translation

from vocero.company.models import Installation
from vocero.company.queries import installation
from vocero.notices.models import Mail
from vocero.people.models import Member

logger = logging.getLogger(__name__)

_DUMMY: Final = "django.core.mail.backends.dummy.EmailBackend"
_MAILBOX_UNKNOWN: Final = frozenset({550, 551, 553})
_OWN_COLOR: Final = "#2053b4"
_connection: ContextVar[Any] = ContextVar("connection", default=None)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a mail: `sent`, `refused` for good, `delayed` (worth another try later) or `off`; `code` says why."""

    state: str
    code: str = ""

    @property
    def sent(self) -> bool:
        """Whether the mail server took it."""
        return self.state == Mail.State.SENT


def is_configured() -> bool:
    """Whether this installation can send mail at all."""
    return bool(settings.MAILERS["default"]["BACKEND"] != _DUMMY)


def send(
    recipient: Member | str,
    *,
    kind: str,
    at: datetime,
    context: Mapping[str, Any] | None = None,
    language: str = "",
    unsubscribe_url: str = "",
    record: bool = True,
) -> Outcome:
    """Send one mail of a kind, whose templates are `mail/<kind>.subject.txt`, `.txt` and `.html`.

    `recipient` is a member (then their language is used unless one is given) or an address. The templates find `house`,
    `base_url`, `color`, `name` and what `context` holds. `unsubscribe_url` becomes List-Unsubscribe with one click.
    Never raises for a mail that cannot be delivered; nothing of address or text is logged.
    """
    address = recipient if isinstance(recipient, str) else recipient.email
    member = None if isinstance(recipient, str) else recipient
    house = installation()
    if not address or not is_configured():
        outcome = Outcome(Mail.State.OFF, "" if address else "no address")
    else:
        language = language or (member.language if member else "") or (house.language if house else "en")
        message = _message(address, member, _words(kind, language, house, {"name": _called(member), **(context or {})}))
        if unsubscribe_url:
            message.extra_headers["List-Unsubscribe"] = f"<{unsubscribe_url}>"
            message.extra_headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
        outcome = _deliver(message)
    if record:
        Mail.objects.create(member=member, kind=kind, state=outcome.state, code=outcome.code, at=at)
    if outcome.state == Mail.State.DELAYED:
        logger.warning("a mail of kind %s did not leave: %s", kind, outcome.code)
    return outcome


@contextmanager
def one_connection() -> Iterator[None]:
    """Send all mails inside the block over one connection; a broken one is opened again for the next mail."""
    connection = mailers["default"]
    token = _connection.set(connection)
    try:
        yield
    finally:
        _connection.reset(token)
        close = getattr(connection, "close", None)
        if close:
            close()


def base_url() -> str:
    """Give the address that links in mails begin with, without a slash at the end."""
    house = installation()
    return (house.base_url if house else settings.ENVIRONMENT.base_url).rstrip("/")


@dataclass(frozen=True, slots=True)
class _Words:
    language: str
    company: str
    subject: str
    text: str
    html: str


def _words(kind: str, language: str, house: Installation | None, context: dict[str, Any]) -> _Words:
    color = house.brand_color if house and house.brand_color else _OWN_COLOR
    own = {
        "house": house,
        "company": house.name if house else "Vocero",
        "color": color,
        "ink": _ink(color),
        "base_url": base_url(),
        "language": language,
    }
    with translation.override(language):
        subject, text, markup = (
            render_to_string(f"mail/{kind}.{ending}", own | context) for ending in ("subject.txt", "txt", "html")
        )
    body = re.sub(r"\n{3,}", "\n\n", "\n".join(line.strip() for line in text.split("\n"))).strip() + "\n"
    return _Words(language, str(own["company"]), " ".join(subject.split()), body, markup)


def _message(address: str, member: Member | None, words: _Words) -> EmailMultiAlternatives:
    _name, sender = parseaddr(settings.DEFAULT_FROM_EMAIL)
    message = EmailMultiAlternatives(
        subject=words.subject,
        body=words.text,
        from_email=formataddr((_plain(words.company), sender)),
        to=[formataddr((_plain(member.name), address)) if member and member.name else address],
        headers={"Auto-Submitted": "auto-generated", "Content-Language": words.language},
    )
    message.attach_alternative(words.html, "text/html")
    return message


def _ink(color: str) -> str:
    """Black or white, whichever is easier to read on the color (`#rrggbb`): relative luminance of WCAG 2."""
    parts = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return "#ffffff" if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 0.179 else "#111111"


def _called(member: Member | None) -> str:
    return member.get_short_name() if member else ""


def _plain(name: str) -> str:
    return " ".join(re.sub(r"[\x00-\x1f\x7f<>\"]", " ", name).split())


def _deliver(message: EmailMultiAlternatives) -> Outcome:
    """Hand a mail to the server and read its answer; errors of smtplib are OSErrors that carry codes."""
    connection = _connection.get() or mailers["default"]
    try:
        connection.send_messages([message])
    except OSError as error:
        return _failure(error)
    except (ValueError, UnicodeError) as error:  # an address that cannot be written on an envelope
        return Outcome(Mail.State.REFUSED, type(error).__name__)
    return Outcome(Mail.State.SENT)


def _failure(error: OSError) -> Outcome:
    refused = getattr(error, "recipients", None)
    if isinstance(refused, dict) and refused:
        code = int(next(iter(refused.values()))[0])
        return Outcome(Mail.State.REFUSED if code >= 500 else Mail.State.DELAYED, str(code))
    code = getattr(error, "smtp_code", 0)
    if code in _MAILBOX_UNKNOWN and type(error).__name__ == "SMTPDataError":
        return Outcome(Mail.State.REFUSED, str(code))
    return Outcome(Mail.State.DELAYED, str(code) if code else type(error).__name__)

"""A real mail server for tests: it takes mail on a free port, keeps it, and refuses the addresses it is told to."""

import email
import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


class Server:
    """What the mail server got; `refuses` maps addresses to the answer they get."""

    def __init__(self) -> None:
        self.messages: list[EmailMessage] = []
        self.refuses: dict[str, str] = {}

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        """Take or refuse a recipient."""
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Keep a mail."""
        content = envelope.content or b""
        parsed = email.message_from_bytes(content if isinstance(content, bytes) else content.encode(), policy=default)
        assert isinstance(parsed, EmailMessage)
        self.messages.append(parsed)
        return "250 OK"

    def last_to(self, address: str) -> EmailMessage:
        """The newest mail to an address."""
        return next(one for one in reversed(self.messages) if address in str(one["To"]))

    def text_to(self, address: str) -> str:
        """The plain text of the newest mail to an address."""
        body = self.last_to(address).get_body(("plain",))
        assert body is not None
        return str(body.get_content())

    def code_to(self, address: str) -> str:
        """The six digits in the newest mail to an address."""
        found = re.search(r"\b\d{6}\b", self.text_to(address))
        assert found
        return found[0]

    def link_to(self, address: str) -> str:
        """The first link in the newest mail to an address, without our own host."""
        found = re.search(r"http://testserver(/\S+)", self.text_to(address))
        assert found
        return found[1]


@contextmanager
def mail_server(settings: Any) -> Iterator[Server]:
    """Run a mail server and let Vocero send through it."""
    server = Server()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    controller = Controller(server, hostname="127.0.0.1", port=port)
    controller.start()
    settings.MAILERS = {
        "default": {
            "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
            "OPTIONS": {"host": "127.0.0.1", "port": port, "timeout": 5},
        }
    }
    try:
        yield server
    finally:
        controller.stop()

"""The mail that asks to connect an account again: before it dies, once, to its member alone."""

from datetime import timedelta
from typing import Any

import pytest

from tests.cast import MOMENT, People
from tests.sharing.library import make_account
from vocero.networks.models import Account
from vocero.notices.models import MailboxMessage
from vocero.notices.tasks import ask_to_reconnect


@pytest.fixture(autouse=True)
def mailbox(settings: Any) -> None:
    """Mail is kept whole, as in the demo."""
    settings.MAILERS = {"default": {"BACKEND": "vocero.notices.mailbox.EmailBackend"}}


def test_a_dead_connection_asks_once(people: People) -> None:
    account = make_account(people.ana)
    assert ask_to_reconnect(MOMENT) == 0
    Account.objects.filter(pk=account.pk).update(state=Account.State.RECONNECT)
    assert ask_to_reconnect(MOMENT) == 1
    assert ask_to_reconnect(MOMENT + timedelta(days=1)) == 0
    message = MailboxMessage.objects.get()
    assert "/me/connect/mastodon" in message.text
    assert people.ana.email in message.recipient


def test_a_dying_connection_asks_before_it_is_dead(people: People) -> None:
    make_account(people.ana, expires_at=MOMENT + timedelta(days=1))
    assert ask_to_reconnect(MOMENT) == 1
    assert "17 de noviembre de 2026" in MailboxMessage.objects.get().text

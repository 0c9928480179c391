"""What all networks have in common where the member finishes in the network's own dialog."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NoReturn
from urllib.parse import quote, urlencode

from django.utils.functional import Promise

from vocero.lib.ids import random_base62
from vocero.networks.base import App, Channel, Connected, Draft, Engagement, Login, Published, Refused, Retry, RetryKind
from vocero.networks.limits import Limits


def address(base: str, **parameters: str) -> str:
    """Give an address with its parameters percent-encoded (spaces as %20), empty ones left out."""
    filled = {name: value for name, value in parameters.items() if value}
    return f"{base}?{urlencode(filled, quote_via=quote)}" if filled else base


class ByHand:
    """A network without an account to connect; a subclass says its name, its limits and its dialog's address."""

    name: str
    label: str | Promise
    limits: Limits
    channel = Channel.HANDOFF
    retry = Retry(RetryKind.NONE)
    withdraws = False
    tells_engagement = False
    tells_followers = False
    counts = True

    def limits_for(self, told: Mapping[str, Any]) -> Limits:
        return self.limits

    def compose(self, draft: Draft) -> str:
        return draft.text_with_link() if self.limits.link_in_text else draft.text

    def handoff(self, draft: Draft) -> str:
        return ""

    def new_key(self, at: datetime) -> str:
        return random_base62(20)

    def publish(self, account: Login, draft: Draft, key: str) -> Published:
        self._unsupported()

    def find(self, account: Login, draft: Draft, key: str) -> Published | None:
        self._unsupported()

    def withdraw(self, account: Login, remote_id: str) -> None:
        self._unsupported()

    def engagement(self, account: Login, remote_id: str) -> Engagement | None:
        return None

    def followers(self, account: Login) -> int | None:
        return None

    def refresh(self, account: Login) -> Connected:
        self._unsupported()

    def is_stale(self, account: Login) -> bool:
        return False

    def disconnect(self, account: Login, app: App | None) -> None:
        return

    def _unsupported(self) -> NoReturn:
        raise Refused("unsupported")

"""Stand-ins for Mastodon and Bluesky in the demo: they take every post, show it to nobody, and reactions trickle in."""

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from vocero.lib import clock
from vocero.networks import registry
from vocero.networks.base import Connected, Draft, Engagement, Login, Published
from vocero.networks.bluesky import Bluesky
from vocero.networks.mastodon import Mastodon

SETTLED = timedelta(days=5)
SERVER = "https://social.velora.example"


class _Inside:
    """What both stand-ins answer instead of calling a server."""

    def new_key(self, at: datetime) -> str:
        """A key that carries its moment, so that reactions can grow with the post's age."""
        return f"{int(at.timestamp()):x}-{hashlib.blake2b(at.isoformat().encode(), digest_size=6).hexdigest()}"

    def publish(self, account: Login, draft: Draft, key: str) -> Published:
        """Take it."""
        return Published(key, "")

    def find(self, account: Login, draft: Draft, key: str) -> Published | None:
        """It was taken."""
        return Published(key, "")

    def withdraw(self, account: Login, remote_id: str) -> None:
        """Nothing is out there."""

    def engagement(self, account: Login, remote_id: str) -> Engagement | None:
        """Totals that depend on the post alone and grow for five days."""
        age = clock.now() - datetime.fromtimestamp(int(remote_id.split("-", maxsplit=1)[0], 16), UTC)
        grown = min(max(age / SETTLED, 0.0), 1.0)
        dice = hashlib.blake2b(remote_id.encode(), digest_size=3).digest()
        return Engagement(
            reactions=round((dice[0] % 23) * grown),
            comments=round((dice[1] % 4) * grown),
            reshares=round((dice[2] % 5) * grown),
        )

    def followers(self, account: Login) -> int | None:
        """Between sixty and some hundreds, the same each time."""
        return _followers(account.handle)

    def connect_with_password(self, *, instance: str, handle: str, password: str, seconds: float) -> Connected:
        """Any name and any password will do."""
        name = handle.strip().lstrip("@") or "somebody"
        return Connected(
            remote_id=name, handle=name, instance=SERVER, credentials={"token": "demo"}, followers=_followers(name)
        )

    def is_stale(self, account: Login) -> bool:
        """Never."""
        return False

    def disconnect(self, account: Login, app: Any) -> None:
        """Nothing to end."""

    def limits_for(self, told: Mapping[str, Any]) -> Any:
        """The network's usual limits."""
        return self.limits  # type: ignore[attr-defined]


def _followers(handle: str) -> int:
    return 60 + int.from_bytes(hashlib.blake2b(handle.encode(), digest_size=2).digest()) % 700


class DemoMastodon(_Inside, Mastodon):
    """Mastodon as the demo knows it."""


class DemoBluesky(_Inside, Bluesky):
    """Bluesky as the demo knows it."""


def stand_in() -> None:
    """Put the stand-ins in the place of the real networks, for this process."""
    registry.put_in_place(DemoMastodon(), DemoBluesky())

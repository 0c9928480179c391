"""A network of the tests' own: its posts lie in a list, and each call answers with what it was told to answer with."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

from vocero.networks import registry
from vocero.networks.base import Channel, Draft, Engagement, Login, NetworkError, Published, Retry, RetryKind
from vocero.networks.by_hand import ByHand
from vocero.networks.limits import Limits

type Trouble = NetworkError | Callable[[], None]


@dataclass
class Pigeon(ByHand):
    """Carries posts; `troubles` are raised one after the other, before or (`after_storing`) after a post is stored."""

    name: str = "pigeon"
    label: str = "Pigeon"
    channel: Channel = Channel.API
    retry: Retry = field(default_factory=lambda: Retry(RetryKind.LOOKUP, settles_after=timedelta(seconds=60)))
    limits: Limits = field(default_factory=lambda: Limits(characters=300))
    withdraws: bool = True
    tells_engagement: bool = True
    tells_followers: bool = False
    counts: bool = True
    posts: list[str] = field(default_factory=list)
    drafts: list[Draft] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    asked: int = 0
    troubles: list[Trouble] = field(default_factory=list)
    after_storing: list[NetworkError] = field(default_factory=list)
    finding: list[NetworkError] = field(default_factory=list)
    totals: Engagement | NetworkError = field(default_factory=lambda: Engagement(0, 0, 0))

    def publish(self, account: Login, draft: Draft, key: str) -> Published:
        if self.troubles:
            trouble = self.troubles.pop(0)
            if isinstance(trouble, NetworkError):
                raise trouble
            trouble()
        self.posts.append(self.compose(draft))
        self.drafts.append(draft)
        self.keys.append(key)
        if self.after_storing:
            raise self.after_storing.pop(0)
        return Published(f"p{len(self.posts)}", f"https://pigeon.test/{len(self.posts)}")

    def find(self, account: Login, draft: Draft, key: str) -> Published | None:
        self.asked += 1
        if self.finding:
            raise self.finding.pop(0)
        text = self.compose(draft)
        if text not in self.posts:
            return None
        number = self.posts.index(text) + 1
        return Published(f"p{number}", f"https://pigeon.test/{number}")

    def withdraw(self, account: Login, remote_id: str) -> None:
        if self.troubles:
            raise self.troubles.pop(0)  # type: ignore[misc]
        self.posts[int(remote_id[1:]) - 1] = ""

    def engagement(self, account: Login, remote_id: str) -> Engagement | None:
        if isinstance(self.totals, NetworkError):
            raise self.totals
        return self.totals

    def is_stale(self, account: Login, *_: object) -> bool:
        return False


@contextmanager
def installed(network: Pigeon) -> Iterator[Pigeon]:
    """Add a network to the registry inside the block."""
    registry._installed()[network.name] = network
    try:
        yield network
    finally:
        registry.forget_installed()

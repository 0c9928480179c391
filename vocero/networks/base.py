"""The whole vocabulary between Vocero and a social network: what is handed over, what comes back, what can go wrong."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from django.utils.functional import Promise

from vocero.networks.limits import Limits

ATTEMPT_SECONDS = 30.0
"""The longest that one action on a network may take; a lease is at least three times as long."""


class NetworkError(Exception):
    """The root of the four errors that decide what happens to a share."""


class TryLater(NetworkError):
    """Certainly not stored; worth another try, not before `after` has passed (None: as the caller likes).

    `stale`: the access token has lapsed and a refresh may help at once.
    """

    def __init__(self, after: timedelta | None = None, *, stale: bool = False) -> None:
        super().__init__("stale" if stale else f"later: {after}")
        self.after = after
        self.stale = stale


class Reconnect(NetworkError):
    """Certainly not stored; the member must connect the account again."""


class Refused(NetworkError):
    """Certainly not stored, and another try would not help; `reason` is one of `vocero.networks.reasons.REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Unclear(NetworkError):
    """No usable answer after the first byte left, or the network says "duplicate": it may be stored or not."""


class Channel(StrEnum):
    """How a share gets out on a network."""

    API = "api"
    HANDOFF = "handoff"
    PRACTICE = "practice"


class RetryKind(StrEnum):
    """What a network offers for finding out what became of an unclear attempt.

    With KEY, `find` sends the same key again, which puts the post out when it is not there; with all others it only looks.
    """

    KEY = "key"  # repeats the first answer for the same key, as long as it remembers it
    RECORD_KEY = "record_key"  # stores the post under a name that we choose
    LOOKUP = "lookup"  # lets us look through the account's own posts
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Retry:
    """How an unclear attempt is cleared up.

    `valid_for`: how long a key is remembered (KEY only). `settles_after`: how long after an attempt began the network
    may still be storing it; `find` before that proves nothing.
    """

    kind: RetryKind
    valid_for: timedelta | None = None
    settles_after: timedelta = timedelta(minutes=1)

    def can_find(self, *, first_sent_at: datetime, at: datetime) -> bool:
        """Say whether `find` can still tell at this moment what became of a share first sent then."""
        if self.kind is RetryKind.NONE:
            return False
        return self.valid_for is None or at - first_sent_at < self.valid_for


@dataclass(frozen=True, slots=True)
class Media:
    """An image to post: its bytes, MIME type, the words that stand in for it, and its size in pixels."""

    content: bytes = field(repr=False)
    content_type: str
    alt: str = ""
    width: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Card:
    """The tracked link of a share and what its preview shows."""

    url: str
    title: str = ""
    description: str = ""
    image: Media | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """What a member wants to post; the text stands as they wrote it, the link is added where the network wants it."""

    text: str
    link: Card | None = None
    media: tuple[Media, ...] = ()
    language: str = ""

    def text_with_link(self) -> str:
        """Give the text with the link's address under it, unless it already stands in the text."""
        if self.link is None or self.link.url in self.text:
            return self.text
        return f"{self.text.rstrip()}\n\n{self.link.url}".lstrip()


@dataclass(frozen=True, slots=True)
class Published:
    """A post that is out: the network's own id for it, and where people see it (empty when nobody can)."""

    remote_id: str
    url: str


@dataclass(frozen=True, slots=True)
class Engagement:
    """Totals the network tells at this moment: never who they were."""

    reactions: int
    comments: int
    reshares: int
    impressions: int | None = None


@dataclass(frozen=True, slots=True)
class Login:
    """What an adapter needs to act for a member; made by `networks.services`, never kept, never logged.

    `instance` is the base URL of the server, without a slash; `at` the moment of the action (UTC); `seconds` how long
    it may take in all.
    """

    remote_id: str
    handle: str
    instance: str
    credentials: Mapping[str, str] = field(repr=False)
    at: datetime
    limits: Mapping[str, Any] = field(default_factory=dict)
    seconds: float = ATTEMPT_SECONDS


@dataclass(frozen=True, slots=True)
class Connected:
    """An account that has just been connected or refreshed, as the network knows it.

    `lives_for`: when the connection ends unless it is refreshed; None: it does not end by itself.
    """

    remote_id: str
    handle: str
    instance: str
    credentials: Mapping[str, str] = field(repr=False)
    lives_for: timedelta | None = None
    limits: Mapping[str, Any] = field(default_factory=dict)
    followers: int | None = None


@dataclass(frozen=True, slots=True)
class App:
    """Our registration as an app on one instance."""

    instance: str
    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str


@runtime_checkable
class Network(Protocol):
    """What every network answers, whichever channel it has. Methods that a channel lacks raise Refused("unsupported").

    `name` is its word in rows and addresses. `withdraws`: we can take a post down. `tells_engagement`,
    `tells_followers`: it can be asked. `counts`: its shares stand in figures.
    """

    name: str
    channel: Channel
    retry: Retry
    limits: Limits
    withdraws: bool
    tells_engagement: bool
    tells_followers: bool
    counts: bool

    @property
    def label(self) -> str | Promise:
        """Its own name: a brand is not translated, a plain word is."""

    def limits_for(self, told: Mapping[str, Any]) -> Limits:
        """Give the limits with what an account's own server told of them."""

    def compose(self, draft: Draft) -> str:
        """Give the text exactly as it would stand on the network: what is counted and previewed."""

    def handoff(self, draft: Draft) -> str:
        """Give the address of the network's own dialog for this draft; empty when there is none to open."""

    def new_key(self, at: datetime) -> str:
        """Make the key of a share, before its first attempt: at most 40 characters, used for every attempt."""

    def publish(self, account: Login, draft: Draft, key: str) -> Published:
        """Post it. Raises TryLater, Reconnect, Refused or Unclear."""

    def find(self, account: Login, draft: Draft, key: str) -> Published | None:
        """Say what became of an unclear attempt: the post, or None when it is certainly not there.

        Raises Unclear when that cannot be told, else as `publish`.
        """

    def withdraw(self, account: Login, remote_id: str) -> None:
        """Take a post down; one that is gone already is fine. Raises TryLater, Reconnect or Refused."""

    def engagement(self, account: Login, remote_id: str) -> Engagement | None:
        """Read a post's totals, None when the network does not tell now. Refused("gone"): the post is not there."""

    def followers(self, account: Login) -> int | None:
        """Read how many follow the account, None when the network does not tell now."""

    def refresh(self, account: Login) -> Connected:
        """Get fresh credentials. Raises TryLater or Reconnect, Unclear when the old ones may be used up."""

    def is_stale(self, account: Login) -> bool:
        """Say whether the credentials need a refresh before they are used."""

    def disconnect(self, account: Login, app: App | None) -> None:
        """End the connection on the network's side, where it lets us."""


@runtime_checkable
class ConnectsByOAuth(Protocol):
    """A network that is connected by its own consent page (authorization code with PKCE)."""

    def server(self, typed: str) -> str:
        """Give the base URL of the server that the member typed; empty when it cannot be one."""

    def register(self, instance: str, redirect_uri: str, *, name: str, website: str) -> App:
        """Register our app on an instance."""

    def consent_url(self, app: App, *, state: str, challenge: str) -> str:
        """Give the address of the consent page; `challenge` is S256."""

    def connect(self, app: App, *, code: str, verifier: str) -> Connected:
        """Trade the code for a token and ask who it is."""


@runtime_checkable
class ConnectsByPassword(Protocol):
    """A network that is connected with a password made for apps."""

    def connect_with_password(self, *, instance: str, handle: str, password: str, seconds: float) -> Connected:
        """Open a session; the password is not kept. `instance` may be empty: the handle tells the server."""

"""Answers a tracked link: parse, look up, write the click down, encode. Both fronts ask this one core; no Django here."""

import time
from collections.abc import Callable
from functools import lru_cache
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from vocero.lib.ids import LINK_TOKEN_LENGTH, is_link_token
from vocero.tracking import agents, segment
from vocero.tracking.click_token import write_token
from vocero.tracking.links.database import Card, DatabaseAway
from vocero.tracking.links.floods import Floods, place_of
from vocero.tracking.links.keeper import Keeper
from vocero.tracking.links.pages import HEADERS, card_page, language_of, notice_page
from vocero.tracking.links.settings import LinksSettings
from vocero.tracking.links.table import LIVE, Known
from vocero.tracking.places import Places
from vocero.tracking.segment import ClickIds
from vocero.tracking.visitors import client_address, key_with, network_part

LOST_HEADER: Final = ("x-vocero-click", "lost")
PREFIX: Final = "/l/"
MOST_GUESSES: Final = 60
_NO_STORE: Final = ("cache-control", "no-store")
_STATUS: Final = {"unknown": 404, "withdrawn": 410, "expired": 410, "rerouted": 410, "away": 503, "busy": 429}
_CARD_SECONDS: Final = 60.0
_ADDRESSES: Final = 8192

UNKNOWN: Final = Known(0, "unknown", None)
AWAY: Final = Known(0, "away", None)
BUSY: Final = Known(0, "busy", None)

type Header = Callable[[str], str | None]


class _CardUnknown(Exception):
    """What a preview shows is not known here."""


class Answer(NamedTuple):
    """What to tell a visitor; with a record that must be safe before it is told."""

    status: int
    headers: list[tuple[str, str]]
    body: str = ""
    record: bytes | None = None


class Core:
    """One process's links. `keeper` holds what is known of the database and keeps it fresh."""

    def __init__(self, settings: LinksSettings, keeper: Keeper) -> None:
        self._settings = settings
        self._keeper = keeper
        self._find = keeper.table.find
        self._places = Places(settings.places)
        self._ids = ClickIds()
        self._cards: dict[int, tuple[float, Card | None]] = {}
        self._guesses: dict[bytes, int] = {}
        self._guesses_until = 0.0
        self._floods = Floods(settings.most_from_address)
        self._addresses: dict[str, tuple[bytes, int, bytes, int]] = {}

    def known(self, path: str) -> Known | str:
        """Give the link of a path (`/l/<token>`, or `/<token>` on a host of its own), or the token that must be asked for."""
        token = path.removeprefix(PREFIX) if path.startswith(PREFIX) else path[1:]
        known = self._find(token)
        if known is not None:
            return known
        if len(token) != LINK_TOKEN_LENGTH or not is_link_token(token) or self._keeper.table.is_absent(token):
            return UNKNOWN
        return token

    def ask(self, token: str, address: str) -> Known:
        """Ask the database for a link that is not known here; blocks. The database away gives a link that says so."""
        if self._guessed(address) >= MOST_GUESSES:
            return BUSY
        try:
            known = self._keeper.look_up(token)
        except DatabaseAway:
            return AWAY
        if known is None:
            self._guesses[network_part(address)] = self._guessed(address) + 1
            return UNKNOWN
        return known

    def address(self, peer: str, header: Header) -> str:
        """Give the visitor's address, behind our own proxies if there are any."""
        proxies = self._settings.trusted_proxies
        return client_address(peer, header("x-forwarded-for"), proxies) if proxies else peer

    def answer_at_once(self, known: Known, method: str, address: str, header: Header) -> Answer | None:
        """Give the answer, or None when the database must be asked for what a preview shows: then `answer` does."""
        try:
            return self.answer(known, method, address, header, may_block=False)
        except _CardUnknown:
            return None

    def answer(self, known: Known, method: str, address: str, header: Header, *, may_block: bool = True) -> Answer:
        """Give the answer for a link; it may be told once its record is safe."""
        if method not in {"GET", "HEAD"}:
            return Answer(405, [("allow", "GET, HEAD"), _NO_STORE])
        link_id, state, target = known
        if state != LIVE or target is None:
            return self._notice(known, header)
        agent = header("user-agent") or ""
        at_us = time.time_ns() // 1000
        click_id = self._ids.next(at_us)
        flags = segment.HEAD_METHOD if method == "HEAD" else 0
        card = None
        if not flags and agents.is_previewer(agent):
            card = self._card(target.post_id, may_block=may_block)
        if card is not None:
            flags |= segment.PREVIEW_SERVED
        if _is_prefetch(header):
            flags |= segment.PREFETCH
        referrer = header("referer")
        agent_bytes = agent.encode("utf-8", "replace")
        day, salt = self._keeper.days.of(at_us)
        part, place, country, network_class = self._addresses.get(address) or self._read_address(address)
        if not flags and self._floods.is_one_more(link_id, part, place, day):
            flags = segment.FLOOD
        record = segment.pack(
            click_id,
            at_us,
            link_id,
            day,
            key_with(salt, part, agent_bytes),
            flags,
            country,
            network_class,
            agent_bytes,
            _origin(referrer) if referrer else b"",
        )
        surroundings = self._keeper.surroundings
        if card is not None:
            page = card_page(card, target=target.location(), files_url=self._files_url, language=surroundings.language)
            return Answer(200, [*HEADERS], page, record)
        word = ""
        if surroundings.connected_hosts and target.host.removeprefix("www.") in surroundings.connected_hosts:
            word = write_token(click_id, self._settings.click_key)
        return Answer(302, [("location", target.location(word)), _NO_STORE], "", record)

    def _read_address(self, address: str) -> tuple[bytes, int, bytes, int]:
        """Give an address's network part, where its counters lie, its country and its class of network; kept for a while."""
        if len(self._addresses) >= _ADDRESSES:
            self._addresses.clear()
        part = network_part(address)
        found = self._addresses[address] = part, place_of(part), *self._places.find(address)
        return found

    def _notice(self, known: Known, header: Header) -> Answer:
        surroundings = self._keeper.surroundings
        state = known.state if known.state in _STATUS else "unknown"
        language = language_of(header("accept-language") or "", surroundings.language)
        target = known.target.location() if known.target is not None and state == "rerouted" else ""
        headers = [*HEADERS, ("retry-after", "60")] if state in {"away", "busy"} else [*HEADERS]
        return Answer(_STATUS[state], headers, notice_page(state, language, surroundings.name, target))

    def _card(self, post_id: int, *, may_block: bool) -> Card | None:
        now = time.monotonic()
        read_at, card = self._cards.get(post_id, (-_CARD_SECONDS, None))
        if now - read_at < _CARD_SECONDS:
            return card
        if not may_block:
            raise _CardUnknown
        try:
            card = self._keeper.card(post_id)
        except DatabaseAway:
            return card
        if len(self._cards) > 5000:
            self._cards.clear()
        self._cards[post_id] = (now, card)
        return card

    @property
    def _files_url(self) -> str:
        return f"{self._keeper.surroundings.base_url or self._settings.base_url}/files/"

    def _guessed(self, address: str) -> int:
        now = time.monotonic()
        if now >= self._guesses_until:
            self._guesses = {}
            self._guesses_until = now + 60
        return self._guesses.get(network_part(address), 0)


def _is_prefetch(header: Header) -> bool:
    """Say whether the browser asks only in case somebody clicks later."""
    purpose = header("sec-purpose") or header("purpose") or header("x-moz") or header("x-purpose")
    return purpose is not None and ("prefetch" in purpose.lower() or "preview" in purpose.lower())


@lru_cache(maxsize=4096)
def _origin(referrer: str) -> bytes:
    """Give the origin of the page that the visitor came from; path and query, which may name a person, are dropped."""
    try:
        parts = urlsplit(referrer)
    except ValueError:
        return b""
    if parts.scheme not in {"http", "https", "android-app", "ios-app"} or not parts.hostname:
        return b""
    return f"{parts.scheme}://{parts.hostname}".encode("ascii", "ignore")

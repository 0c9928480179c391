"""Under which keys a link's clicks count: everything comes from what was frozen on its share, so it never changes."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

from django.db import connection

from vocero.sharing.models import Share
from vocero.tracking.columns import ShortWord
from vocero.tracking.models import DIMENSIONS, NETWORK_LETTERS, ClickStat

type Cut = tuple[int, int, str, str]  # program, dimension's number, key, network's letter

NETWORK: Final = ShortWord(max_length=21, letters=NETWORK_LETTERS)
EVERY: Final = NETWORK.shorten(ClickStat.EVERY_NETWORK)
_NUMBER: Final = {name: number for number, name in enumerate(DIMENSIONS)}
POST: Final = _NUMBER["post"]
_MOST_KEPT: Final = 300_000
_CHUNK: Final = 500

_ASKED: Final = """
    SELECT l.id, l.share_id, s.member_id, COALESCE(s.program_id, p.program_id), COALESCE(s.network, ''),
        COALESCE(s.post_id, l.post_id), COALESCE(s.campaign_id, p.campaign_id), COALESCE(s.origin, ''),
        COALESCE(s.kind, ''), COALESCE(CAST(s.topics AS text), '[]'), COALESCE(CAST(s.purposes AS text), '[]'),
        COALESCE(CAST(s.team_path AS text), '[]'), COALESCE(s.location, ''), COALESCE(s.language, ''), s.state
    FROM sharing_link l LEFT JOIN sharing_share s ON s.id = l.share_id
        LEFT JOIN content_post p ON s.id IS NULL AND p.id = l.post_id
    WHERE l.id"""


class Group:
    """Cuts that many links have in common, on one network; `ids` are their numbers, the places in `Places.cuts`.

    `bits` are those of a `Place`.
    """

    __slots__ = ("bits", "ids", "network", "program")

    def __init__(self, program: int, network: str, ids: tuple[int, ...], bits: int) -> None:
        self.program = program
        self.network = network
        self.ids = ids
        self.bits = bits


class Place(NamedTuple):
    """Where a link's clicks count. Without a share it has neither share nor member.

    `about` and `of` have bits for each key of its content (but its post) and of its people, one on its network and one
    through all of them, as `Places.about` and `Places.of_people` number them: what two places have in common is their AND.
    `post` and `post_on` are the numbers of the cut of its post through all networks, and on its own.
    """

    share_id: int | None
    member_id: int | None
    program: int
    network: str
    content: Group
    people: Group
    post: int
    post_on: int
    about: int
    of: int


class Places:
    """Gives the places of links, and keeps those it was asked for lately."""

    def __init__(self) -> None:
        self._kept: dict[int, Place] = {}
        self._groups: dict[tuple[Any, ...], Group] = {}
        self._ids: dict[Cut, int] = {}
        self._known: dict[tuple[int, str, str, str], tuple[int, int]] = {}
        self.out: set[int] = set()
        """The shares, of links that are kept, that sharing said were out."""
        self.cuts: list[Cut] = []
        self.about: dict[Cut, int] = {}
        self.of_people: dict[Cut, int] = {}
        """By cut, the number of its bit; posts have none, there are too many of them."""

    def of(self, link_ids: Iterable[int]) -> Mapping[int, Place]:
        """Give the place of each link; a link that does not exist (any more) is left out."""
        wanted = set(link_ids)
        kept = self._kept
        missing = sorted([link for link in wanted if link not in kept])  # a difference would go through all kept ones
        if len(self._kept) + len(missing) > _MOST_KEPT:
            self._kept, self.out = {}, set()
            missing = sorted(wanted)
        for row in _ask(missing):
            self._kept[row[0]] = self._place(row)
        return self._kept

    def _place(self, row: Sequence[Any]) -> Place:
        (
            _,
            share,
            member,
            program,
            network,
            post,
            campaign,
            origin,
            kind,
            topics,
            purposes,
            teams,
            location,
            language,
            state,
        ) = row
        if state == Share.State.SENT:
            self.out.add(share)
        about = (program, network, post, campaign, origin, kind, topics, purposes)
        of = (program, network, teams, location, language)
        content = self._groups.get(about) or self._group(about, _content(about), self.about)
        people = self._groups.get(of) or self._group(of, _people(*of[2:]), self.of_people)
        letter = content.network
        named = (program, POST, str(post))
        posts = self._id((*named, EVERY)), self._id((*named, letter))
        return Place(share, member, program, letter, content, people, *posts, content.bits, people.bits)

    def _group(self, what: tuple[Any, ...], keys: Iterable[tuple[str, str]], numbers: dict[Cut, int]) -> Group:
        program, network = what[:2]
        letter = NETWORK.shorten(network)
        known = self._known
        ids, bits = [], 0
        for dimension, key in keys:
            cut = program, dimension, key, letter
            number, bit = known.get(cut) or self._learn(cut, numbers)
            ids.append(number)
            bits |= bit
        made = self._groups[what] = Group(program, letter, tuple(ids), bits)
        return made

    def _learn(self, named: tuple[int, str, str, str], numbers: dict[Cut, int]) -> tuple[int, int]:
        """Number a cut that was not seen before; gives its number, and its bits on its network and through all of them."""
        program, dimension, key, letter = named
        short = program, _NUMBER[dimension], key
        number = self._id((*short, letter))
        bits = 0
        for on in (letter, EVERY) if short[1] != POST else ():
            bits |= 1 << numbers.setdefault((*short, on), len(numbers))
        made = self._known[named] = number, bits
        return made

    def _id(self, cut: Cut) -> int:
        number = self._ids.setdefault(cut, len(self.cuts))
        if number == len(self.cuts):
            self.cuts.append(cut)
        return number


@lru_cache(maxsize=20_000)
def _words(listed: str) -> tuple[str, ...]:
    """Give the words or numbers of a list in JSON as text, each once."""
    return tuple(str(word) for word in dict.fromkeys(json.loads(listed)))


def _content(about: tuple[Any, ...]) -> Iterator[tuple[str, str]]:
    _program, _network, post, campaign, origin, kind, topics, purposes = about
    yield "all", ""
    yield "post", str(post)
    if campaign:
        yield "campaign", str(campaign)
    if origin:
        yield "origin", origin
    if kind:
        yield "kind", kind
    for dimension, keys in (("topic", topics), ("purpose", purposes)):
        for key in _words(keys):
            yield dimension, key


def _people(teams: str, location: str, language: str) -> Iterator[tuple[str, str]]:
    for team in _words(teams):
        yield "team", team
    if location:
        yield "location", location
    if language:
        yield "language", language


def _ask(link_ids: Sequence[int]) -> Iterator[Sequence[Any]]:
    connection.ensure_connection()
    for begin in range(0, len(link_ids), _CHUNK):
        part = link_ids[begin : begin + _CHUNK]
        with connection.wrap_database_errors:
            if connection.vendor == "postgresql":
                yield from connection.connection.execute(f"{_ASKED} = ANY(%s)", [list(part)]).fetchall()
            else:
                yield from connection.connection.execute(f"{_ASKED} IN ({', '.join('?' * len(part))})", part).fetchall()

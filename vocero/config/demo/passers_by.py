"""The people and robots who come by the demo's links: written into real segments, taken in by the real ingest."""

import heapq
import random
from collections import deque
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final

from vocero.company.models import ApiKey, Program
from vocero.company.queries import company_day, house
from vocero.config.demo import story
from vocero.lib.money import Money
from vocero.sharing.models import Link, Share
from vocero.tracking import tasks as salts
from vocero.tracking.conversions import Reported, record_conversion
from vocero.tracking.ingest import Ingest
from vocero.tracking.models import DailySalt
from vocero.tracking.segment import (
    HEAD_METHOD,
    NETWORK_ACCESS,
    NETWORK_HOSTING,
    PREFETCH,
    ClickIds,
    ClickRecord,
    SegmentWriter,
    day_number,
    encode,
)
from vocero.tracking.visitors import visitor_key

NODE: Final = "demo"
_CONVERTS: Final = 0.022
_AGAIN: Final = 0.09
"""How many open a link that they opened before: on the same day they are not unique again."""

_FOLLOWS_SEVERAL: Final = 0.3
"""How many follow several colleagues and come through another one's link too: they are one daily visitor."""

_REMEMBERED: Final = 40
_KINDS: Final = (("lead", 0), ("lead", 0), ("application", 0), ("sign_up", 0), ("purchase", 1))
_COUNTRIES: Final = ("ES", "ES", "IT", "IT", "PL", "PL", "IE", "DE", "FR")


class PassersBy:
    """Everybody who will click, in the order of their moments; `folder` is where segments go."""

    def __init__(self, folder: Path, *, draw: random.Random) -> None:
        self._folder = folder
        self._draw = draw
        self._ingest = Ingest(folder)
        self._ids = ClickIds(tag=7)
        self._coming: list[tuple[datetime, int, int, str, bool]] = []
        self._number = 0
        self._returning: list[tuple[datetime, int, str, int]] = []
        self._key: ApiKey | None = None
        self._salts: dict[date, bytes] = {}
        self._last_of: dict[int, tuple[str, str]] = {}
        self._readers_on: dict[str, deque[tuple[str, str]]] = {}

    def prepare(self, day_on: date, *, at: datetime) -> None:
        """Make the salts of the days to come and close those that are over."""
        salts.make_salts(at)
        salts.close_days(at)
        self._house = house()

    def expect(self, share: Share, *, at: datetime, drawn: float) -> None:
        """Let the network of a share's author find its link, now and in the days after."""
        link = Link.objects.get(share=share)
        clicks = story.clicks_of_share(self._draw, network=share.network, drawn=drawn, personalized=share.personalized)
        for after in clicks:
            self._come(at + after, link.pk, share.network, robot=False)
        for after in story.robots_of_share(self._draw):
            self._come(at + after, link.pk, share.network, robot=True)

    def _come(self, at: datetime, link_id: int, network: str, *, robot: bool) -> None:
        self._number += 1
        heapq.heappush(self._coming, (at, self._number, link_id, network, robot))

    def pass_by(self, day_on: date, *, until: datetime) -> None:
        """Write everybody who comes by until a moment into a segment, and take it in."""
        records = [self._record(*one) for one in self._due(until)]
        if not records:
            return
        writer = SegmentWriter.create(self._folder, node=NODE, at_us=records[0].at_us)
        for record in records:
            writer.append(encode(record))
        writer.sync()
        writer.close()
        self._ingest.drain(at=until)

    def _due(self, until: datetime) -> Iterator[tuple[datetime, int, str, bool]]:
        while self._coming and self._coming[0][0] <= until:
            at, _number, link_id, network, robot = heapq.heappop(self._coming)
            yield at, link_id, network, robot

    def _who(self, link_id: int, network: str) -> tuple[str, str]:
        """Give the address and agent of who comes now: somebody new, or a reader who was here before."""
        readers = self._readers_on.setdefault(network, deque(maxlen=_REMEMBERED))
        chance = self._draw.random()
        if chance < _AGAIN and link_id in self._last_of:
            return self._last_of[link_id]
        if chance < _AGAIN + _FOLLOWS_SEVERAL and readers:
            who = self._draw.choice(readers)
        else:
            who = (self._address(), self._draw.choice(story.AGENTS))
            readers.append(who)
        self._last_of[link_id] = who
        return who

    def _address(self) -> str:
        return f"10.{self._draw.randrange(40)}.{self._draw.randrange(256)}.{self._draw.randrange(1, 255)}"

    def _record(self, at: datetime, link_id: int, network: str, robot: bool) -> ClickRecord:
        day_on = company_day(self._house, at)
        address, agent = (self._address(), self._draw.choice(story.ROBOTS)) if robot else self._who(link_id, network)
        at_us = int(at.timestamp() * 1_000_000)
        flags = 0
        if not robot and self._draw.random() < 0.02:
            flags = self._draw.choice((HEAD_METHOD, PREFETCH))
        record = ClickRecord(
            click_id=self._ids.next(at_us),
            at_us=at_us,
            link_id=link_id,
            day=day_number(day_on),
            visitor=visitor_key(self._salt_of(day_on), address, agent),
            flags=flags,
            country=self._draw.choice(_COUNTRIES).encode(),
            network_class=NETWORK_HOSTING if robot else NETWORK_ACCESS,
            agent=agent.encode(),
            referrer=story.REFERRERS.get(network, "").encode(),
        )
        if not robot and not flags and self._draw.random() < _CONVERTS:
            kind, paid = self._draw.choice(_KINDS)
            value = self._draw.choice((34900, 51900, 8900)) if paid else 0
            self._returning.append((at + timedelta(hours=self._draw.uniform(0.1, 60)), record.click_id, kind, value))
        return record

    def conversions(self, until: datetime) -> Iterator[tuple[int, str, int, datetime]]:
        """Give the conversions that come back until a moment: click, kind, value in cents, moment."""
        self._returning.sort()
        while self._returning and self._returning[0][0] <= until:
            at, click_id, kind, value = self._returning.pop(0)
            yield click_id, kind, value, at

    def report(self, program: Program, *, click_id: int, kind: str, value: int, at: datetime) -> None:
        """Report one conversion, as the company's shop would."""
        self._number += 1
        reported = Reported(
            external_id=f"order-{self._number}",
            kind=kind,
            money=Money(value, "EUR") if value else None,
            at=at,
            click_id=click_id,
        )
        key = self._api_key(program, at)
        record_conversion(key, reported, at=at)
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=at)

    def _salt_of(self, day_on: date) -> bytes:
        if day_on not in self._salts:
            self._salts = {row.day_on: bytes(row.salt) for row in DailySalt.objects.all()}
        return self._salts[day_on]

    def _api_key(self, program: Program, at: datetime) -> ApiKey:
        if self._key is None:
            self._key = ApiKey.objects.create(
                program=program, name="Web shop", kind=ApiKey.Kind.SECRET, prefix="demo", secret_hash="demo" * 16,
                scopes=["conversions:write"], created_at=at,
            )  # fmt: skip
        return self._key

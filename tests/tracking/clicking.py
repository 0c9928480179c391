"""What the tests of tracking begin with: a share with its link, browsers and robots, and a way to click."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection

from tests.cast import MOMENT, House
from tests.sharing.library import make_post
from vocero.content.models import Post
from vocero.people.models import Member
from vocero.sharing.models import Link, Share
from vocero.sharing.services import share_post
from vocero.tracking.click_token import click_key
from vocero.tracking.ingest import Ingest
from vocero.tracking.links.core import Answer, Core
from vocero.tracking.links.keeper import Keeper
from vocero.tracking.links.settings import LinksSettings
from vocero.tracking.segment import ClickIds, ClickRecord, SegmentWriter, day_number, encode

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/130.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1"
)
LINKEDIN = "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)"
CURL = "curl/8.10.1"


def hand_off(member: Member, house: House, *, network: str = "linkedin", post: Post | None = None) -> Share:
    """Let a member begin to share a post by hand; the share is `started` and has its link."""
    return share_post(member, post or make_post(house), network=network, text="Look at this", at=MOMENT)


def link_settings(folder: Path, **more: Any) -> LinksSettings:
    """Settings of links that read the tests' own database."""
    database = settings.DATABASES["default"]
    known: dict[str, Any] = {
        "segments": folder / "segments",
        "known": folder / "links",
        "node": "n1",
        "base_url": "http://testserver",
        "click_key": click_key(settings.SECRET_KEY),
    }
    if connection.vendor == "sqlite":
        known["sqlite"] = Path(str(database["NAME"]))
    else:
        known["postgresql"] = {
            "dbname": database["NAME"],
            "user": database["USER"],
            "password": database["PASSWORD"],
            "host": database["HOST"],
            "port": database["PORT"],
        } | dict(database["OPTIONS"])
    return LinksSettings(**(known | more))


@dataclass
class Visits:
    """Writes clicks into a segment of a folder as the links do, at any moment, and lets the ingest take them."""

    folder: Path
    ids: ClickIds = field(default_factory=lambda: ClickIds(1))

    def click(self, link: Link, *visitors: int, at: datetime = MOMENT, **more: Any) -> list[int]:
        """Let visitors (numbers) click one after the other, each a second later; gives the clicks' ids."""
        writer = SegmentWriter.create(self.folder, node="n1", at_us=_us(at))
        made = []
        for number, visitor in enumerate(visitors):
            at_us = _us(at) + number * 1_000_000
            values: dict[str, Any] = {
                "click_id": self.ids.next(at_us),
                "at_us": at_us,
                "link_id": link.pk,
                "day": day_number(at.astimezone(UTC).date()),
                "visitor": visitor.to_bytes(16, "big"),
                "flags": 0,
                "country": b"ES",
                "network_class": 0,
                "agent": CHROME.encode(),
                "referrer": b"https://www.linkedin.com",
            } | more
            writer.append(encode(ClickRecord(**values)))
            made.append(values["click_id"])
        writer.close()
        return made

    def take_in(self, *, at: datetime = MOMENT) -> int:
        """Run the ingest over everything there is, with a process's fresh memory."""
        ingest = Ingest(self.folder)
        taken = ingest.drain(at=at)
        ingest.count_visitors()
        return taken


@dataclass
class Door:
    """A core with its keeper: answers requests without a server."""

    core: Core
    keeper: Keeper
    is_open: bool = True

    @classmethod
    def open(cls, folder: Path, **more: Any) -> "Door":
        """Start a core as a process does."""
        told = link_settings(folder, **more)
        keeper = Keeper(told)
        keeper.start()
        return cls(Core(told, keeper), keeper)

    def close(self) -> None:
        """End as a process does."""
        if self.is_open:
            self.keeper.close()
        self.is_open = False

    def ask(self, path: str, *, method: str = "GET", peer: str = "203.0.113.7", **headers: str) -> Answer:
        """Ask for a path; headers by name, an underscore stands for a dash."""
        given: Mapping[str, str] = {"user-agent": CHROME} | {
            name.replace("_", "-"): value for name, value in headers.items()
        }
        address = self.core.address(peer, given.get)
        known = self.core.known(path)
        if isinstance(known, str):
            known = self.core.ask(known, address)
        return self.core.answer(known, method, address, given.get)


def _us(at: datetime) -> int:
    return int(at.timestamp() * 1_000_000)

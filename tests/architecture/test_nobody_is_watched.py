"""Nobody is watched: what named people did for themselves is in no page, export, answer, mail or log of the program team.

Ten colleagues who are alike in everything a list knows get ten fates. The company is lived through twice, the second
time with the fates dealt to other people, and everything that the owner and a manager can open, download, receive or
read in the log must be the same to the letter.
"""

import logging
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from html.parser import HTMLParser
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from django.core import mail as django_mail
from django.core.cache import cache
from django.db import transaction
from django.test import Client

from tests import cast
from tests.measurement import facts
from tests.sharing.library import make_account, make_post
from vocero.config import schedule
from vocero.lib import clock, ids
from vocero.measurement import tasks as measurement
from vocero.networks.models import Audience
from vocero.people import invitations
from vocero.people import services as people_services
from vocero.people.models import Member, Team
from vocero.policy import services as policy
from vocero.privacy import services as privacy
from vocero.sharing.models import Draft, Share

NOW = cast.MOMENT + timedelta(days=40)
FATES = (
    "shares", "shares a lot", "joined", "declined", "paused", "left", "connected", "stopped", "planned", "silent",
)  # fmt: skip
NAMES = ("Abel", "Berta", "Carla", "Dario", "Elena", "Fabio", "Greta", "Henri", "Irene", "Jonas")
MOST_PAGES = 500
PERIODS_OF_A_PAGE = 2
PERIOD = re.compile(r"(?<=period=)[\w-]+|(?<=/month/)[\d-]+")
RANDOM = (
    (re.compile(r"[A-Za-z0-9]{64}"), "CSRF"),
    (re.compile(r"/welcome/[\w-]{20,}"), "/welcome/TOKEN"),
    (re.compile(r"/sign-in/link/[\w-]+"), "/sign-in/link/TOKEN"),
    (re.compile(r'<figure class="qr">.*?</svg>', re.DOTALL), "QR"),
)


@dataclass
class Seen:
    """Everything that the program team can see of one world."""

    pages: dict[str, str] = field(default_factory=dict)
    mails: list[str] = field(default_factory=list)
    log: list[str] = field(default_factory=list)
    shares: list[str] = field(default_factory=list)


class Undo(Exception):
    """Takes a world back."""


def live(order: tuple[int, ...], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> Seen:
    """Let the company live with the fates dealt in this order, look at everything, and take it back."""
    numbers = count(1)
    monkeypatch.setattr(ids, "random_base62", lambda length: f"{next(numbers):0{length}}")
    cache.clear()
    caplog.clear()
    django_mail.outbox = []
    seen = Seen()
    try:
        with transaction.atomic():
            _live(order, caplog, seen)
            raise Undo
    except Undo:
        return seen


def _live(order: tuple[int, ...], caplog: pytest.LogCaptureFixture, seen: Seen) -> None:
    house = cast.make_house()
    olga = cast.make_member("Olga Nowak", role=Member.Role.OWNER)
    marta = cast.make_member("Marta Ferrari", role=Member.Role.MANAGER)
    team = Team.objects.create(name="Workshop", parent=house.sales)
    ten = [cast.make_member(f"{name} Workshop", team=team) for name in NAMES]
    with clock.moved_clock(NOW), caplog.at_level(logging.INFO):
        _deal(house, {fate: ten[place] for fate, place in zip(FATES, order, strict=True)}, ten)
        schedule.run_all_due(NOW)
        measurement.roll_up_all(NOW)
        _press(olga, seen, ten)
        schedule.run_all_due(NOW + timedelta(minutes=1))
        for who in (olga, marta):
            _crawl(_client(who), seen, f"{who.role} ")
    seen.log = sorted({record.getMessage() for record in caplog.records})
    seen.shares = list(Share.objects.values_list("public_id", flat=True))
    seen.mails = [
        f"{one.subject}\n{one.body}"
        for one in django_mail.outbox
        if set(one.to) & {f"{who.name} <{who.email}>" for who in (olga, marta)}
    ]


def _client(who: Member) -> Client:
    client = Client()
    client.force_login(who, backend="vocero.web.public.reading.MemberBackend")
    return client


def _deal(house: cast.House, fates: dict[str, Member], ten: list[Member]) -> None:
    """Everybody is invited; then each does what fate has in store, always at the same moments."""
    program, text = house.program, house.consent_text
    policy.install_starters(at=cast.MOMENT)
    invitations.invite(ten, program=program, actor="", at=NOW - timedelta(days=30))
    schedule.run_all_due(NOW - timedelta(days=30))
    posts = [
        make_post(house, title=f"Post {number}", at=NOW - timedelta(days=29), url=f"https://aurora.example/{number}")
        for number in range(4)
    ]
    for fate, member in fates.items():
        if fate == "declined":
            people_services.decline(member, program, text=text, language="en", at=NOW - timedelta(days=25))
        elif fate != "silent":
            people_services.join(member, program, text=text, language="en", at=NOW - timedelta(days=25))
    people_services.pause(fates["paused"], program, language="en", at=NOW - timedelta(days=9))
    make_account(fates["connected"], at=NOW - timedelta(days=8))
    make_account(fates["left"], at=NOW - timedelta(days=8))
    Audience.objects.create(
        member=fates["connected"], network="mastodon", low=100, high=300, origin="entered", updated_at=NOW
    )
    Draft.objects.create(
        member=fates["stopped"], post=posts[0], network="linkedin", text="canarydraft secret", updated_at=NOW
    )
    share_on(fates["shares"], house, posts[1], 12, visitors=[1, 2, 3])
    for number in range(4):
        share_on(fates["shares a lot"], house, posts[number], 10 + number, visitors=[10 + number])
    _plan(fates["planned"], posts[2])
    _plan(fates["left"], posts[3])
    privacy.leave(fates["left"], program, language="en", at=NOW - timedelta(days=2))
    for name in ("Kim", "Lea", "Max"):
        other = cast.make_member(f"{name} Sales", team=house.sales)
        people_services.join(other, program, text=text, language="en", at=NOW - timedelta(days=25))
        share_on(other, house, posts[0], 13, visitors=[77])
    facts.count_visitors()


def share_on(member: Member, house: cast.House, post: Any, ago: int, *, visitors: list[int]) -> None:
    """Let somebody share a post so many days ago, be clicked and bring a customer."""
    day: date = (NOW - timedelta(days=ago)).date()
    share = facts.share_on(member, post, day)
    facts.click_on(share, day, visitors)
    facts.convert_on(house, day, share)


def _plan(member: Member, post: Any) -> None:
    facts.share_on(
        member, post, NOW.date(), state=Share.State.PLANNED, channel=Share.Channel.API, network="mastodon",
        due_at=NOW + timedelta(days=3), out_at=None, day_on=None, certainty="",
    )  # fmt: skip


def _press(who: Member, seen: Seen, ten: list[Member]) -> None:
    """Press every button that concerns people."""
    client, chosen = _client(who), [one.public_id for one in ten]
    presses: list[tuple[str, dict[str, Any]]] = [
        ("people/invite", {"id": chosen}),
        ("people/remind", {}),
        ("people/codes", {"id": chosen}),
        *((f"people/person/{one}/link", {}) for one in chosen),
        (f"people/person/{chosen[0]}/active", {"active": "no"}),
        (f"people/person/{chosen[0]}/active", {"active": "yes"}),
    ]
    for number, (place, data) in enumerate(presses):
        answer = client.post(f"/manage/{place}", data, follow=True)
        assert answer.status_code == 200, place
        seen.pages[f"pressed {number} {place}"] = _plain(answer)


def _crawl(client: Client, seen: Seen, prefix: str) -> None:
    waiting, known, periods = ["/", "/manage/people/?page=1", "/privacy"], set[str](), Counter[str]()
    while waiting and len(known) < MOST_PAGES:
        path = waiting.pop(0)
        page = PERIOD.sub("…", path)
        if path in known or (page != path and periods[page] == PERIODS_OF_A_PAGE):
            continue
        known.add(path)
        periods[page] += 1
        answer = client.get(path)
        assert answer.status_code in {200, 302, 404, 405}, path
        seen.pages[prefix + path] = _plain(answer)
        if answer.status_code == 302:
            waiting.append(urljoin(path, answer.headers["Location"]))
        elif "html" in answer.headers.get("Content-Type", ""):
            waiting += [link for link in _links(answer.content.decode(), path) if link not in known]
    assert not waiting, "there are more pages than the crawl goes through"


class _Hrefs(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = dict(attrs)
        if tag == "a" and told.get("href"):
            self.found.append(str(told["href"]))
        self.found += [str(told[name]) for name in ("hx-get", "data-src") if told.get(name)]


def _links(markup: str, path: str) -> Iterator[str]:
    parser = _Hrefs()
    parser.feed(markup)
    for href in parser.found:
        parts = urlsplit(urljoin(f"http://testserver{path}", href))
        leaves = parts.netloc != "testserver" or parts.path.startswith(
            ("/static/", "/look/", "/l/", "/welcome/", "/f/")
        )
        if not leaves and parts.scheme == "http" and not _same_rows(parts.path, parts.query):
            yield parts.path + (f"?{parts.query}" if parts.query else "")


def _same_rows(path: str, query: str) -> bool:
    """Whether an address shows what another one shows: in another order, or a week opened up as months are."""
    asked = parse_qs(query)
    is_week = "-W" in asked.get("period", [""])[0]
    is_opened = asked.get("by", ["network"]) != ["network"] or path.count("/") > 3
    return "order" in asked or (is_week and is_opened)


def _plain(answer: Any) -> str:
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    if body.startswith(b"PK\x03\x04"):
        return f"workbook of {len(body)} bytes"
    text = body.decode(errors="replace") + answer.headers.get("Location", "")
    for pattern, stand_in in RANDOM:
        text = pattern.sub(stand_in, text)
    return text


@pytest.fixture
def worlds(db: None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> tuple[Seen, Seen]:
    """The same company twice, the second time with every fate dealt to somebody else."""
    return live(tuple(range(10)), caplog, monkeypatch), live((3, 0, 9, 2, 7, 8, 1, 4, 5, 6), caplog, monkeypatch)


@pytest.mark.slow
def test_everything_that_owner_and_manager_see_is_the_same_whoever_did_what(worlds: tuple[Seen, Seen]) -> None:
    first, second = worlds
    assert first.pages.keys() == second.pages.keys()
    assert len(first.pages) > 60, "the crawl goes through the pages"
    for told in ("/manage/people/person/", "/manage/library", "/manage/settings/", "pressed 1 people/remind"):
        assert any(told in page for page in first.pages), told
    differing = [
        f"{page}: …{mine[max(0, place - 150) : place + 80]}… and …{other[max(0, place - 150) : place + 80]}…"
        for page, mine in first.pages.items()
        if (other := second.pages[page]) != mine
        for place in [next((n for n, (a, b) in enumerate(zip(mine, other, strict=False)) if a != b), 0)]
    ]
    assert not differing, "\n\n".join(differing)
    assert first.mails == second.mails
    assert first.log == second.log
    # The log says nothing about named people either, and neither drafts nor single shares are anywhere.
    log, pages = "\n".join(first.log), "\n".join(first.pages.values())
    for name in NAMES:
        assert name.casefold() not in log.casefold()
    for secret in ("canarydraft", *first.shares):
        assert secret not in log + pages

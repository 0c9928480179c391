"""The main job, end to end, on a phone, against real servers: a feed's entry becomes clicks, a sale, points and thanks."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.content.real_input import unpacked
from tests.journeys.hand import Finger, Keyboard
from tests.journeys.outside import (
    OTHER_READER,
    READER,
    agrees_with_the_pages,
    count,
    house_totals,
    last_link,
    link_in,
    reactions,
    report_twice,
    visit,
    wait_for_record,
    wait_for_status,
)
from tests.journeys.steps import (
    accept_starters,
    connect_bluesky,
    connect_mastodon,
    connect_shop,
    hand_over,
    invite,
    join,
    offer_from_feed,
    set_up,
    share,
    sign_in,
)
from tests.running import installation
from tests.servers.bluesky import BlueskyServer
from tests.servers.loopback import LoopbackServer, Reply
from tests.servers.mastodon import MastodonServer
from vocero.lib.clock import now

pytestmark = pytest.mark.browser

type OpenPage = Callable[..., Any]


@pytest.fixture
def website() -> Iterator[LoopbackServer]:
    """A website with a real feed whose entries lead to a real page."""
    data = unpacked("reader") / "tests" / "data" / "full.atom"
    page = (unpacked("trafilatura") / "tests" / "resources" / "mozilla.org.firefox.developer.html").read_bytes()

    def answer(request: Any, _line: Any) -> Reply:
        if request.path == "/feed.xml":
            feed = data.read_text().replace("http://example.org", f"http://{request.headers['host']}")
            feed = feed.replace("2003-12-13T", f"{now() - timedelta(days=2):%Y-%m-%d}T")  # old entries are left out
            return Reply(200, feed, {"Content-Type": "application/atom+xml"})
        return Reply(200, page, {"Content-Type": "text/html; charset=utf-8"})

    with LoopbackServer(answer) as server:
        yield server


@pytest.mark.parametrize(("language", "hand"), [("en", Finger), ("pl", Keyboard)], ids=["touch", "polish-keyboard"])
def test_a_feeds_entry_becomes_clicks_a_sale_and_thanks(
    tmp_path: Path,
    open_page: OpenPage,
    website: LoopbackServer,
    mastodon_process: MastodonServer,
    bluesky_process: BlueskyServer,
    language: str,
    hand: type[Finger],
) -> None:
    places = ",".join(urlsplit(url).netloc for url in (website.url, mastodon_process.url, bluesky_process.url))
    with installation(tmp_path / "house", start=False, VOCERO_ALLOW_PRIVATE_HOSTS=places) as house:
        set_up(house, language)
        house.start()
        desk = open_page(language=language)
        sign_in(desk, house)
        accept_starters(desk, house)
        offer_from_feed(desk, house, website, language)
        key = connect_shop(desk, house, website)
        way_in = invite(desk, house, language)

        phone = open_page(phone=True, language=language)
        finger = hand(phone)
        join(phone, finger, way_in)
        person = bluesky_process.person("ana")
        connect_bluesky(phone, finger, house, person, bluesky_process)
        connect_mastodon(phone, finger, house, mastodon_process)
        known = {one["id"] for one in mastodon_process.statuses("ada")}
        for network in ("bluesky", "mastodon"):
            share(phone, finger, house, network)
        hand_over(phone, finger, house, "linkedin")

        record = wait_for_record(bluesky_process, person)
        status = wait_for_status(mastodon_process, known)
        links = {
            "bluesky": link_in(str(record), house),
            "mastodon": link_in(status["content"], house),
            "linkedin": last_link(phone, house),
        }
        assert record["embed"]["$type"] == "app.bsky.embed.external"
        assert {facet["features"][0]["$type"] for facet in record["facets"]} >= {"app.bsky.richtext.facet#tag"}

        words = {network: visit(link) for network, link in links.items()}
        for agent in ("Googlebot/2.1 (+http://www.google.com/bot.html)", "facebookexternalhit/1.1", ""):
            httpx2.get(links["mastodon"], headers={"User-Agent": agent}, timeout=60)
        httpx2.head(links["mastodon"], headers={"User-Agent": READER}, timeout=60)
        visit(links["mastodon"])
        visit(links["mastodon"], OTHER_READER)
        report_twice(house, key, words["bluesky"])
        count(house)

        totals = house_totals(house)
        assert totals == {"shares": 3, "raw": 9, "valid": 5, "unique": 4, "conversions": 1, "value": 4990, "points": 19}
        agrees_with_the_pages(phone, desk, house, totals)

        other = bluesky_process.person("grace")
        bluesky_process.react(other, bluesky_process.posts(person.did)[0]["uri"])
        mastodon_process.react(status["id"])
        assert reactions(house) == {"bluesky": (1, 1, 1), "mastodon": (1, 1, 1)}

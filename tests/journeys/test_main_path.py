"""The main job, end to end, on a phone, against real servers: a feed's entry becomes clicks, a sale, points and thanks."""

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.content.real_input import unpacked
from tests.journeys.hand import Finger, Keyboard
from tests.running import Running, installation, wait_for
from tests.servers.bluesky import BlueskyServer, Person
from tests.servers.loopback import LoopbackServer, Reply
from tests.servers.mastodon import MastodonServer
from vocero.lib.clock import now

pytestmark = pytest.mark.browser

PASSWORD = "correct horse battery staple"
READER = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15"
OTHER_READER = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
CAPTIONS = {
    "en": "Robots that run on a feed. Read how it began. #robots",
    "pl": "Roboty, które żyją z kanału RSS. Zażółć gęślą jaźń. #roboty",
}

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


# the program team


def set_up(house: Running, language: str) -> None:
    """Set the company up by command, as an operator does."""
    answers = {
        "company-name": "Aurora Mills", "owner-name": "Olga Owner", "owner-email": "olga@aurora.example",
        "base-url": house.url, "time-zone": "Europe/Madrid", "language": language, "currency": "EUR",
    }  # fmt: skip
    options = [word for name, value in answers.items() for word in (f"--{name}", value)]
    done = house.run("setup", *options, "--password-stdin", input=PASSWORD + "\n")
    assert done.returncode == 0, done.stderr


def sign_in(page: Any, house: Running) -> None:
    """Sign the owner in with the password."""
    page.goto(house.url + "/sign-in/password")
    page.fill('input[name="email"]', "olga@aurora.example")
    page.fill('input[name="password"]', PASSWORD)
    page.click("main button.primary")
    page.wait_for_url(house.url + "/manage/**")


def accept_starters(page: Any, house: Running) -> None:
    """Say yes to the guideline, the joining text and the disclosure that come with Vocero."""
    page.goto(house.url + "/manage/")
    step = page.locator('li:has(form[action$="/first-day/words"])')
    if not step.locator("button.primary").is_visible():
        step.locator("summary").first.click()
    step.locator("button.primary").click()
    page.locator(".first-day li.done").first.wait_for()


def offer_from_feed(page: Any, house: Running, website: LoopbackServer, language: str) -> None:
    """Bring a feed in and offer its entry, with a caption, to everybody."""
    page.goto(house.url + "/manage/library/sources/add")
    page.fill('input[name="address"]', website.url + "/feed.xml")
    page.click("main form button.primary")
    page.click('button[name="feed_url"]')
    wait_for(lambda: page.goto(house.url + "/manage/inbox/") and page.locator("li.entry").count() > 0, what="an entry")
    page.locator('[data-do="offer"]').first.click()
    page.fill('form.offer-form textarea[name="text"]', CAPTIONS[language])
    page.select_option('form.offer-form select[name="language"]', language)
    for name, value in (("origin", "curated"), ("kind", "industry_insight"), ("purposes", "educate")):
        field = page.locator(f'form.offer-form [name="{name}"]').first
        if field.evaluate("(one) => one.tagName") == "SELECT":
            field.select_option(value)
        else:
            page.locator(f'form.offer-form [name="{name}"][value="{value}"]').check()
    page.locator('form.offer-form [name="would_post_myself"]').first.check()
    page.click("form.offer-form .form-foot button.primary")
    page.locator("li.entry form.offer-form").wait_for(state="detached")


def connect_shop(page: Any, house: Running, website: LoopbackServer) -> str:
    """Make a secret key for the shop's server and give it."""
    page.goto(house.url + "/manage/settings/conversions")
    page.fill('input[name="name"]', "Shop")
    page.fill('input[name="site"]', website.url)
    page.locator('form:has(input[name="site"]) button').first.click()
    page.wait_for_load_state()
    found = re.search(r"vsk_[A-Za-z0-9_-]+", page.content())
    assert found, "the key is shown once"
    return found.group()


def invite(page: Any, house: Running, language: str) -> str:
    """Add Ana and give her personal link: this installation has no mail."""
    page.goto(house.url + "/manage/people/add")
    page.fill('input[name="name"]', "Ana Ruiz")
    page.fill('input[name="email"]', "ana@aurora.example")
    page.select_option('select[name="language"]', language)
    page.click("main form button.primary")
    page.goto(house.url + "/manage/people/")
    page.get_by_role("link", name="Ana Ruiz").first.click()
    page.click('form[action$="/link"] button')
    found = re.search(rf"{re.escape(house.url)}/welcome/[^\"<\s]+", page.content())
    assert found
    return found.group()


# the advocate


def join(page: Any, hand: Finger, way_in: str) -> None:
    """Open the invitation, read, accept, choose a network."""
    page.goto(way_in)
    hand.press("main form button.primary")
    page.wait_for_url("**/join")
    hand.press('button[name="answer"][value="yes"]')
    page.wait_for_url("**/join/guideline")
    hand.press("main form button.primary")
    page.wait_for_url("**/join/topics")
    hand.press("main form button.primary")
    page.wait_for_url("**/join/networks")
    hand.press('input[name="network"][value="linkedin"]')
    hand.press("main form button.primary")
    page.wait_for_url("**/join/done")


def connect_bluesky(page: Any, hand: Finger, house: Running, person: Person, server: BlueskyServer) -> None:
    """Connect the Bluesky account with an app password."""
    page.goto(house.url + "/me/connect/bluesky")
    hand.write('input[name="handle"]', person.handle)
    hand.write('input[name="password"]', person.password)
    hand.press("details.more summary")
    hand.write('input[name="server"]', server.url)
    hand.press(".form-foot button.primary")
    page.wait_for_url(lambda url: "/connect/" not in url)
    assert person.handle in page.content()


def connect_mastodon(page: Any, hand: Finger, house: Running, server: MastodonServer) -> None:
    """Connect the Mastodon account on the server's own consent page."""
    page.goto(house.url + "/me/connect/mastodon")
    hand.write('input[name="server"]', server.url)
    hand.press(".form-foot button.primary")
    page.wait_for_url(f"{server.url}/oauth/authorize?**")
    hand.press('button[name="username"][value="ada"]')
    page.wait_for_url(re.compile(rf"{re.escape(house.url)}/me(\?.*)?$"))
    assert "ada" in page.content()


def compose(page: Any, hand: Finger, house: Running, network: str) -> None:
    """Open the post from Today and choose where it goes."""
    page.goto(house.url + "/today")
    hand.press('#posts a[href^="/share/"].btn')
    page.wait_for_url("**/share/*")
    radio = f'input[type="radio"][data-network="{network}"]'
    more = page.locator("fieldset details.more")
    if not page.locator(radio).first.is_visible() and more.count():
        hand.press("fieldset details.more summary")
    hand.press(radio)
    page.locator(".htmx-request").first.wait_for(state="detached")


def arrives(page: Any, address: str) -> None:
    """Wait for the next page; one that does not come fails with what stands on the page instead."""
    try:
        page.wait_for_url(address)
    except Exception as error:
        raise AssertionError(f"not at {address} but {page.url}:\n{page.locator('main').inner_text()}") from error


def share(page: Any, hand: Finger, house: Running, network: str) -> None:
    """Share as it is, and wait until it is out: ten seconds to undo, then the network's answer."""
    compose(page, hand, house, network)
    hand.press('.compose-foot button[value="share"]')
    arrives(page, "**/shares/**")
    address = page.url.split("?")[0]
    assert page.locator("[data-undo]").count() == 1

    def is_out() -> bool:
        page.goto(address)
        return bool(page.locator(".badge.good, .sent").count())

    wait_for(is_out, what=f"the share to be out on {network}")


def hand_over(page: Any, hand: Finger, house: Running, network: str) -> None:
    """Take the three steps of a handoff and say that it is out."""
    compose(page, hand, house, network)
    hand.press('.compose-foot button[value="share"]')
    arrives(page, "**/finish**")
    assert page.locator("ol.steps > li").count() == 3
    assert page.locator("a[data-handoff]").get_attribute("href").startswith("https://www.linkedin.com/")
    assert page.locator("#handoff-text").is_visible()
    page.context.route("https://www.linkedin.com/**", lambda route: route.fulfill(body="the network's own page"))
    with page.context.expect_page() as opened:
        hand.press("a[data-handoff]")
    opened.value.close()
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    page.locator('button[name="answer"][value="yes"]').first.wait_for(state="visible")
    hand.press('button[name="answer"][value="yes"]')
    arrives(page, "**/shares/*")


# the world outside


def wait_for_record(server: BlueskyServer, person: Person) -> dict[str, Any]:
    wait_for(lambda: server.posts(person.did), what="the post on Bluesky")
    posts = server.posts(person.did)
    assert len(posts) == 1
    return dict(posts[0]["value"])


def wait_for_status(server: MastodonServer, known: set[str]) -> dict[str, Any]:
    new = [one for one in server.statuses("ada") if one["id"] not in known]
    assert len(new) == 1
    return dict(new[0])


def link_in(text: str, house: Running) -> str:
    """The tracked link in what was posted."""
    found = re.search(rf"{re.escape(house.url)}/l/\w{{11}}", text)
    assert found, text
    return found.group()


def last_link(page: Any, house: Running) -> str:
    """The tracked link of the handoff, as the handoff's own page shows it."""
    page.goto(house.url + "/shares")
    page.locator('a[href^="/shares/"]').first.click()
    page.wait_for_url("**/shares/*")
    return link_in(page.content(), house)


def visit(link: str, agent: str = READER) -> str:
    """Follow a tracked link as a reader's browser does; gives the click's word that the address carries."""
    answer = httpx2.get(link, headers={"User-Agent": agent, "Accept": "text/html"}, follow_redirects=False, timeout=60)
    assert answer.status_code == 302
    query = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert query["utm_medium"] == ["employee-advocacy"]
    assert not any(re.search(r"\bana\b", value, re.IGNORECASE) for values in query.values() for value in values)
    return query["vclick"][0]


def report_twice(house: Running, key: str, word: str) -> None:
    """The shop's server reports one sale, and again."""
    sale = {"id": "order-1", "kind": "purchase", "click": word, "value": "49.90", "currency": "EUR"}
    told = [
        httpx2.post(
            f"{house.url}/api/v1/conversions", json=sale, headers={"Authorization": f"Bearer {key}"}, timeout=60
        ).status_code
        for _ in range(2)
    ]
    assert told == [201, 200]


# the figures

_COUNT = """
from datetime import timedelta
from vocero.lib.clock import now
from vocero.tracking.tasks import credit_waiting_conversions
from vocero.measurement.tasks import roll_up_recent
from vocero.recognition.tasks import score_recent
for task in (credit_waiting_conversions, roll_up_recent, score_recent):
    task(now())
"""
_TOTALS = """
import json
from django.db.models import Sum
from vocero.recognition.models import LedgerEntry
from vocero.sharing.models import Share
from vocero.tracking.models import Click, Conversion
valid = Click.objects.filter(verdict__in=["valid", "repeat"])
print(json.dumps({
    "shares": Share.objects.filter(day_on__isnull=False).count(),
    "raw": Click.objects.count(), "valid": valid.count(), "unique": valid.filter(verdict="valid").count(),
    "conversions": Conversion.objects.filter(state="credited").count(),
    "value": Conversion.objects.filter(state="credited").aggregate(all=Sum("company_amount"))["all"],
    "points": LedgerEntry.objects.aggregate(all=Sum("points"))["all"],
}))
"""
_REACTIONS = """
import json
from datetime import timedelta
from vocero.lib.clock import now
from vocero.sharing.models import EngagementReading
from vocero.sharing.tasks import read_engagement
read_engagement(now() + timedelta(days=1, hours=2))
print(json.dumps({one.share.network: (one.reactions, one.comments, one.reshares) for one in
                  EngagementReading.objects.select_related("share").order_by("read_at")}))
"""


def count(house: Running) -> None:
    """Wait until every click is in, then do the counting that the worker does every minute."""
    wait_for(lambda: ask(house, _TOTALS)["raw"] >= 9, what="the clicks to be taken in")
    done = house.run("shell", "--verbosity", "0", "-c", _COUNT)
    assert done.returncode == 0, done.stderr


def ask(house: Running, program: str) -> dict[str, Any]:
    """Run a few lines in the installation and give the JSON that they print last."""
    import json

    done = house.run("shell", "--verbosity", "0", "-c", program)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout.strip().splitlines()[-1]))


def house_totals(house: Running) -> dict[str, Any]:
    """The facts, counted by hand from the rows."""
    return ask(house, _TOTALS)


def reactions(house: Running) -> dict[str, tuple[int, int, int]]:
    """What the networks tell about the shares: reactions, comments, reshares."""
    return {network: tuple(numbers) for network, numbers in ask(house, _REACTIONS).items()}


def agrees_with_the_pages(phone: Any, desk: Any, house: Running, totals: dict[str, Any]) -> None:
    """Results and the advocate's page show the same as the facts, to the unit."""
    phone.goto(house.url + "/shares")
    shown = phone.locator("main").inner_text()
    assert re.search(rf"\b{totals['unique']}\b", shown)
    assert re.search(rf"\b{totals['points']}\b", shown)
    desk.goto(house.url + "/manage/results/")
    text = desk.locator("main").inner_text()
    for name in ("unique", "shares", "conversions"):
        assert re.search(rf"\b{totals[name]}\b", text), f"{name}: {text}"
    assert "49" in text

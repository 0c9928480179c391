"""What the program team and an advocate do on the main path, each step as they do it in a browser."""

import re
from typing import Any

from tests.journeys.hand import Finger
from tests.running import Running, wait_for
from tests.servers.bluesky import BlueskyServer, Person
from tests.servers.loopback import LoopbackServer
from tests.servers.mastodon import MastodonServer

PASSWORD = "correct horse battery staple"
CAPTIONS = {
    "en": "Robots that run on a feed. Read how it began. #robots",
    "pl": "Roboty, które żyją z kanału RSS. Zażółć gęślą jaźń. #roboty",
}


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

"""The content pages in a real browser: by keyboard, in place, with a live preview, and for everybody."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import expect

from tests import cast
from tests.accessibility import sideways_scroll, violations
from tests.content import makers
from tests.standing import wait_on
from vocero.content import services
from vocero.content.models import Post
from vocero.lib import clock

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Page = Any


@pytest.fixture
def entries(people: cast.People) -> list[Post]:
    now = clock.now()
    topic = makers.topic(people.program)
    source = makers.source(
        people.program, name="Textile World", kind="industry_insight", origin="curated", purposes=("educate",),
        topics=(topic,),
    )  # fmt: skip
    names = ["first", "second", "third"]
    found = [makers.entry(name, published_at=now - timedelta(hours=place)) for place, name in enumerate(names)]
    services.ingest_entries(source, makers.feed(*found), at=now)
    return [Post.objects.get(guid=name) for name in names]


def test_the_inbox_is_worked_through_by_keyboard_alone(
    live_server: Any, open_page: Callable[..., Page], sign_in_page: Any, people: cast.People, entries: list[Post]
) -> None:
    page = open_page()
    sign_in_page(page, live_server.url, people.marta)
    page.goto(live_server.url + "/manage/inbox/")
    page.locator("[data-triage][data-ready] > li").first.focus()
    page.keyboard.press("d")
    expect(page.locator("[data-triage] > li")).to_have_count(2)
    expect(page.locator(":focus")).to_contain_text("About second")
    page.keyboard.press("j")
    expect(page.locator(":focus")).to_contain_text("About third")
    page.keyboard.press("x")
    expect(page.locator(".bulk-bar output")).to_have_text("Chosen: 1")
    page.keyboard.press("x")
    page.keyboard.press("k")
    page.keyboard.press("o")
    expect(page.locator("[name=text]")).to_be_focused()
    assert violations(page) == []
    page.keyboard.type("Really: ")
    page.locator("[name=would_post_myself]").focus()
    page.keyboard.press("Space")
    page.get_by_role("button", name="Offer to everybody").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-triage] > li")).to_have_count(1)
    page.get_by_text("is offered to your colleagues").wait_for()
    offered = Post.objects.get(state=Post.State.OFFERED)
    assert offered.guid == "second"
    assert Post.objects.get(guid="first").state == Post.State.DISMISSED


def test_the_menu_of_a_phone_gets_out_of_the_way(
    live_server: Any, open_page: Callable[..., Page], sign_in_page: Any, people: cast.People
) -> None:
    page = open_page(phone=True)
    sign_in_page(page, live_server.url, people.marta)
    page.goto(live_server.url + "/manage/inbox/")
    menu, summary = page.locator("details.menu"), page.locator("details.menu > summary")
    summary.click()
    page.keyboard.press("Tab")
    page.keyboard.press("Escape")
    expect(menu).not_to_have_attribute("open", "")
    expect(summary).to_be_focused()
    summary.click()
    menu.get_by_role("button", name="Sign out").focus()
    page.keyboard.press("Tab")
    expect(page.locator("main :focus")).to_be_visible()
    expect(menu).not_to_have_attribute("open", "")
    summary.click()
    page.mouse.click(2, 835)
    expect(menu).not_to_have_attribute("open", "")


def test_a_table_that_does_not_fit_is_moved_sideways_and_not_cut_off(
    live_server: Any, open_page: Callable[..., Page], sign_in_page: Any, people: cast.People, entries: list[Post]
) -> None:
    page = open_page()
    sign_in_page(page, live_server.url, people.marta)
    page.set_viewport_size({"width": 680, "height": 900})
    page.goto(live_server.url + "/manage/library/")
    table = page.locator(".table-wrap")
    table.evaluate("it => { it.scrollLeft = 1000 }")
    assert table.evaluate("it => it.scrollLeft") > 0
    assert sideways_scroll(page) == []


def test_a_refused_offer_stays_open_in_place_with_what_was_typed(
    live_server: Any, open_page: Callable[..., Page], sign_in_page: Any, people: cast.People, entries: list[Post]
) -> None:
    page = open_page(phone=True)
    sign_in_page(page, live_server.url, people.marta)
    page.goto(live_server.url + "/manage/inbox/")
    page.locator("[data-do=offer]").first.click()
    page.locator("[name=text]").fill("Kept words")
    page.get_by_role("button", name="Offer to everybody").click()
    page.get_by_text("One thing needs your attention").wait_for()
    assert page.locator("[name=text]").input_value() == "Kept words"
    assert sideways_scroll(page) == []
    page.get_by_role("link", name="Not now").click()
    page.locator("[data-do=offer]").nth(2).wait_for()


def test_the_preview_follows_what_is_typed_and_the_draft_keeps_itself(
    live_server: Any, open_page: Callable[..., Page], sign_in_page: Any, people: cast.People
) -> None:
    post = makers.draft(people.program, at=clock.now())
    page = open_page()
    sign_in_page(page, live_server.url, people.marta)
    page.goto(f"{live_server.url}/manage/library/posts/{post.public_id}")
    page.get_by_role("tab", name="Add one").click()
    page.locator("[name=captions-1-language]").select_option("es")
    page.locator("[name=captions-1-text]").fill("Merece la pena")
    page.get_by_role("tab", name="Español").wait_for()
    page.get_by_role("tab", name="English").click()
    page.locator("[name=captions-0-text]").fill("Typed just now")
    page.locator("#preview").get_by_text("Typed just now").wait_for()
    page.locator("[name=preview_network][value=x]").check(force=True)
    page.locator("#preview .preview.x").wait_for()
    page.get_by_text("Draft kept at").wait_for()
    wait_on(page, lambda: [one.text for one in post.captions.all()] == ["Typed just now", "Merece la pena"])
    page.get_by_role("button", name="Save as draft").click()
    page.get_by_text("Saved.").wait_for()


@pytest.mark.parametrize(("dark", "phone"), [(False, True), (True, False)], ids=["light phone", "dark desktop"])
def test_axe_finds_nothing_and_nothing_sticks_out(
    live_server: Any,
    open_page: Callable[..., Page],
    sign_in_page: Any,
    people: cast.People,
    entries: list[Post],
    dark: bool,
    phone: bool,
) -> None:
    program, now = people.program, clock.now()
    long_word = "Konstantynopolitańczykowianeczka" * 3
    post = makers.offered(
        program, at=now, title=f"{cast.LONGEST_NAME} {long_word}", hashtags=("wool",), site_name=long_word
    )
    services.add_campaign(program, name=cast.LONGEST_NAME[:80], at=now)
    source = makers.source(program, name=f"{cast.LONGEST_NAME} {long_word}"[:200], feed_url="https://other.example/f")
    page = open_page(phone=phone, dark=dark)
    sign_in_page(page, live_server.url, people.marta)
    waiting = entries[0].public_id
    for path in (
        "inbox/", f"inbox/{waiting}/offer", "library/", "library/?q=nothing-like-this", "library/new",
        f"library/posts/{post.public_id}", f"library/posts/{waiting}", "library/sources/", "library/sources/add",
        f"library/sources/{source.public_id}", "library/topics/", "library/campaigns/",
    ):  # fmt: skip
        page.goto(f"{live_server.url}/manage/{path}")
        page.wait_for_load_state("networkidle")
        assert violations(page) == [], path
        assert sideways_scroll(page) == [], path

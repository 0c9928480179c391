"""The composer and a handoff in a browser, on a phone."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.cast import MOMENT, House, People
from tests.sharing.library import make_account, make_post
from tests.sharing.pigeon import Pigeon, installed
from tests.standing import wait_on
from vocero.company.models import Installation
from vocero.policy import services as policy
from vocero.policy.models import Term
from vocero.sharing.models import Draft, Share

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

NOT_SECURE = "Object.defineProperty(window, 'isSecureContext', {value: false})"


@pytest.fixture
def phone(
    live_server: Any, people: People, open_page: Callable[..., Any], sign_in_page: Callable[..., None]
) -> tuple[Any, list[str]]:
    """Ana's phone, in English, and what its console complains about."""
    people.ana.language = "en"
    people.ana.save()
    Installation.objects.update(base_url=live_server.url)
    page = open_page(phone=True)
    told: list[str] = []
    page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: told.append(str(error)))
    sign_in_page(page, live_server.url, people.ana)
    return page, told


def test_the_sheet_follows_the_network_and_keeps_what_is_typed(
    phone: tuple[Any, list[str]], live_server: Any, people: People, house: House
) -> None:
    page, told = phone
    policy.add_term(Term.Kind.BANNED, "cheap", at=MOMENT)
    with installed(Pigeon()):
        make_account(people.ana, "pigeon")
        post = make_post(house)
        page.goto(f"{live_server.url}/share/{post.public_id}?network=linkedin")
        words = page.get_by_label("Your words")
        words.fill("A cheap trick")
        page.locator(".finding.block mark").wait_for()
        words.fill("Solar, and how!")
        page.locator(".finding").wait_for(state="detached")
        page.get_by_text("More places").click()
        page.locator("#network-pigeon").check(force=True)
        page.get_by_text("Later", exact=True).wait_for()
        assert page.get_by_label("Your words").input_value() == "Solar, and how!"
        assert page.evaluate("document.activeElement.id") == "network-pigeon"
        assert (
            page.locator(".preview:visible [data-preview-text]")
            .inner_text()
            .startswith("I work at Aurora Mills. Solar, and how!")
        )
        assert Draft.objects.filter(text="Solar, and how!").exists()
    assert told == []


def test_who_is_faster_than_the_server_shares_where_they_chose_last(
    phone: tuple[Any, list[str]], live_server: Any, people: People, house: House
) -> None:
    page, told = phone
    held: list[Any] = []
    with installed(Pigeon()):
        make_account(people.ana, "pigeon")
        post = make_post(house)
        page.goto(f"{live_server.url}/share/{post.public_id}?network=linkedin")
        page.get_by_text("More places").click()
        page.does_wait = False
        page.route("**/share/*", lambda route: held.append(route) if "refresh" in route.request.post_data else None)
        page.locator("#network-pigeon").check(force=True)
        page.locator("#network-linkedin").check(force=True)
        page.locator("#network-pigeon").check(force=True)
        share = page.get_by_role("button", name="Share", exact=True)
        share.focus()
        wait_on(page, lambda: len(held) == 3)
        for route in held:
            route.continue_()
        page.get_by_text("Later", exact=True).wait_for()
        assert page.locator("#network-pigeon").is_checked()
        assert share.evaluate("(one) => one === document.activeElement"), "a keyboard is still where it was"
    assert told == []


def test_words_typed_while_the_sheet_is_laid_out_anew_stay(
    phone: tuple[Any, list[str]], live_server: Any, people: People, house: House
) -> None:
    """The answer to a change of network is held back; what is typed meanwhile stays, with the caret where it was."""
    page, told = phone
    held: list[Any] = []
    policy.add_term(Term.Kind.BANNED, "cheap", at=MOMENT)
    with installed(Pigeon()):
        make_account(people.ana, "pigeon")
        post = make_post(house)
        page.goto(f"{live_server.url}/share/{post.public_id}?network=linkedin")
        words = page.get_by_label("Your words")
        words.fill("A trick")
        page.get_by_text("More places").click()
        page.does_wait = False
        page.route("**/share/*", lambda route: held.append(route) if "refresh" in route.request.post_data else None)
        page.locator("#network-pigeon").check(force=True)
        wait_on(page, lambda: len(held) == 1)
        words.press("Home")
        page.keyboard.press("ArrowRight")
        page.keyboard.type(" cheap")
        held[0].continue_()
        page.get_by_text("Later", exact=True).wait_for()
        assert words.input_value() == "A cheap trick"
        page.keyboard.type("er")
        assert words.input_value() == "A cheaper trick", "the caret is where it was"
        page.keyboard.press("Backspace")
        page.keyboard.press("Backspace")
        page.locator(".finding.block mark").wait_for()
        assert "A cheap trick" in page.locator(".preview:visible [data-preview-text]").inner_text()
        wait_on(page, lambda: Draft.objects.filter(text="A cheap trick").exists())
    assert told == []


def test_what_was_opened_stays_open_while_the_sheet_is_laid_out_anew(
    phone: tuple[Any, list[str]], live_server: Any, people: People, house: House
) -> None:
    """Whoever goes through the networks with the arrow keys comes to those behind “More places” too."""
    page, told = phone
    with installed(Pigeon()):
        make_account(people.ana, "pigeon")
        post = make_post(house)
        page.goto(f"{live_server.url}/share/{post.public_id}?network=linkedin")
        page.get_by_text("More places").click()
        for network in ("pigeon", "linkedin"):
            with page.expect_response(lambda answer: answer.request.method == "POST"):
                page.locator(f"#network-{network}").check(force=True)
            page.locator(".htmx-request").first.wait_for(state="detached")
            assert page.locator("#more-places[open]").count() == 1, network
    assert told == []


def test_a_handoff_to_linkedin_without_https_is_three_steps_and_one_question(
    phone: tuple[Any, list[str]], live_server: Any, people: People, house: House
) -> None:
    page, told = phone
    page.add_init_script(NOT_SECURE)
    post = make_post(house)
    page.goto(f"{live_server.url}/share/{post.public_id}?network=linkedin")
    page.get_by_role("button", name="Share").click()
    page.get_by_role("heading", name="Almost out on LinkedIn").wait_for()
    assert page.locator(".steps > li").count() == 3
    text = page.locator("#handoff-text")
    assert text.inner_text().startswith("I work at Aurora Mills.")
    page.get_by_role("button", name="Copy").click()
    assert page.evaluate("getSelection().toString()") == text.inner_text()
    question = page.get_by_role("heading", name="Is it out?")
    assert not question.is_visible()
    page.context.route("https://www.linkedin.com/**", lambda route: route.fulfill(body="LinkedIn"))
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open LinkedIn").click()
    assert f"%2Fl%2F{Share.objects.get().link.token}" in opened.value.url
    opened.value.close()
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    question.wait_for()
    page.get_by_role("button", name="Yes, it is out").click()
    page.get_by_role("heading", name="Your share is out on LinkedIn.").wait_for()
    assert Share.objects.get().certainty == "self_reported"
    assert told == []

"""Every page of the product for everybody: axe finds nothing in light and dark, on a phone and a desktop, no sideways scroll."""

from collections.abc import Iterator
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.cache import cache
from django.http import HttpResponse
from django.test import Client

from tests.accessibility import AXE, COLORS, violations
from tests.architecture.test_access import PLACES
from tests.web.every_address import NO_PAGES, PAGES, ROLES, addresses, answers, member_of, pages, role_of
from tests.web.lived import as_the_demo, live
from vocero.company.services import setup_token

NO_FAULTS = {"404 (Not Found)", "422 (Unprocessable", "429 (Too Many", "410 (Gone)"}
"""What the browser says on its console about answers that are meant."""


def test_every_address_is_a_page_that_is_walked_or_says_why_not() -> None:
    routes = {place.route for place in PLACES if place.audience != "api"}
    assert set(NO_PAGES) | set(PAGES) <= routes
    assert not set(NO_PAGES) & set(PAGES)
    assert {role_of(place) for place in pages()} == set(ROLES)
    missing = [place.route for place in pages() if place.has_parts and place.route not in PAGES]
    assert not missing, f"say in tests/web/every_address.py what stands in {missing}"


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    cache.clear()
    with ExitStack() as opened:
        yield opened


def shown(page: Any, url: str, answer: HttpResponse) -> None:
    """Show an answer of Django's client in the browser, at the address it was given for."""

    def fulfil(route: Any) -> None:
        route.fulfill(status=answer.status_code, headers=dict(answer.headers), body=answer.content)

    page.route(url, fulfil)
    page.goto(url)
    page.unroute(url, fulfil)


AT_ONCE = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync("*, *::before, *::after { transition: none !important }");
  document.adoptedStyleSheets = [sheet];
  document.querySelectorAll("main details").forEach((one) => { one.open = true; });
}"""
"""What is folded is seen, and colors change at once when the color scheme does."""


TOO_WIDE = """() => {
  const root = document.documentElement, width = root.clientWidth;
  if (root.scrollWidth <= width) return [];
  const clipped = (one) => one && one !== root && one !== document.body
    && (getComputedStyle(one).overflowX !== "visible" || clipped(one.parentElement));
  const out = [...document.querySelectorAll("main *")].filter((one) => one.getBoundingClientRect().right > width + 1);
  return ["it is wider than the screen", ...out.filter((one) => !clipped(one.parentElement))
    .slice(-3).map((one) => one.outerHTML.slice(0, 160))];
}"""
"""What sticks out; not by `innerWidth`, for a phone zooms out until everything fits."""


def faults(page: Any) -> list[str]:
    """Give what is wrong with the page that is open, in light and in dark."""
    page.evaluate(AT_ONCE)
    found = [*violations(page), *page.evaluate(TOO_WIDE)]
    page.emulate_media(color_scheme="dark")
    found += [f"in dark: {one}" for one in violations(page, rules=COLORS)]
    page.emulate_media(color_scheme="light")
    return found


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("size", ["phone", "desktop"])
@pytest.mark.parametrize("role", ROLES)
def test_every_page_is_usable_for_everybody(
    role: str, size: str, live_server: Any, open_page: Any, sign_in_page: Any, stack: ExitStack, settings: Any
) -> None:
    lived: Any = SimpleNamespace(people=None, tokens={"setup": setup_token()}) if role == "before" else None
    if lived is None:
        lived = live(live_server.url, stack)
    if role == "demo":
        as_the_demo(settings)
    page, client, told = open_page(phone=size == "phone"), Client(), list[str]()
    page.add_init_script(path=AXE)
    page.on("console", lambda message: told.append(message.text) if message.type == "error" else None)
    member = member_of(role, lived) if role != "before" else None
    if member is not None:
        client.force_login(member, backend="vocero.web.public.reading.MemberBackend")
        sign_in_page(page, live_server.url, member)
    found: list[str] = []

    def look(name: str) -> None:
        odd = [text for text in told if not any(meant in text for meant in NO_FAULTS)]
        found.extend(f"{name}: {one}" for one in [*odd, *faults(page)])
        told.clear()

    for address in addresses(role, lived):
        response = page.goto(live_server.url + address)
        if response.status != (404 if "xxx" in address else 200) or page.url != live_server.url + address:
            found.append(f"{address} answered {response.status} at {page.url}")
            continue
        look(address)
    for address, answer in answers(role, lived, client):
        if answer.status_code not in {200, 404, 422}:
            found.append(f"{address} answered {answer.status_code}")
            continue
        shown(page, live_server.url + address, answer)
        look(f"{address} (answered)")
    assert not found, f"{len(found)} faults\n" + "\n".join(found)

"""Connecting conversions: copy the line, press test, see it arrive, delete it; and a real page that reports a purchase."""

import http.server
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from tests.accessibility import violations
from tests.cast import People
from tests.running import wait_for
from tests.tracking.clicking import Visits, hand_off
from vocero.company.api_keys import make_site_key
from vocero.company.models import ApiKey, AuditEntry
from vocero.lib import clock
from vocero.people.models import Member
from vocero.sharing.models import Link
from vocero.tracking.click_token import click_key, write_token
from vocero.tracking.models import Conversion

PLACE = "/manage/settings/conversions"

type SignIn = Callable[[Member], Client]


@pytest.fixture
def marta(people: People, sign_in: SignIn) -> Client:
    return sign_in(people.marta)


def test_a_website_is_connected_by_one_line_to_copy(marta: Client) -> None:
    answer = marta.post(f"{PLACE}/sites", {"origin": "www.aurora.example/"}, follow=True)
    key = ApiKey.objects.get()
    assert (key.kind, key.origin) == ("site", "https://www.aurora.example")
    line = f"src=&quot;http://testserver/api/v1/sites/script.js&quot; data-key=&quot;{key.public_id}&quot;"
    assert line in answer.content.decode()
    marta.post(f"{PLACE}/sites", {"origin": "https://www.aurora.example"})
    assert ApiKey.objects.count() == 1


@pytest.mark.parametrize("origin", ["", "ftp://x.example", "https://", "https://a b.example", "javascript:alert(1)"])
def test_an_address_that_is_none_is_said_and_kept(marta: Client, origin: str) -> None:
    answer = marta.post(f"{PLACE}/sites", {"origin": origin})
    assert (answer.status_code, ApiKey.objects.count()) == (422, 0)
    assert "such as https://www.example.com" in answer.content.decode()


def test_a_secret_key_is_shown_once_and_its_test_is_seen_and_deleted(marta: Client, client: Client) -> None:
    made = marta.post(f"{PLACE}/keys", {"name": "Shop"}).content.decode()
    secret = next(word for word in made.replace("<", " ").replace(">", " ").split() if word.startswith("vsk_"))
    assert secret not in marta.get(PLACE).content.decode()
    key = ApiKey.objects.get()
    waiting = marta.get(f"{PLACE}/{key.public_id}/test").content.decode()
    assert 'hx-trigger="every 2s"' in waiting
    client.post(
        "/api/v1/conversions", {"id": "t", "kind": "other", "test": True}, content_type="application/json",
        headers={"authorization": f"Bearer {secret}"},
    )  # fmt: skip
    arrived = marta.get(f"{PLACE}/{key.public_id}/test").content.decode()
    assert "The test arrived at" in arrived
    assert "every 2s" not in arrived
    marta.post(f"{PLACE}/{key.public_id}", {"do": "delete-tests"})
    assert Conversion.objects.count() == 0


def test_a_key_that_is_disconnected_reports_nothing_more(marta: Client) -> None:
    marta.post(f"{PLACE}/sites", {"origin": "www.aurora.example"})
    key = ApiKey.objects.get()
    marta.post(f"{PLACE}/{key.public_id}", {"do": "end"})
    assert "www.aurora.example" not in marta.get(PLACE).content.decode().replace("placeholder", "")
    assert list(AuditEntry.objects.values_list("action", flat=True)) == ["api_key.made", "api_key.revoked"]
    assert marta.get(f"{PLACE}/{key.public_id}/test").status_code == 404


class _Site(http.server.BaseHTTPRequestHandler):
    page = b""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(self.page)

    def log_message(self, *_args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_a_real_page_reports_a_purchase_in_the_same_view_and_later_only_with_consent(
    live_server: Any, open_page: Any, people: People, site: str, tmp_path: Path
) -> None:
    key = make_site_key(people.program, origin=site, at=clock.now(), actor="")
    link = Link.objects.get(share=hand_off(people.ana, people.house))
    visits = Visits(tmp_path / "segments")
    (click,) = visits.click(link, 1, at=clock.now() - timedelta(minutes=1))
    visits.take_in(at=clock.now())
    word = write_token(click, click_key(settings.SECRET_KEY))
    _Site.page = (
        f'<script async src="{live_server.url}/api/v1/sites/script.js" data-key="{key.public_id}"></script>'
        "<script>const buy = (id) => (window.vocero = window.vocero || []).push("
        '{id, kind: "purchase", value: "49.90", currency: "EUR"}); buy("early");</script>'
    ).encode()

    page = open_page()
    page.goto(f"{site}/?vclick={word}")
    wait_for(lambda: Conversion.objects.filter(external_id="early", state="credited").exists(), what="the purchase")
    page.evaluate("buy('early')")
    page.goto(f"{site}/thanks")
    page.wait_for_function("Boolean(window.vocero && window.vocero.consent)")
    page.evaluate("buy('without-consent')")
    page.goto(f"{site}/?vclick={word}")
    page.wait_for_function("Boolean(window.vocero && window.vocero.consent)")
    page.evaluate("vocero.consent(true)")
    page.goto(f"{site}/thanks")
    page.wait_for_function("Boolean(window.vocero && window.vocero.consent)")
    page.evaluate("buy('with-consent')")
    wait_for(lambda: Conversion.objects.filter(external_id="with-consent").exists(), what="the later purchase")
    assert set(Conversion.objects.values_list("external_id", "state", "verified")) == {
        ("early", "credited", False), ("with-consent", "credited", False),
    }  # fmt: skip
    assert page.context.cookies() == []


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_test_is_seen_to_arrive(
    live_server: Any, open_page: Any, sign_in_page: Any, people: People, site: str
) -> None:
    people.house.installation.base_url = live_server.url
    people.house.installation.save()
    page = open_page()
    sign_in_page(page, live_server.url, people.marta)
    page.goto(live_server.url + PLACE)
    page.get_by_label("Address of the website").fill(site)
    page.get_by_role("button", name="Connect").click()
    _Site.page = page.locator("pre", has_text="script.js").inner_text().encode()
    assert not violations(page)
    with page.context.expect_page():
        page.get_by_role("link", name="Open the site with a test click").click()
    page.get_by_text("The test arrived at").wait_for()
    page.get_by_role("button", name="Delete the test").click()
    page.get_by_text("The test is deleted.").wait_for()
    assert Conversion.objects.count() == 0

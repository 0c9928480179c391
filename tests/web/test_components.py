"""All parts together: as HTML, as style, and in a browser in both themes."""

import base64
import gzip
import hashlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.messages.storage.base import Message
from django.template import Context, Template
from django.test import Client, RequestFactory

from tests.accessibility import sideways_scroll, violations
from tests.running import wait_for
from vocero.networks.limits import Counting, Limits
from vocero.web import navigation, stylesheet, toasts
from vocero.web.templatetags.parts import as_toast, hue_of, initials_of

WEB = Path(stylesheet.__file__).parent
PARTS = pytest.mark.urls("tests.web.styleguide_urls")
SYMBOLS = set(re.findall(r'<symbol id="([^"]+)"', (WEB / "static" / "icons.svg").read_text()))


def rendered(text: str, **data: Any) -> str:
    return Template("{% load parts %}" + text).render(Context(data))


@PARTS
def test_the_page_of_all_parts_has_no_inline_style_or_script(client: Client, house: Any) -> None:
    html = client.get("/styleguide").content.decode()
    assert not re.findall(r"<style|\sstyle=|\son\w+=|javascript:", html)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))


def test_every_icon_that_is_used_is_in_the_sprite() -> None:
    used: set[str] = set()
    for path in (*WEB.rglob("*.html"), *WEB.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        used |= set(re.findall(r'{% (?:icon|empty icon=|empty) ?"([a-z0-9-]+)"', text))
        used |= set(re.findall(r'\bicon="([a-z0-9-]+)"', text))
    used |= {icon for links in navigation.PLACES.values() for _name, _label, icon in links}
    assert used - SYMBOLS == set()


def test_an_include_that_is_cut_off_takes_the_form_token_along() -> None:
    templates = WEB / "templates"
    for page in templates.rglob("*.html"):
        for name, values in re.findall(r'{% include "([^"]+)"([^%]*) only %}', page.read_text(encoding="utf-8")):
            if "{% csrf_token %}" in (templates / name).read_text(encoding="utf-8"):
                assert "csrf_token=" in values, f"{page.name} includes {name}"


def test_the_style_is_one_sheet_in_layers_within_its_budget() -> None:
    lines = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in stylesheet.files())
    scripts = sum(len(path.read_text(encoding="utf-8").splitlines()) for path in (WEB / "static" / "js").glob("*.js"))
    assert lines <= 3500
    assert scripts <= 1500
    text = stylesheet.joined()
    assert text.startswith("@layer reset, tokens, base, layout, components, pages;")
    assert text.count("{") == text.count("}")
    assert "/*" not in text


def test_every_file_of_the_style_says_its_layer() -> None:
    for path in stylesheet.files():
        assert "@layer " in path.read_text(encoding="utf-8"), path.name


def test_the_sheet_is_kept_for_ever_under_its_digest_and_not_under_another(client: Client, db: None) -> None:
    assert "immutable" in client.get(stylesheet.address())["Cache-Control"]
    assert client.get("/look/0123456789ab.css")["Cache-Control"] == "no-cache"


def test_the_sheet_is_sent_small(client: Client, db: None) -> None:
    answer = client.get(stylesheet.address(), headers={"accept-encoding": "gzip"})
    assert answer["Content-Encoding"] == "gzip"
    assert len(answer.content) < 24_000


@pytest.mark.parametrize(
    ("name", "initials"),
    [
        ("Marta Kowalska", "MK"),
        ("Ana", "A"),
        ("Łukasz von der Żółw", "ŁŻ"),
        ("", ""),
        ("  - ", ""),
        ("José María de la O", "JO"),
    ],
)
def test_initials_are_the_first_letters_of_the_first_and_last_word(name: str, initials: str) -> None:
    assert initials_of(name) == initials


def test_a_name_keeps_its_color() -> None:
    assert hue_of("Marta Kowalska") == hue_of("Marta Kowalska")
    assert {hue_of(name) for name in ("Ana", "Bea", "Carla", "Dan", "Eva", "Finn", "Gio")} <= set(range(1, 13))


def test_what_people_write_is_escaped_in_every_wrapping_part() -> None:
    evil = "<script>alert(1)</script>"
    html = rendered(
        "{% panel title=evil %}{{ evil }}{% endpanel %}{% banner 'warn' title=evil %}{{ evil }}{% endbanner %}"
        "{% empty icon='rss' title=evil %}{{ evil }}{% endempty %}{% dialog id='d' title=evil %}{{ evil }}{% enddialog %}"
        "{% more evil %}{{ evil }}{% endmore %}{% field label=evil name='n' help=evil error=evil %}{{ evil }}{% endfield %}"
        "{% postcard title=evil host=evil summary=evil why=evil url=evil %}{{ evil }}{% endpostcard %}{% avatar evil %}"
        "{% icon 'x' label=evil %}{% qr 'https://x.example' evil %}{% copy_text evil evil %}{% breadcrumb evil evil evil %}",
        evil=evil,
    )
    assert "<script" not in html


def test_a_place_whose_page_does_not_exist_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(navigation.PLACES, "manager", (("manager:never-there", "Never", "x"),))
    assert navigation.places("manager", None) == []


def test_pages_keep_the_rest_of_the_query() -> None:
    request = RequestFactory().get("/?q=line&page=2")
    from django.core.paginator import Paginator

    html = rendered("{% pagination page %}", request=request, page=Paginator(range(100), 10).page(2))
    assert 'href="?q=line&amp;page=3"' in html
    assert 'aria-current="page"' in html


def test_the_tab_of_this_address_is_the_current_one() -> None:
    request = RequestFactory().get("/inbox?state=waiting&page=2")
    tabs = navigation.tabs(request, [("All", "/inbox"), ("Waiting", "/inbox?state=waiting")])
    assert [tab["is_current"] for tab in tabs] == [True, False]
    exact = navigation.tabs(
        RequestFactory().get("/inbox?state=waiting"), [("All", "/inbox"), ("Waiting", "/inbox?state=waiting")]
    )
    assert [tab["is_current"] for tab in exact] == [False, True]


def test_undo_travels_with_its_message() -> None:
    class Kept(list[Message]):
        def add(self, level: int, message: str, extra_tags: str = "") -> None:
            self.append(Message(level, message, extra_tags))

    request = RequestFactory().get("/")
    kept = Kept()
    request._messages = kept  # type: ignore[attr-defined]
    toasts.say(request, "Your share goes out.", undo_url="/shares/a1/undo", seconds=10)
    toast = as_toast(kept[0])
    assert (toast["undo_url"], toast["seconds"], toast["kind"]) == ("/shares/a1/undo", "10", "success")


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_error_pages_are_ours(status: int, house: Any) -> None:
    from django.template.loader import render_to_string

    html = render_to_string(f"errors/{status}.html", {"house": house}, request=RequestFactory().get("/"))
    assert "<h1>" in html


@PARTS
@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desktop"])
@pytest.mark.parametrize("dark", [True, False], ids=["dark", "light"])
@pytest.mark.django_db(transaction=True)
def test_axe_finds_nothing_among_the_parts(
    live_server: Any, open_page: Callable[..., Any], phone: bool, dark: bool
) -> None:
    page = open_page(phone=phone, dark=dark)
    said: list[str] = []
    page.on("console", lambda message: message.type == "error" and said.append(message.text))
    page.goto(f"{live_server.url}/styleguide")
    assert violations(page) == []
    assert sideways_scroll(page) == []
    assert said == []


@PARTS
@pytest.mark.django_db(transaction=True)
def test_the_browser_counts_as_the_server_does(live_server: Any, open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.goto(f"{live_server.url}/styleguide")
    texts = [
        "", "Hello", "Zażółć gęślą jaźń", "👩‍👩‍👧‍👦 family", "🇵🇱🇮🇹 flags", "日本語 text", "e\u0301 accent", "quote “x” – dash…",
        "See https://example.org/a?b=c.", "(https://example.org/a_(b)) and http://x.example/long/path, end", "https:// nothing",
        "line\nline\n\nhttps://example.org", "1️⃣ keycap ❤️",
    ]  # fmt: skip
    cases = [(text, counting, links) for text in texts for counting in Counting for links in (None, 23)]
    module = f"{settings.STATIC_URL}js/count.js"
    counted = page.evaluate(
        "async ([module, cases]) => { const {count} = await import(module); return cases.map(([t, c, l]) => count(t, c, l)); }",
        [module, [(text, str(counting.value), links) for text, counting, links in cases]],
    )
    assert counted == [Limits(counting=counting, link_length=links).count(text) for text, counting, links in cases]


@PARTS
@pytest.mark.django_db(transaction=True)
def test_the_composer_counts_and_previews_what_is_typed(live_server: Any, open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.goto(f"{live_server.url}/styleguide")
    page.get_by_label("Your words").fill("Short.")
    page.get_by_label("Bluesky").check(force=True)
    preview = page.locator("[data-preview=bluesky]")
    assert preview.is_visible()
    assert preview.locator("[data-preview-text]").inner_text().startswith("Short.\n\nI work at Northwind.")
    limits, text = (
        Limits(counting=Counting.GRAPHEMES),
        "Short.\n\nI work at Northwind.\nhttps://go.northwind.example/l/a8Kd92LmQx1",
    )
    assert page.locator("#composer-count").inner_text() == f"Characters left: {300 - limits.count(text)}"
    page.get_by_label("Your words").fill("x" * 400)
    assert "Too many" in page.locator("#composer-count").inner_text()


@PARTS
@pytest.mark.django_db(transaction=True)
def test_a_forced_theme_is_right_from_the_first_byte(live_server: Any, open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.goto(f"{live_server.url}/styleguide")
    page.get_by_role("button", name="Dark").first.click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"


@PARTS
@pytest.mark.django_db(transaction=True)
def test_a_chart_is_walked_with_the_arrow_keys(live_server: Any, open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.goto(f"{live_server.url}/styleguide")
    frame = page.locator("[data-chart]").first
    frame.locator(".point").first.press("ArrowRight")
    second = frame.locator(".point").nth(1)
    wait_for(lambda: second.evaluate("e => e === document.activeElement"), what="the second point")
    assert str(second.get_attribute("aria-label")).startswith("14 Sep. Clicks: 240")
    tip = second.locator(".tip")
    wait_for(lambda: tip.evaluate("e => getComputedStyle(e).opacity") == "1", what="its tip")


@PARTS
@pytest.mark.django_db(transaction=True)
def test_copying_without_a_clipboard_selects_the_text_and_says_so(
    live_server: Any, open_page: Callable[..., Any]
) -> None:
    page = open_page()
    page.add_init_script(
        "Object.defineProperty(navigator, 'clipboard', {value: undefined}); document.execCommand = () => false;"
    )
    page.goto(f"{live_server.url}/styleguide")
    page.locator("[data-copy='#handoff-text']").click()
    page.locator("#toasts .toast").wait_for()
    assert "selected" in page.locator("#toasts .toast").inner_text()
    assert page.evaluate("getSelection().toString()") == "Nine minutes instead of forty. Proud of this team."


@PARTS
@pytest.mark.django_db(transaction=True)
def test_a_dialog_opens_closes_and_gives_the_focus_back(live_server: Any, open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.goto(f"{live_server.url}/styleguide")
    opener = page.get_by_role("button", name="Open a dialog")
    opener.click()
    dialog = page.get_by_role("dialog", name="Take it down?")
    assert dialog.is_visible()
    assert violations(page, within="#sample-dialog") == []
    page.keyboard.press("Escape")
    assert not dialog.is_visible()
    assert page.evaluate("document.activeElement.getAttribute('commandfor')") == "sample-dialog"


def test_vendored_files_are_those_that_are_written_down() -> None:
    listed = re.findall(
        r"`(vocero/[^`]+)` \| `sha384-([^`]+)`", (WEB.parent.parent / "docs" / "third-party.md").read_text()
    )
    assert len(listed) >= 3
    for path, digest in listed:
        found = hashlib.sha384((WEB.parent.parent / path).read_bytes()).digest()
        assert base64.b64encode(found).decode() == digest, path


@PARTS
@pytest.mark.django_db(transaction=True)
def test_words_survive_a_reload_and_the_way_to_another_app_and_back(
    live_server: Any, open_page: Callable[..., Any]
) -> None:
    page = open_page(phone=True)
    page.goto(f"{live_server.url}/styleguide")
    question = page.get_by_role("heading", name="Is it out?")
    assert not question.is_visible()
    page.get_by_label("Your words").fill("Mine.")
    page.get_by_role("link", name="Open LinkedIn").click()
    page.reload()
    assert page.get_by_label("Your words").input_value() == "Mine."
    assert page.locator("[data-composer] [data-preview-text]").first.inner_text().startswith("Mine.")
    assert question.is_visible()
    page.reload()
    assert not question.is_visible()


@PARTS
@pytest.mark.django_db(transaction=True)
def test_a_file_that_is_dropped_is_named_before_it_is_sent(live_server: Any, open_page: Callable[..., Any]) -> None:
    page = open_page()
    page.goto(f"{live_server.url}/styleguide")
    page.wait_for_selector("[data-filedrop] [data-hint]:not([hidden])")
    page.evaluate(
        """() => { const data = new DataTransfer(); data.items.add(new File(['x'.repeat(2048)], 'zdjęcie.png'));
        document.querySelector('[data-filedrop]').dispatchEvent(new DragEvent('drop', {dataTransfer: data, bubbles: true})); }"""
    )
    assert page.locator("[data-filedrop] output").inner_text() == "zdjęcie.png (2 kB)"
    assert page.evaluate("document.querySelector('[data-filedrop] input').files.length") == 1


def test_what_every_page_loads_leaves_room_for_the_page_itself() -> None:
    static = WEB / "static"
    texts = [
        *(static / "js").glob("*.js"),
        *(static / "vendor").glob("*.js"),
        static / "icons.svg",
        static / "img" / "art.svg",
    ]
    weight = sum(len(gzip.compress(path.read_bytes())) for path in texts)
    weight += len(gzip.compress(stylesheet.joined().encode()))
    weight += sum(path.stat().st_size for path in (static / "fonts").glob("*.woff2"))
    assert weight < 140_000  # of the 150 kB that a page may weigh

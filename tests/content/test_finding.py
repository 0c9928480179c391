"""A pasted address leads to the feeds of a website, to itself, or to a single link."""

from collections.abc import Callable

import pytest

from tests.cast import MOMENT
from tests.content import makers
from tests.servers.loopback import LoopbackServer, Received, Reply
from vocero.content.fetching import FetchFailed, fetch_page, find_feeds

Website = Callable[..., LoopbackServer]
HTML = {"Content-Type": "text/html"}


def _site(pages: dict[str, Reply]) -> Callable[[Received, object], Reply]:
    return lambda request, line: pages.get(request.path, Reply(404, "no", HTML))


def test_the_feeds_that_a_page_names_are_found_and_read_comments_last(website: Website) -> None:
    head = (
        '<title>The Press</title><meta property="og:site_name" content="The Press">'
        '<link rel="alternate" type="application/rss+xml" title="Comments" href="/comments/feed">'
        '<link rel="alternate" type="application/atom+xml; charset=utf-8" title="News" href="news.xml">'
        '<link rel="alternate" type="application/json" href="/wp-json/wp/v2/pages/2">'
        '<link rel="alternate" hreflang="pl" href="/pl">'
        '<link rel="alternate" type="application/rss+xml" href="/broken.xml">'
    )
    server = website(
        _site(
            {
                "/blog/": Reply(body=head, headers=HTML),
                "/blog/news.xml": Reply(body=makers.rss("One", "Two")),
                "/comments/feed": Reply(body=makers.rss("Nice")),
                "/broken.xml": Reply(500),
            }
        )
    )
    found = find_feeds(f"{server.url}/blog/", at=MOMENT)
    assert found.site_name == "The Press"
    assert [named.url for named, _ in found.feeds] == [f"{server.url}/blog/news.xml", f"{server.url}/comments/feed"]
    assert [entry.title for entry in found.feeds[0][1].entries] == ["One", "Two"]


def test_the_address_may_be_a_feed_itself(website: Website) -> None:
    server = website(_site({"/x": Reply(body=makers.rss("One"), headers={"Content-Type": "text/plain"})}))
    found = find_feeds(f"feed:{server.url}/x", at=MOMENT)
    assert [named.url for named, _ in found.feeds] == [f"{server.url}/x"]
    assert found.site_name == "Press & more"
    assert found.site_url == "https://press.example"


def test_the_usual_places_are_tried_when_the_page_names_none(website: Website) -> None:
    pages = {"/": Reply(body="<title>Quiet</title>", headers=HTML), "/atom.xml": Reply(body=makers.rss("One"))}
    server = website(_site(pages))
    found = find_feeds(server.url, at=MOMENT)
    assert [named.url for named, _ in found.feeds] == [f"{server.url}/atom.xml"]


def test_a_site_without_a_feed_says_so_and_offers_the_page_as_a_link(website: Website) -> None:
    server = website(_site({"/": Reply(body="<title>Quiet</title>", headers=HTML)}))
    found = find_feeds(server.url, at=MOMENT)
    assert found.feeds == ()
    assert found.reason == ""
    assert found.preview is not None
    assert found.preview.title == "Quiet"
    assert len(server.received) <= 12


def test_an_address_without_scheme_is_tried_with_https_and_then_with_http(website: Website) -> None:
    server = website(_site({"/": Reply(body=makers.rss("One"))}))
    found = find_feeds(f" {server.place}/ ", at=MOMENT)
    assert [named.url for named, _ in found.feeds] == [f"http://{server.place}/"]


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("", "refused"),
        ("hello world", "refused"),
        ("http://127.0.0.1:1/", "refused"),
        ("http://localhost/", "refused"),
        ("file:///etc/passwd", "refused"),
        ("http://[::1]/", "refused"),
    ],
)
def test_addresses_that_we_never_call_are_refused(typed: str, reason: str) -> None:
    found = find_feeds(typed, at=MOMENT)
    assert (found.feeds, found.reason) == ((), reason)


def test_a_site_that_answers_badly_gives_the_reason(website: Website) -> None:
    server = website(_site({}))
    assert find_feeds(server.url, at=MOMENT).reason == "not_found"


def test_a_redirect_inwards_is_not_followed(website: Website) -> None:
    server = website(lambda request, line: Reply(302, headers={"Location": "http://10.0.0.1/"}))
    assert find_feeds(server.url, at=MOMENT).reason == "refused"


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(404), "not_found"),
        (Reply(body=b"%PDF", headers={"Content-Type": "application/pdf"}), "not_a_page"),
        (Reply(raw=b""), "broken"),
    ],
)
def test_a_page_that_cannot_be_read_gives_the_reason(website: Website, reply: Reply, reason: str) -> None:
    server = website(lambda request, line: reply)
    with pytest.raises(FetchFailed) as failure:
        fetch_page(server.url)
    assert failure.value.reason == reason

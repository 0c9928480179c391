"""Sources: fetched over real HTTP, under a lease, politely, within limits, and healthy in words."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from tests.cast import MOMENT, House
from tests.content import makers
from tests.servers.loopback import LoopbackServer, Received, Reply
from vocero.content import services, tasks
from vocero.content.health import health_of
from vocero.content.models import Post
from vocero.content.queries import sources_in_trouble

Website = Callable[..., LoopbackServer]
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _inbox() -> list[str]:
    return makers.titles(Post.objects.filter(state=Post.State.INBOX).order_by("-published_at"))


def test_entries_come_into_the_inbox_with_what_the_source_decided(house: House, website: Website) -> None:
    server = website(lambda request, line: Reply(body=makers.rss("Second", "First")))
    topic = makers.topic(house.program)
    source = makers.fed(
        house.program, server, kind="industry_insight", origin="curated", purposes=("educate",), topics=(topic,)
    )
    assert tasks.fetch_due_sources(MOMENT) == 1
    assert _inbox() == ["Second", "First"]
    post = Post.objects.get(title="First")
    assert (post.kind, post.origin, post.purposes, post.language) == ("industry_insight", "curated", ["educate"], "en")
    assert list(post.topics.all()) == [topic]
    assert post.description == "About First."
    assert post.expires_at == MOMENT + 30 * DAY
    assert makers.again(source).succeeded_at == MOMENT


def test_the_second_fetch_asks_whether_anything_changed_and_takes_no_for_an_answer(
    house: House, website: Website
) -> None:
    def behave(request: Received, line: object) -> Reply:
        if request.headers.get("if-none-match") == '"v1"':
            return Reply(304)
        return Reply(body=makers.rss("One"), headers={"ETag": '"v1"', "Last-Modified": "Mon, 16 Nov 2026 08:00:00 GMT"})

    server = website(behave)
    source = makers.fed(house.program, server)
    tasks.fetch_due_sources(MOMENT)
    tasks.fetch_due_sources(MOMENT + 2 * HOUR)
    assert server.received[1].headers["if-none-match"] == '"v1"'
    assert server.received[1].headers["if-modified-since"] == "Mon, 16 Nov 2026 08:00:00 GMT"
    assert len(server.received) == 2
    assert makers.again(source).failures == 0
    assert makers.again(source).succeeded_at == MOMENT + 2 * HOUR
    assert Post.objects.count() == 1


def test_what_is_known_does_not_come_twice_not_even_under_another_address_or_after_a_dismissal(house: House) -> None:
    source = makers.source(house.program)
    services.ingest_entries(source, makers.feed(makers.entry("a"), makers.entry("b")), at=MOMENT)
    services.dismiss_posts(Post.objects.filter(guid="a"), at=MOMENT)
    again = services.ingest_entries(
        source,
        makers.feed(
            makers.entry("a", url="https://press.example/moved"),
            makers.entry("c", url="http://www.press.example/b/?utm_source=feed"),
        ),
        at=MOMENT + DAY,
    )
    assert (again.new, again.known) == (0, 2)
    assert Post.objects.count() == 2


def test_two_sources_that_bring_one_page_make_one_post(house: House) -> None:
    first, second = makers.source(house.program), makers.source(house.program, feed_url="https://other.example/feed")
    services.ingest_entries(first, makers.feed(makers.entry("a")), at=MOMENT)
    assert services.ingest_entries(second, makers.feed(makers.entry("a", guid="other")), at=MOMENT).known == 1


def test_a_day_brings_at_most_as_many_as_the_source_allows_and_the_rest_comes_tomorrow(
    house: House, website: Website
) -> None:
    server = website(lambda request, line: Reply(body=makers.rss("e", "d", "c", "b", "a"), headers={"ETag": '"v1"'}))
    source = makers.fed(house.program, server, most_new_a_day=2)
    tasks.fetch_due_sources(MOMENT)
    tasks.fetch_due_sources(MOMENT + 3 * HOUR)
    assert _inbox() == ["e", "d"]
    assert makers.again(source).etag == ""  # so that the answer tomorrow is not "unchanged"
    tasks.fetch_due_sources(MOMENT + DAY)
    assert _inbox() == ["e", "d", "c", "b"]


def test_the_day_is_the_companys(house: House) -> None:
    source = makers.source(house.program, most_new_a_day=1)
    late = MOMENT.replace(hour=22, minute=30)  # 23:30 in Madrid
    services.ingest_entries(source, makers.feed(makers.entry("a")), at=late)
    again = services.ingest_entries(source, makers.feed(makers.entry("b")), at=late + timedelta(minutes=20))
    after_midnight = services.ingest_entries(source, makers.feed(makers.entry("b")), at=late + HOUR)
    assert (again.new, again.left_for_later, after_midnight.new) == (0, 1, 1)


def test_entries_older_than_the_source_keeps_them_do_not_come_in(house: House) -> None:
    source = makers.source(house.program, days_active=7)
    told = services.ingest_entries(
        source,
        makers.feed(makers.entry("old", published_at=MOMENT - 8 * DAY), makers.entry("undated", published_at=None)),
        at=MOMENT,
    )
    assert (told.new, told.too_old) == (1, 1)


def test_over_the_most_active_the_oldest_give_way(house: House) -> None:
    source = makers.source(house.program, most_active=2)
    for number, name in enumerate("abc"):
        moment = MOMENT + number * HOUR
        services.ingest_entries(source, makers.feed(makers.entry(name, published_at=moment)), at=moment)
    assert _inbox() == ["About c", "About b"]
    assert Post.objects.get(guid="a").state == Post.State.ARCHIVED


def test_waiting_entries_never_push_out_what_a_manager_offered(house: House) -> None:
    source = makers.source(house.program, most_active=1, kind="branded", origin="company", purposes=("educate",))
    services.ingest_entries(source, makers.feed(makers.entry("a")), at=MOMENT)
    post = Post.objects.get()
    captions = (services.CaptionText(language="en", text="Look."),)
    services.edit_post(post, details=replace(services.details_of(post), captions=captions), at=MOMENT)
    services.offer_post(post, by=None, at=MOMENT, would_post_myself=True)
    services.ingest_entries(source, makers.feed(makers.entry("b")), at=MOMENT + HOUR)
    assert Post.objects.get(guid="a").state == Post.State.OFFERED


def test_expired_entries_and_offers_are_put_away(house: House) -> None:
    source = makers.source(house.program, days_active=3)
    services.ingest_entries(source, makers.feed(makers.entry("a")), at=MOMENT)
    over = makers.offered(house.program, expires_at=MOMENT + 2 * DAY)
    stays = makers.offered(house.program, url="https://press.example/2", expires_at=MOMENT + 9 * DAY)
    assert tasks.expire_posts(MOMENT + 3 * DAY) == 2
    over.refresh_from_db()
    assert over.state == Post.State.ARCHIVED
    assert over.archived_at == MOMENT + 3 * DAY
    stays.refresh_from_db()
    assert stays.state == Post.State.OFFERED


@pytest.mark.parametrize("missing", ["kind", "origin", "purposes", "topics", "would_post_myself"])
def test_nothing_goes_straight_in_while_one_answer_is_missing(house: House, missing: str) -> None:
    complete = {
        "kind": "branded",
        "origin": "company",
        "purposes": ("educate",),
        "topics": (makers.topic(house.program),),
        "would_post_myself": True,
    }
    empty: dict[str, Any] = {"kind": "", "origin": "", "purposes": (), "topics": (), "would_post_myself": False}
    with pytest.raises(services.SourceRefused):
        makers.source(house.program, straight_in=True, **{**complete, missing: empty[missing]})
    source = makers.source(house.program, straight_in=True, **complete)
    services.ingest_entries(source, makers.feed(makers.entry("a", title="Hello")), at=MOMENT)
    post = Post.objects.get()
    assert post.state == Post.State.OFFERED
    assert post.offered_at == MOMENT
    assert [caption.text for caption in post.captions.all()] == ["Hello"]


def test_a_source_that_loses_its_last_topic_waits_for_review_again(house: House) -> None:
    topic = makers.topic(house.program)
    source = makers.source(
        house.program, straight_in=True, kind="branded", origin="company", purposes=("educate",), topics=(topic,),
        would_post_myself=True,
    )  # fmt: skip
    services.archive_topic(topic, at=MOMENT)
    services.ingest_entries(makers.again(source), makers.feed(makers.entry("a")), at=MOMENT)
    assert Post.objects.get().state == Post.State.INBOX


def test_a_permanent_move_changes_the_address_and_a_temporary_one_does_not(house: House, website: Website) -> None:
    def behave(request: Received, line: object) -> Reply:
        targets = {"/feed": (301, "/new"), "/soon": (302, "/new")}
        if request.path in targets:
            status, target = targets[request.path]
            return Reply(status, headers={"Location": target})
        return Reply(body=makers.rss("One"))

    server = website(behave)
    moved = makers.fed(house.program, server)
    tasks.fetch_due_sources(MOMENT)
    assert makers.again(moved).feed_url == f"{server.url}/new"
    stays = makers.source(house.program, feed_url=f"{server.url}/soon")
    tasks.fetch_due_sources(MOMENT)
    assert makers.again(stays).feed_url == f"{server.url}/soon"
    assert makers.again(stays).failures == 0


def test_a_feed_that_is_gone_is_not_asked_again_until_it_is_mended(house: House, website: Website) -> None:
    server = website(lambda request, line: Reply(410))
    source = makers.fed(house.program, server)
    tasks.fetch_due_sources(MOMENT)
    assert tasks.fetch_due_sources(MOMENT + 30 * DAY) == 0
    trouble = sources_in_trouble(house.program, MOMENT)
    assert [one.source for one in trouble] == [source]
    assert "gone for good" in trouble[0].health.text
    services.mend_source(makers.again(source), at=MOMENT, feed_url=f"{server.url}/other")
    assert tasks.fetch_due_sources(MOMENT) == 1
    assert server.received[-1].path == "/other"


def test_a_busy_site_is_left_alone_for_as_long_as_it_asks(house: House, website: Website) -> None:
    server = website(lambda request, line: Reply(429, headers={"Retry-After": str(6 * 3600)}))
    source = makers.fed(house.program, server)
    tasks.fetch_due_sources(MOMENT)
    assert makers.again(source).last_error == "busy"
    assert makers.again(source).next_fetch_at >= MOMENT + 6 * HOUR
    assert tasks.fetch_due_sources(MOMENT + 5 * HOUR) == 0


def test_a_date_to_come_back_at_is_kept_too(house: House, website: Website) -> None:
    asked = format_datetime(MOMENT + 3 * HOUR, usegmt=True)
    server = website(lambda request, line: Reply(503, headers={"Retry-After": asked}))
    source = makers.fed(house.program, server)
    tasks.fetch_due_sources(MOMENT)
    assert makers.again(source).next_fetch_at >= MOMENT + 3 * HOUR - timedelta(seconds=1)


def test_failures_wait_longer_each_time_never_more_than_a_day_and_not_all_at_the_same_moment(
    house: House, website: Website
) -> None:
    server = website(lambda request, line: Reply(500))
    source = makers.fed(house.program, server)
    moment, waits = MOMENT, []
    for _ in range(10):
        assert tasks.fetch_due_sources(moment) == 1
        next_at = makers.again(source).next_fetch_at
        waits.append(next_at - moment)
        moment = next_at
    expected = [min(timedelta(minutes=15) * 2**number, DAY) for number in range(10)]
    assert all(0.8 * want <= got <= 1.2 * want for want, got in zip(expected, waits, strict=True))
    assert any(abs(got - want) > timedelta(seconds=1) for want, got in zip(expected, waits, strict=True))
    assert health_of(makers.again(source), moment).level == "bad"
    services.mend_source(makers.again(source), at=moment)
    assert health_of(makers.again(source), moment).level != "bad"
    assert makers.again(source).next_fetch_at == moment


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply(404), "not_found"),
        (Reply(403), "forbidden"),
        (Reply(500), "server_error"),
        (Reply(body="<!doctype html><title>Hello</title>"), "not_a_feed"),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n<rss"), "broken"),
        (Reply(raw=b"nonsense"), "broken"),
        (Reply(raw=b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (6 * 1024 * 1024)), "too_large"),
        (Reply(302, headers={"Location": "/feed"}), "redirects"),
        (Reply(302, headers={"Location": "http://169.254.169.254/latest"}), "refused"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_bad_answer_is_a_reason_in_words_and_loses_nothing(
    house: House, website: Website, reply: Reply, reason: str
) -> None:
    answers = [Reply(body=makers.rss("One")), reply]
    server = website(lambda request, line: answers.pop(0) if len(answers) > 1 else answers[0])
    source = makers.fed(house.program, server)
    tasks.fetch_due_sources(MOMENT)
    tasks.fetch_due_sources(MOMENT + 2 * HOUR)
    source = makers.again(source)
    assert source.last_error == reason
    assert source.succeeded_at == MOMENT
    assert health_of(source, MOMENT).level == "warn"
    assert health_of(source, MOMENT).text
    assert _inbox() == ["One"]


def test_a_server_that_never_answers_is_given_up(
    house: House, website: Website, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vocero.content.fetching.FEED_SECONDS", 0.3)
    server = website(lambda request, line: line.wait() and None)
    source = makers.fed(house.program, server)
    tasks.fetch_due_sources(MOMENT)
    assert makers.again(source).last_error == "timeout"


def test_a_server_that_is_not_there_is_unreachable(house: House, website: Website, settings: Any) -> None:
    server = website(lambda request, line: None)
    server.__exit__()
    source = makers.fed(house.program, server)
    tasks.fetch_due_sources(MOMENT)
    assert makers.again(source).last_error == "unreachable"
    server.__exit__ = lambda *_: None  # type: ignore[method-assign]


def test_paused_and_removed_sources_are_not_fetched(house: House, website: Website) -> None:
    server = website(lambda request, line: Reply(body=makers.rss("One")))
    services.pause_source(makers.fed(house.program, server))
    removed = makers.source(house.program, feed_url=f"{server.url}/b")
    services.remove_source(removed, at=MOMENT)
    assert tasks.fetch_due_sources(MOMENT) == 0
    assert server.received == []


def test_a_feed_is_added_once(house: House) -> None:
    source = makers.source(house.program)
    with pytest.raises(services.SourceRefused):
        makers.source(house.program)
    services.remove_source(source, at=MOMENT)
    makers.source(house.program)


def test_a_new_post_gets_picture_and_words_from_its_page(house: House, website: Website) -> None:
    import io

    from PIL import Image

    picture = io.BytesIO()
    Image.new("RGB", (1600, 900), "teal").save(picture, "PNG")

    def behave(request: Received, line: object) -> Reply:
        if request.path == "/pic.png":
            return Reply(body=picture.getvalue(), headers={"Content-Type": "image/png"})
        head = '<meta property="og:image" content="/pic.png"><meta property="og:site_name" content="The Press">'
        return Reply(body=f'<html lang="es"><head>{head}<title>x</title></head>', headers={"Content-Type": "text/html"})

    server = website(behave)
    source = makers.source(house.program)
    services.ingest_entries(
        source, makers.feed(makers.entry("a", title="Kept", url=f"{server.url}/a"), language=""), at=MOMENT
    )
    assert tasks.read_due_pages(MOMENT) == 1
    post = Post.objects.get()
    assert post.title == "Kept"
    assert (post.site_name, post.language) == ("The Press", "es")
    assert post.card_image is not None
    assert post.card_image.width == 1200
    assert post.preview_due_at is None
    assert tasks.read_due_pages(MOMENT + DAY) == 0


def test_a_page_that_cannot_be_read_is_tried_three_times(house: House, website: Website) -> None:
    server = website(lambda request, line: Reply(500))
    services.ingest_entries(
        makers.source(house.program), makers.feed(makers.entry("a", url=f"{server.url}/a")), at=MOMENT
    )
    tried = sum(tasks.read_due_pages(MOMENT + number * DAY) for number in range(6))
    assert tried == 3
    assert Post.objects.get().title == "About a"

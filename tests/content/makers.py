"""Makes content for tests: feeds as documents, sources, and posts in any state, through the services."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any
from xml.sax.saxutils import escape

from tests.cast import MOMENT
from tests.servers.loopback import LoopbackServer
from vocero.company.models import Program
from vocero.content import services
from vocero.content.feeds import Entry, Feed
from vocero.content.models import Post, Source, Topic
from vocero.people.models import Member

READY = services.PostDetails(
    url="https://press.example/story",
    title="A story",
    kind="industry_insight",
    origin="curated",
    purposes=("enlighten",),
    captions=(services.CaptionText(language="en", text="Worth a read."),),
)


def rss(*titles: str, at: datetime = MOMENT, site: str = "https://press.example", language: str = "en") -> str:
    """Write an RSS document with one entry for each title, the first one the newest, an hour apart."""
    items = "".join(
        f"<item><title>{escape(title)}</title><link>{site}/{number}-{title.replace(' ', '-')}</link>"
        f"<guid>{site}/id/{title.replace(' ', '-')}</guid><description>About {escape(title)}.</description>"
        f"<pubDate>{format_datetime(at - timedelta(hours=number + 1))}</pubDate></item>"
        for number, title in enumerate(titles)
    )
    head = f"<title>Press &amp; more</title><link>{site}</link><language>{language}</language>"
    return f'<?xml version="1.0"?><rss version="2.0"><channel>{head}{items}</channel></rss>'


def feed(*entries: Entry, language: str = "en") -> Feed:
    return Feed("Press", "https://press.example", language, entries)


def entry(name: str, *, published_at: datetime | None = MOMENT, **more: Any) -> Entry:
    return Entry(
        guid=more.pop("guid", name),
        url=more.pop("url", f"https://press.example/{name}"),
        title=more.pop("title", f"About {name}"),
        published_at=published_at,
        **more,
    )


def source(
    program: Program, *, feed_url: str = "https://press.example/feed", at: datetime = MOMENT, **more: Any
) -> Source:
    details = services.SourceDetails(**{"name": "Press", **more})
    return services.add_source(program, feed_url=feed_url, site_url="https://press.example", details=details, at=at)


def topic(program: Program, name: str = "Craft") -> Topic:
    return services.add_topic(program, name={"en": name}, at=MOMENT)


def draft(program: Program, *, by: Member | None = None, at: datetime = MOMENT, **changes: Any) -> Post:
    return services.create_post(program, by=by, at=at, details=replace(READY, **changes))


def offered(program: Program, *, by: Member | None = None, at: datetime = MOMENT, **changes: Any) -> Post:
    post = draft(program, by=by, at=at, **changes)
    services.offer_post(post, by=by, at=at, would_post_myself=True)
    return Post.objects.get(pk=post.pk)


def titles(posts: Sequence[Post] | Any) -> list[str]:
    return [post.title for post in posts]


def fed(program: Program, server: LoopbackServer, **more: Any) -> Source:
    """Make a source whose feed is on a server of this test."""
    return source(program, feed_url=f"{server.url}/feed", **more)


def again(one: Source) -> Source:
    """Read a source anew."""
    return Source.objects.get(pk=one.pk)

"""The order in memory is the order that the database would give, page by page, and follows every change."""

import random
from datetime import timedelta
from typing import Any

import pytest

from tests.cast import MOMENT, People
from tests.content.ranking import ranked_for
from tests.measurement import facts
from tests.sharing.library import make_post
from vocero.company.revisions import seen
from vocero.content.models import Caption, Post, Topic, TopicFollow
from vocero.people.models import Segment
from vocero.sharing import feed

LANGUAGES = ["", "en", "es", "it", "pl"]


def a_library(people: People, dice: random.Random, count: int) -> None:
    """Offer posts of all kinds: featured, ending, in groups, with topics, captions in other languages, equal moments."""
    program, house = people.program, people.house
    topics = [Topic.objects.create(program=program, name={"en": f"T{n}"}, created_at=MOMENT) for n in range(5)]
    groups = [Segment.objects.create(program=program, name={"en": f"S{n}"}, created_at=MOMENT) for n in range(4)]
    groups[0].teams.add(house.sales)
    groups[1].languages, groups[1].locations = ["en", "pl"], ["Kraków", "Dublin"]
    groups[1].save()
    groups[2].picked.add(people.ana, people.hugo)
    groups[3].archived_at = MOMENT
    groups[3].save()
    for member in people.advocates:
        for topic in dice.sample(topics, dice.randint(0, 5)):
            TopicFollow.objects.create(member=member, topic=topic)
    for number in range(count):
        post = Post.objects.create(
            program=program,
            title=f"Post {number}",
            state=dice.choice([Post.State.OFFERED] * 9 + [Post.State.ARCHIVED, Post.State.INBOX]),
            language=dice.choice(LANGUAGES),
            featured_at=MOMENT if dice.random() < 0.1 else None,
            expires_at=MOMENT + timedelta(hours=dice.randint(-9, 9)) if dice.random() < 0.2 else None,
            offered_at=MOMENT - timedelta(minutes=dice.randint(0, 40)),
            created_at=MOMENT,
            updated_at=MOMENT,
        )
        post.topics.set(dice.sample(topics, dice.choice([0, 0, 1, 2])))
        post.segments.set(dice.sample(groups, dice.choice([0, 0, 0, 1, 2])))
        for language in dice.sample(LANGUAGES[1:], dice.randint(0, 2)):
            archived = MOMENT if dice.random() < 0.2 else None
            Caption.objects.create(post=post, language=language, text="x", created_at=MOMENT, archived_at=archived)
        for member in people.advocates:
            if post.state == Post.State.OFFERED and dice.random() < 0.3:
                some_share(dice, member, post)


def some_share(dice: random.Random, member: Any, post: Post) -> None:
    """Share a post with some outcome; what failed, was taken down or only practiced does not count as shared."""
    out = dice.choice(["sent", "sent", "failed", "withdrawn", "practice"])
    changes = {"channel": "practice", "network": "practice", "certainty": ""} if out == "practice" else {"state": out}
    facts.share_on(member, post, MOMENT.date(), **changes)


def pages_of(member: Any, topic: Topic | None = None) -> list[int]:
    """Turn the pages of somebody's feed to the end."""
    found: list[int] = []
    after = ""
    while True:
        now = seen()
        page = feed.page_for(feed.reader_of(member, now), now, at=MOMENT, after=after, topic=topic)
        found += [one.row.pk for one in page.posts]
        after = page.next_key
        if not after:
            return found


@pytest.mark.parametrize("seed", range(3))
def test_everybodys_feed_stands_in_the_order_that_the_database_gives(people: People, seed: int) -> None:
    a_library(people, random.Random(seed), 70)
    topic = Topic.objects.order_by("pk")[2]
    for member in (*people.advocates, people.paused):
        wanted = ranked_for(member, MOMENT, people.program)
        assert pages_of(member) == [post.pk for post in wanted], member.name
        assert pages_of(member, topic) == [post.pk for post in wanted.filter(topics=topic)], member.name


def test_a_page_begins_behind_a_post_that_is_gone_since(people: People) -> None:
    a_library(people, random.Random(7), 40)
    now = seen()
    page = feed.page_for(feed.reader_of(people.ana, now), now, at=MOMENT)
    rest = pages_of(people.ana)[feed.PAGE :]
    Post.objects.filter(pk=page.posts[-1].row.pk).update(state=Post.State.ARCHIVED)
    now = seen()
    after = feed.page_for(feed.reader_of(people.ana, now), now, at=MOMENT, after=page.next_key)
    assert [one.row.pk for one in after.posts] == rest[: feed.PAGE]


def test_whatever_changes_the_next_page_shows_it(people: People) -> None:
    """Changes by `update`, through relations and by deletion: nothing has to tell anybody."""
    a_library(people, random.Random(3), 30)
    dice = random.Random(5)
    shown, topics = pages_of(people.ana), list(Topic.objects.all())
    for change in range(25):
        post = Post.objects.get(pk=dice.choice(shown))
        match change % 8:
            case 0:
                Post.objects.filter(pk=post.pk).update(language=dice.choice(LANGUAGES))
            case 1:
                post.topics.set(dice.sample(topics, 2))
            case 2:
                Caption.objects.filter(post=post).update(language="es")
            case 3:
                post.segments.set(Segment.objects.order_by("?")[:1])
            case 4:
                Post.objects.filter(pk=post.pk).update(state=Post.State.ARCHIVED)
            case 5:
                Caption.objects.filter(post=post).delete()
            case 6:
                Segment.objects.filter(teams=people.house.sales).update(locations=["Madrid"])
            case _:
                TopicFollow.objects.filter(member=people.ana).order_by("?")[:1].get().delete() if (
                    TopicFollow.objects.filter(member=people.ana).exists()
                ) else None
        shown = pages_of(people.ana)
        assert shown == [one.pk for one in ranked_for(people.ana, MOMENT, people.program)], change


def test_what_somebody_has_shared_stands_behind_what_they_have_not(people: People) -> None:
    first, second, third, fourth = (
        make_post(
            people.house, title=f"{number}", url=f"https://aurora.example/{number}", at=MOMENT - timedelta(days=number)
        )
        for number in range(4)
    )
    Post.objects.filter(pk__in=[third.pk, fourth.pk]).update(featured_at=MOMENT)
    assert pages_of(people.ana) == [third.pk, fourth.pk, first.pk, second.pk]
    facts.share_on(people.ana, third, MOMENT.date())
    facts.share_on(people.ana, first, MOMENT.date())
    assert pages_of(people.ana) == [fourth.pk, second.pk, first.pk, third.pk]
    assert pages_of(people.hugo) == [third.pk, fourth.pk, first.pk, second.pk], "for others nothing has changed"

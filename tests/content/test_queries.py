"""Who is offered what, in which order; the library searched, filtered and paged with a constant number of queries."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.cast import MOMENT, House, People
from tests.content import makers
from tests.content.ranking import ranked_for
from vocero.content import queries, services
from vocero.content.library import Criteria, library_page, options
from vocero.content.models import Post
from vocero.people.models import Segment

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def _segment(house: House, **more: Any) -> Segment:
    teams, picked = more.pop("teams", ()), more.pop("picked", ())
    segment = Segment.objects.create(program=house.program, name={"en": "Some"}, created_at=MOMENT, **more)
    segment.teams.set(teams)
    segment.picked.set(picked)
    return segment


def _names(posts: Any) -> list[str]:
    return makers.titles(posts)


def test_a_post_without_segments_is_for_everybody_and_one_with_segments_for_these_people(people: People) -> None:
    house = people.house
    polish_engineers = _segment(house, teams=[house.engineering], languages=["pl"], picked=[people.ana, people.ines])
    makers.offered(house.program, title="all")
    makers.offered(house.program, title="some", segments=(polish_engineers,))
    for member in (people.celina, people.filip, people.ana):
        assert set(_names(queries.offered_to(member, MOMENT))) == {"all", "some"}
    for member in (people.david, people.hugo, people.bruno):
        assert _names(queries.offered_to(member, MOMENT)) == ["all"]


def test_one_of_several_segments_is_enough_and_a_post_comes_once(people: People) -> None:
    house = people.house
    both = (_segment(house, teams=[house.sales]), _segment(house, locations=["Madrid"]))
    post = makers.offered(house.program, segments=both)
    assert list(queries.offered_to(people.ana, MOMENT)) == [post]
    assert list(queries.offered_to(people.hugo, MOMENT)) == [post]
    assert list(queries.offered_to(people.filip, MOMENT)) == []
    assert not queries.is_offered_to(post, people.filip, MOMENT)


def test_what_is_not_offered_or_over_is_shown_to_nobody(people: People) -> None:
    program = people.program
    makers.draft(program, title="draft")
    over = makers.offered(program, title="over", expires_at=MOMENT + HOUR)
    archived = makers.offered(program, title="archived")
    services.archive_post(archived, by=None, at=MOMENT)
    assert list(queries.offered_to(people.ana, MOMENT)) == [over]
    assert list(queries.offered_to(people.ana, MOMENT + HOUR)) == []


def test_posts_without_topic_or_in_another_language_are_still_there_after_the_others(people: People) -> None:
    program = people.program
    followed, other = makers.topic(program, "Craft"), makers.topic(program, "Law")
    services.follow_topics(people.ana, [followed])
    spanish = (services.CaptionText(language="es", text="Hola."),)
    makers.offered(program, title="polish", language="pl", topics=(followed,), at=MOMENT + 9 * HOUR)
    makers.offered(program, title="no topic", language="es", at=MOMENT + 8 * HOUR)
    makers.offered(program, title="other topic", language="es", topics=(other,), at=MOMENT + 7 * HOUR)
    makers.offered(program, title="english with a Spanish caption", language="en", captions=spanish, topics=(followed,))
    makers.offered(program, title="followed", language="es", topics=(followed,), at=MOMENT + HOUR)
    makers.offered(program, title="featured", language="pl", featured=True)
    ranked = list(ranked_for(people.ana, MOMENT + DAY))
    assert _names(ranked) == [
        "featured",
        "followed",
        "english with a Spanish caption",
        "other topic",
        "no topic",
        "polish",
    ]
    labels = {post.title: (post.in_own_language, post.is_followed, post.has_topic) for post in ranked}
    assert labels["polish"] == (False, True, True)
    assert labels["no topic"] == (True, False, False)
    assert labels["followed"] == (True, True, True)


def test_captions_come_in_the_readers_language_first_and_for_the_network_before_any(house: House) -> None:
    def text(language: str, network: str, words: str) -> services.CaptionText:
        return services.CaptionText(language=language, network=network, text=words)

    post = makers.offered(
        house.program,
        captions=(
            text("en", "", "any en"),
            text("es", "", "any es"),
            text("es", "linkedin", "linkedin es"),
            text("es", "x", "x es"),
        ),
    )
    found = [caption.text for caption in queries.captions_of(post, network="linkedin", languages=("es", "en"))]
    assert found == ["linkedin es", "any es", "any en"]


def test_topics_that_run_dry_are_named_with_the_emptiest_first(house: House) -> None:
    full, few = makers.topic(house.program, "Full"), makers.topic(house.program, "Few")
    empty = makers.topic(house.program, "Empty")
    for number in range(4):
        makers.offered(house.program, title=str(number), topics=(full, few) if number == 0 else (full,))
    makers.offered(house.program, title="soon over", topics=(few,), expires_at=MOMENT + HOUR)
    stocks = queries.topics_with_few_posts(house.program, MOMENT + DAY)
    assert [(stock.topic, stock.live) for stock in stocks] == [(empty, 0), (few, 1)]


@pytest.fixture
def library(people: People) -> dict[str, Any]:
    program = people.program
    topic = makers.topic(program)
    campaign = services.add_campaign(program, name="Spring", at=MOMENT)
    segment = _segment(people.house, teams=[people.house.sales])
    makers.offered(program, title="Żółta łódź", topics=(topic,), at=MOMENT + HOUR)
    makers.offered(program, title="Jobs", kind="employer_brand", origin="company", segments=(segment,))
    makers.draft(program, title="Launch", origin="promotional", purposes=("entertain", "educate"), campaign=campaign)
    makers.draft(
        program,
        title="Polish",
        language="pl",
        networks_allowed=("mastodon",),
        captions=(services.CaptionText(language="pl", text="Słowa o wełnie"),),
    )
    return {"topic": topic, "campaign": campaign, "segment": segment, "program": program}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({"search": "zolta LODZ"}, {"Żółta łódź"}),
        ({"search": "ŻÓŁTA"}, {"Żółta łódź"}),
        ({"search": "WELNIE"}, {"Polish"}),
        ({"search": "nothing like this"}, set()),
        ({"state": "draft"}, {"Launch", "Polish"}),
        ({"kind": "employer_brand"}, {"Jobs"}),
        ({"origin": "promotional"}, {"Launch"}),
        ({"purpose": "entertain"}, {"Launch"}),
        ({"topic": "topic"}, {"Żółta łódź"}),
        ({"topic": "none"}, {"Jobs", "Launch", "Polish"}),
        ({"campaign": "campaign"}, {"Launch"}),
        ({"segment": "segment"}, {"Jobs"}),
        ({"segment": "everybody"}, {"Żółta łódź", "Launch", "Polish"}),
        ({"language": "pl"}, {"Polish"}),
        ({"network": "linkedin"}, {"Żółta łódź", "Jobs", "Launch"}),
        ({"network": "mastodon"}, {"Żółta łódź", "Jobs", "Launch", "Polish"}),
        ({"state": "nonsense", "sort": "nonsense"}, {"Żółta łódź", "Jobs", "Launch", "Polish"}),
    ],
)
def test_the_library_is_searched_and_filtered(
    library: dict[str, Any], words: dict[str, str], expected: set[str]
) -> None:
    row = library.get(next(iter(words.values())))
    values = {name: row.public_id if hasattr(row, "public_id") else value for name, value in words.items()}
    page = library_page(library["program"], options(values))
    assert set(makers.titles(page.posts)) == expected
    assert page.total == len(expected)


@pytest.mark.parametrize("sort", ["-updated", "updated", "title", "-title", "-offered", "offered", "-created"])
def test_pages_by_key_show_every_post_once_forwards_and_backwards(house: House, sort: str) -> None:
    for number in range(11):
        makers.draft(house.program, title=f"t{number % 3}", at=MOMENT + (number % 4) * HOUR)
    criteria = Criteria(sort=sort)
    seen, pages, key = [], [], ""
    while True:
        page = library_page(house.program, criteria, after=key, size=4)
        seen += [post.pk for post in page.posts]
        pages.append([post.pk for post in page.posts])
        key = page.next_key
        if not key:
            break
    assert len(seen) == len(set(seen)) == 11
    assert len(pages) == 3
    before = library_page(house.program, criteria, before=page.previous_key, size=4)
    assert [post.pk for post in before.posts] == pages[1]
    first = library_page(house.program, criteria, before=before.previous_key, size=4)
    assert [post.pk for post in first.posts] == pages[0]
    assert first.previous_key == ""


@pytest.mark.parametrize("key", ["x", "e30", "WyJ1cGRhdGVkIiwgIm5vIiwgMV0", "\x00", "WyJ0aXRsZSIsICJhIiwgMV0"])
def test_a_key_that_was_tampered_with_gives_the_first_page(house: House, key: str) -> None:
    makers.draft(house.program)
    assert len(library_page(house.program, Criteria(), after=key).posts) == 1


def test_five_thousand_posts_cost_as_many_queries_as_one(house: House) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as captured:
            page = library_page(house.program, Criteria(search="story", topic="none", language="en"))
            assert page.posts
            for post in page.posts:
                list(post.topics.all()), list(post.captions.all()), list(post.images.all())
        return len(captured)

    makers.draft(house.program)
    few = count()
    example = Post.objects.get()
    Post.objects.bulk_create(
        Post(
            program=house.program, state=Post.State.DRAFT, title=f"Story {number}", search_text=f"story {number}",
            language="en", created_at=MOMENT, updated_at=example.updated_at,
        )
        for number in range(5000)
    )  # fmt: skip
    assert count() == few

"""Every page asks the database the same number of questions however much there is to show."""

from datetime import date, timedelta

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import cast
from tests.architecture.test_access import PLACES, Place, named
from tests.content import makers
from tests.measurement import facts
from tests.sharing.library import make_post
from vocero.content.models import Campaign
from vocero.lib import clock
from vocero.people.models import Segment
from vocero.web import access

MOST = 40
BOUNDS = {"today": 5, "manage/": 30, "manage/results/": 22}
"""What a page may ask at most, the session, the member and the house included."""
PAGES = [place for place in PLACES if not place.has_parts and place.audience not in {access.PUBLIC, "api"}]


def grow(people: cast.People, count: int, *, name: str) -> None:
    """Let there be `count` more of everything that lists show."""
    house, today = people.house, clock.now().date()
    for number in range(count):
        label = f"{name} {number}"
        topic = makers.topic(house.program, label)
        Campaign.objects.create(
            program=house.program, name={"en": label}, code=f"{name}{number}", created_at=cast.MOMENT
        )
        makers.source(house.program, name=label, feed_url=f"https://{name}{number}.example/feed")
        segment = Segment.objects.create(program=house.program, name={"en": label}, created_at=cast.MOMENT)
        segment.teams.add(house.sales)
        member = cast.make_member(f"{name}{number} Example", team=house.sales)
        facts.join(member, house, at=clock.now())
        makers.draft(house.program, title=label, url=f"https://{name}{number}.example/waiting")
        post = make_post(house, title=label, at=clock.now(), url=f"https://{name}{number}.example/")
        post.topics.add(topic)
        share_and_earn(people, post, today)


def share_and_earn(people: cast.People, post: object, today: date) -> None:
    """Let Ana and Bruno share a post, be clicked and bring a customer."""
    for who in (people.ana, people.bruno):
        share = facts.share_on(who, post, today - timedelta(days=1))  # type: ignore[arg-type]
        facts.click_on(share, today - timedelta(days=1), [1, 2, 3])
        facts.convert_on(people.house, today - timedelta(days=1), share)


@pytest.mark.parametrize("audience", [access.MEMBER, access.ADVOCATE, access.MANAGER, access.OWNER])
def test_pages_ask_the_same_number_of_questions(audience: str, people: cast.People, sign_in: cast.SignIn) -> None:
    member = {access.MANAGER: people.marta, access.OWNER: people.olga}.get(audience, people.ana)
    client = sign_in(member)
    pages = [place for place in PAGES if place.audience == audience]
    assert pages
    grow(people, 2, name="few")
    few = {place: questions(client, place) for place in pages}
    grow(people, 5, name="many")
    many = {place: questions(client, place) for place in pages}
    found = []
    for place in pages:
        if len(many[place]) > len(few[place]) or len(many[place]) > BOUNDS.get(place.route, MOST):
            found.append(f"{named(place)}: {len(few[place])} became {len(many[place])}")
            found += repeated(many[place])
    assert not found, "\n".join(found)


def questions(client: Client, place: Place) -> list[str]:
    """What a page asks when it is opened for the second time."""
    client.get(place.path)
    cache.clear()
    with CaptureQueriesContext(connection) as asked:
        response = client.get(place.path)
    assert response.status_code in {200, 302, 405}
    return [query["sql"] for query in asked.captured_queries]


def repeated(asked: list[str]) -> list[str]:
    """The questions that were asked several times, shortened."""
    import re
    from collections import Counter

    shapes = Counter(re.sub(r"\d+|'[^']*'", "?", sql)[:200] for sql in asked)
    return [f"{count}x {shape}" for shape, count in shapes.most_common(6)]

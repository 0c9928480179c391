"""Sources, topics and campaigns: found from a pasted address, mended with one button, named in each language."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.cast import MOMENT, People
from tests.content import makers
from tests.content.conftest import website  # noqa: F401  a fixture
from tests.servers.loopback import Received, Reply
from vocero.content import services
from vocero.content.models import Campaign, Post, Source, Topic
from vocero.lib import clock

SignIn = Callable[[Any], Client]


@pytest.fixture
def team(people: People, sign_in: SignIn) -> Client:
    return sign_in(people.marta)


def _rss() -> str:
    return makers.rss("One", "Two", at=clock.now())


def test_empty_pages_say_what_to_do(team: Client) -> None:
    assert "Add the first source" in team.get("/manage/library/sources/").text
    assert "No topics yet" in team.get("/manage/library/topics/").text
    assert "No campaigns yet" in team.get("/manage/library/campaigns/").text


def test_from_a_pasted_address_to_entries_in_the_inbox(team: Client, website: Any) -> None:  # noqa: F811
    def behave(request: Received, line: object) -> Reply:
        if request.path == "/feed.xml":
            return Reply(body=_rss())
        head = '<title>Press</title><link rel="alternate" type="application/rss+xml" href="/feed.xml">'
        return Reply(body=head, headers={"Content-Type": "text/html"})

    server = website(behave)
    found = team.post("/manage/library/sources/add", {"address": server.url})
    assert "Press &amp; more" in found.text
    assert "“One”" in found.text
    feed_url = f"{server.url}/feed.xml"
    chosen = {"address": server.url, "feed_url": feed_url, f"title-{feed_url}": "Press", "site_url": server.url}
    answer = team.post("/manage/library/sources/add", chosen, follow=True)
    source = Source.objects.get()
    assert (source.name, source.feed_url) == ("Press", feed_url)
    assert "2 entries are in your inbox" in answer.text
    assert Post.objects.filter(state=Post.State.INBOX).count() == 2
    twice = team.post("/manage/library/sources/add", chosen)
    assert "among your sources already" in twice.text


def test_a_website_without_a_feed_offers_its_page_as_a_link(team: Client, website: Any) -> None:  # noqa: F811
    server = website(lambda request, line: Reply(body="<title>Quiet</title>", headers={"Content-Type": "text/html"})
                     if request.path == "/" else Reply(404))  # fmt: skip
    answer = team.post("/manage/library/sources/add", {"address": server.url})
    assert "This website has no feed" in answer.text
    assert "Offer this page as a link" in answer.text


def test_an_address_that_does_not_work_says_why_and_stays_typed(team: Client) -> None:
    answer = team.post("/manage/library/sources/add", {"address": "http://10.0.0.1/feed"})
    assert answer.status_code == 422
    assert "We do not call addresses like this one." in answer.text
    assert "http://10.0.0.1/feed" in answer.text


def test_straight_in_is_refused_in_words_until_everything_is_decided(team: Client, people: People) -> None:
    topic, source = makers.topic(people.program), makers.source(people.program)
    page = f"/manage/library/sources/{source.public_id}"
    typed = {
        "name": "Press", "days_active": 20, "most_active": 10, "most_new_a_day": 3, "straight_in": "on",
        "kind": "branded", "origin": "company", "purposes": ["educate"], "topics": [topic.public_id],
    }  # fmt: skip
    answer = team.post(page, typed)
    assert answer.status_code == 422
    assert "would you post what comes from here" in answer.text
    assert team.post(page, typed | {"would_post_myself": "on"}).status_code == 302
    source.refresh_from_db()
    assert (source.straight_in, source.days_active, list(source.topics.all())) == (True, 20, [topic])


def test_a_source_that_is_down_is_mended_with_another_address(team: Client, people: People, website: Any) -> None:  # noqa: F811
    server = website(lambda request, line: Reply(body=_rss()) if request.path == "/new" else Reply(410))
    source = makers.source(people.program, feed_url=f"{server.url}/old")
    Source.objects.update(state="gone", last_error="gone", failures=1)
    listed = team.get("/manage/library/sources/").text
    assert "gone for good" in listed
    assert "Mend" in listed
    move = f"/manage/library/sources/{source.public_id}/move"
    still = team.post(move, {"do": "mend", "feed_url": f"{server.url}/old"}, follow=True)
    assert "It still does not work" in still.text
    mended = team.post(move, {"do": "mend", "feed_url": f"{server.url}/new"}, follow=True)
    assert "2 entries are in your inbox" in mended.text
    source.refresh_from_db()
    assert (source.state, source.failures) == ("active", 0)


def test_a_source_is_paused_resumed_and_removed(team: Client, people: People, website: Any) -> None:  # noqa: F811
    server = website(lambda request, line: Reply(body=_rss()))
    source = makers.source(people.program, feed_url=f"{server.url}/feed")
    move = f"/manage/library/sources/{source.public_id}/move"
    team.post(move, {"do": "pause"})
    assert "Paused" in team.get("/manage/library/sources/").text
    team.post(move, {"do": "mend"})
    assert Source.objects.get().state == Source.State.ACTIVE
    team.post(move, {"do": "remove"})
    assert Source.objects.get().archived_at is not None
    assert team.get(f"/manage/library/sources/{source.public_id}").status_code == 404


def test_a_topic_gets_a_name_in_each_language_and_is_shown_in_the_readers(
    team: Client, people: People, sign_in: SignIn
) -> None:
    team.post("/manage/library/topics/", {"new-en": "Craft", "new-pl": "Rzemiosło"})
    assert Topic.objects.get().name == {"en": "Craft", "pl": "Rzemiosło"}
    people.marta.language = "pl"
    people.marta.save()
    assert "<b>Rzemiosło</b>" in sign_in(people.marta).get("/manage/library/topics/").text
    refused = team.post("/manage/library/topics/", {"new-en": "craft"})
    assert refused.status_code == 422
    assert 'value="craft"' in refused.text


def test_topics_are_renamed_merged_and_put_away(team: Client, people: People) -> None:
    old, new = makers.topic(people.program, "Looms"), makers.topic(people.program, "Craft")
    post = makers.offered(people.program, topics=(old,))
    page = f"/manage/library/topics/{old.public_id}"
    team.post(page, {"do": "rename", f"{old.public_id}-en": "Weaving"})
    old.refresh_from_db()
    assert old.name == {"en": "Weaving"}
    itself = team.post(page, {"do": "merge", "into": old.public_id})
    assert itself.status_code == 422
    team.post(page, {"do": "merge", "into": new.public_id})
    assert list(post.topics.all()) == [new]
    assert team.post(page, {"do": "merge", "into": new.public_id}).status_code == 404
    team.post(f"/manage/library/topics/{new.public_id}", {"do": "archive"})
    assert not Topic.objects.filter(archived_at=None).exists()


def test_campaigns_are_added_changed_and_put_away(team: Client, people: People) -> None:
    team.post("/manage/library/campaigns/", {"new-name": "Spring 2027", "new-starts_on": "2027-03-01"})
    campaign = Campaign.objects.get()
    assert campaign.code == "spring-2027"
    page, prefix = f"/manage/library/campaigns/{campaign.public_id}", campaign.public_id
    wrong = {f"{prefix}-name": "Spring", f"{prefix}-starts_on": "2027-03-01", f"{prefix}-ends_on": "2027-02-01"}
    assert team.post(page, wrong).status_code == 422
    team.post(page, wrong | {f"{prefix}-ends_on": "2027-05-01"})
    campaign.refresh_from_db()
    assert (campaign.name, str(campaign.ends_on)) == ("Spring", "2027-05-01")
    team.post(page, {"do": "archive"})
    campaign.refresh_from_db()
    assert campaign.archived_at is not None


def test_a_campaign_that_was_put_away_stays_on_its_posts(team: Client, people: People) -> None:
    campaign = services.add_campaign(people.program, name="Old", at=MOMENT)
    post = makers.draft(people.program, campaign=campaign)
    services.archive_campaign(campaign, at=MOMENT)
    page = team.get(f"/manage/library/posts/{post.public_id}")
    assert page.context["form"]["campaign"].value() == campaign.public_id
    assert campaign.name in page.text

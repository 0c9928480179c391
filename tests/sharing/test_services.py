"""Making, moving, cancelling and confirming shares."""

from datetime import date, datetime, timedelta

import pytest

from tests.cast import MOMENT, People
from tests.sharing.library import make_account, make_post
from vocero.content.models import Campaign, Post, Topic
from vocero.people.models import Team
from vocero.sharing import services
from vocero.sharing.models import Link, Share
from vocero.sharing.services import Answer, Later, NotNow, NotShared

AT = MOMENT + timedelta(days=2)


def share(people: People, post: Post, **values: object) -> Share:
    known: dict[str, object] = {"network": "linkedin", "text": "A mill that runs on sunlight", "at": AT}
    return services.share_post(people.ana, post, **(known | values))  # type: ignore[arg-type]


def test_a_share_freezes_who_where_and_what(people: People) -> None:
    south = Team.objects.create(name="South", parent=people.house.sales)
    people.ana.team = south
    people.ana.save()
    post = make_post(people.house, origin="company", kind="branded", purposes=["educate", "entertain"])
    topic = Topic.objects.create(program=people.program, name={"en": "Energy"}, created_at=MOMENT)
    merged = Topic.objects.create(program=people.program, name={"en": "Power"}, alias_of=topic, created_at=MOMENT)
    post.topics.add(merged)
    post.campaign = Campaign.objects.create(program=people.program, name="Sun", code="sun-2026", created_at=MOMENT)
    post.save()
    caption = post.captions.get()

    made = share(people, post, caption=caption)
    people.ana.team = people.house.engineering
    people.ana.save()
    made.refresh_from_db()

    assert made.team_path == [people.house.sales.pk, south.pk]
    assert (made.team, made.location, made.country, made.language) == (south, "Madrid", "ES", "en")
    assert (made.origin, made.kind, made.purposes) == ("company", "branded", ["educate", "entertain"])
    assert made.topics == [topic.pk]
    assert made.campaign == post.campaign


def test_its_link_leads_to_the_post_and_names_no_person(people: People) -> None:
    post = make_post(people.house)
    post.campaign = Campaign.objects.create(program=people.program, name="Sun", code="sun-2026", created_at=MOMENT)
    post.save()
    caption = post.captions.get()

    link = share(people, post, caption=caption).link

    assert link.target_url == post.url
    assert link.utm == {
        "source": "linkedin",
        "medium": "employee-advocacy",
        "campaign": "sun-2026",
        "content": f"{post.public_id}-{caption.public_id}",
    }
    assert people.ana.public_id not in str(link.utm)


def test_a_post_without_an_address_has_no_link(people: People) -> None:
    share(people, make_post(people.house, url=""))
    assert not Link.objects.exists()


def test_without_an_account_it_is_a_handoff_that_counts_only_when_confirmed(people: People) -> None:
    made = share(people, make_post(people.house))
    assert (made.channel, made.state, made.out_at, made.day_on) == ("handoff", "started", None, None)

    services.confirm_handoff(made, Answer.NOT_NOW, at=AT)
    assert (made.state, made.asked_at) == ("started", AT)

    services.confirm_handoff(made, Answer.YES, at=AT + timedelta(hours=1))
    assert (made.state, made.certainty, made.out_at) == ("sent", "self_reported", AT + timedelta(hours=1))
    assert made.day_on == date(2026, 11, 18)


def test_a_click_proves_a_handoff_once(people: People) -> None:
    made = share(people, make_post(people.house))
    services.confirm_handoff(made, Answer.DID_NOT_POST, at=AT)
    assert made.state == "not_posted"

    night = datetime.fromisoformat("2026-11-18T23:30:00+00:00")
    assert services.confirm_by_click(made, at=night)
    assert not services.confirm_by_click(made, at=night + timedelta(days=1))

    made.refresh_from_db()
    assert (made.state, made.certainty, made.out_at, made.ended_at) == ("sent", "measured", night, None)
    assert made.day_on == date(2026, 11, 19), "the day is the company's, not UTC's"


def test_a_click_does_not_turn_a_self_report_into_a_measurement(people: People) -> None:
    made = share(people, make_post(people.house))
    services.confirm_handoff(made, Answer.YES, at=AT)
    assert not services.confirm_by_click(made, at=AT + timedelta(days=1))
    made.refresh_from_db()
    assert made.certainty == "self_reported"


def test_with_an_account_it_waits_ten_seconds_for_second_thoughts(people: People) -> None:
    account = make_account(people.ana)
    made = share(people, make_post(people.house), network="mastodon", account=account)
    assert (made.channel, made.state, made.due_at) == ("api", "planned", AT + timedelta(seconds=10))
    assert made.key

    services.cancel_share(made, at=AT)
    assert (made.state, made.reason) == ("cancelled", "by_member")
    with pytest.raises(NotNow):
        services.cancel_share(made, at=AT)


def test_practice_is_never_counted(people: People) -> None:
    made = share(people, make_post(people.house), network="practice")
    assert (made.channel, made.state, made.day_on, made.out_at) == ("practice", "sent", None, None)
    assert not Link.objects.exists()


@pytest.mark.parametrize(
    ("wall", "moment"),
    [
        ("2027-03-28T02:30", "2027-03-28T01:00+00:00"),  # skipped in Warsaw: the first moment after the gap
        ("2026-10-25T02:30", "2026-10-25T00:30+00:00"),  # doubled: once, the first time
        ("2026-12-01T08:00", "2026-12-01T07:00+00:00"),
    ],
)
def test_a_planned_time_is_the_clock_on_the_advocates_wall(people: People, wall: str, moment: str) -> None:
    later = Later(datetime.fromisoformat(wall), "Europe/Warsaw")
    assert later.moment == datetime.fromisoformat(moment)
    at = later.moment - timedelta(days=3)
    post = make_post(people.house)
    made = share(people, post, network="mastodon", account=make_account(people.ana), later=later, at=at)
    assert (made.due_at, made.due_wall, made.due_zone) == (later.moment, wall, "Europe/Warsaw")


@pytest.mark.parametrize("days", [-1, 32])
def test_a_time_in_the_past_or_too_far_ahead_is_refused(people: People, days: int) -> None:
    later = Later((AT + timedelta(days=days)).replace(tzinfo=None), "UTC")
    with pytest.raises(NotShared) as refused:
        share(people, make_post(people.house), network="mastodon", account=make_account(people.ana), later=later)
    assert refused.value.field == "when"
    assert not Share.objects.exists()


def test_nothing_is_planned_for_after_the_post_ends(people: People) -> None:
    post = make_post(people.house, expires_at=AT + timedelta(days=2))
    account = make_account(people.ana)
    good = Later((AT + timedelta(days=1)).replace(tzinfo=None), "UTC")
    made = share(people, post, network="mastodon", account=account, later=good)
    with pytest.raises(NotShared):
        services.schedule(made, later=Later((AT + timedelta(days=3)).replace(tzinfo=None), "UTC"), at=AT)
    services.schedule(made, later=Later((AT + timedelta(hours=3)).replace(tzinfo=None), "UTC"), at=AT)
    assert made.due_at == AT + timedelta(hours=3)


@pytest.mark.parametrize("who", ["paused", "left", "declined", "nobody_asked"])
def test_those_who_do_not_take_part_are_told_what_to_do(people: People, who: str) -> None:
    with pytest.raises(NotShared):
        services.share_post(getattr(people, who), make_post(people.house), network="linkedin", text="Hi", at=AT)


@pytest.mark.parametrize("values", [{"state": "archived"}, {"expires_at": AT}])
def test_a_post_that_is_gone_cannot_be_shared(people: People, values: dict[str, object]) -> None:
    with pytest.raises(NotShared):
        share(people, make_post(people.house, **values))


def test_leaving_cancels_everything_planned(people: People) -> None:
    account = make_account(people.ana)
    planned = share(people, make_post(people.house), network="mastodon", account=account)
    handed = share(people, make_post(people.house, url="https://aurora.example/two"))
    assert services.cancel_planned(people.ana, at=AT, reason="left") == 1
    planned.refresh_from_db()
    handed.refresh_from_db()
    assert (planned.state, planned.reason, handed.state) == ("cancelled", "left", "started")

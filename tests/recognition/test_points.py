"""Points: what earns, what never does, and a ledger that only grows."""

import random
from datetime import date, datetime, timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from tests.cast import People
from tests.measurement.facts import click_on, convert_on, noon, share_on
from tests.sharing.library import make_post
from vocero.company.models import Installation, Program
from vocero.recognition import queries, services
from vocero.recognition.models import LedgerEntry
from vocero.recognition.rules import clicked, personalized, shared
from vocero.recognition.rules.registry import RULES
from vocero.sharing.models import Share
from vocero.tracking.models import ShareTotal

DAY = date(2026, 11, 17)
LATER = noon(DAY) + timedelta(hours=2)
BY_API = {"channel": Share.Channel.API, "certainty": Share.Certainty.PUBLISHED, "network": "mastodon"}


def points(people: People) -> int:
    """What Ana has."""
    return queries.total_points(people.ana, people.program)


def test_a_published_share_in_own_words_earns_five_and_three(people: People) -> None:
    share_on(people.ana, make_post(people.house), DAY, personalized=True, **BY_API)
    services.score(at=LATER)
    assert points(people) == 8


def test_a_handoff_earns_with_its_first_valid_click_and_not_before(people: People) -> None:
    share = share_on(people.ana, make_post(people.house), DAY)
    services.score(at=LATER)
    assert points(people) == 0
    click_on(share, DAY, [1], "bot")
    services.score(at=LATER)
    assert points(people) == 0
    click_on(share, DAY, [1, 1, 2])
    services.score(at=LATER)
    assert points(people) == 5 + 2


def test_scoring_again_gives_nothing_twice(people: People) -> None:
    share = share_on(people.ana, make_post(people.house), DAY, **BY_API)
    click_on(share, DAY, [1, 2, 3])
    assert services.score(at=LATER) > 0
    assert services.score(at=LATER) == 0
    assert points(people) == 5 + 3


def test_a_share_earns_for_at_most_twenty_clicks(people: People) -> None:
    share = share_on(people.ana, make_post(people.house), DAY, **BY_API)
    click_on(share, DAY, list(range(1, 31)))
    services.score(at=LATER)
    assert points(people) == 5 + 20


def test_three_shares_a_day_earn_and_a_late_click_takes_nobodys_place(people: People) -> None:
    shares = [share_on(people.ana, make_post(people.house), DAY, **BY_API) for _ in range(3)]
    late = share_on(people.ana, make_post(people.house), DAY, out_at=noon(DAY) - timedelta(hours=3))
    services.score(at=LATER)
    assert points(people) == 15
    click_on(late, DAY, [1])
    services.score(at=LATER)
    assert points(people) == 15
    assert set(queries.points_of([*shares, late])) == {share.pk for share in shares}


def test_the_same_post_on_the_same_network_earns_once_a_day(people: People) -> None:
    post = make_post(people.house)
    for _ in range(2):
        share_on(people.ana, post, DAY, **BY_API)
    share_on(people.ana, post, DAY, **BY_API | {"network": "bluesky"})
    services.score(at=LATER)
    assert points(people) == 10


@pytest.mark.parametrize("values", [{"disclosed": False}, {"channel": Share.Channel.PRACTICE, "network": "practice"}])
def test_undisclosed_and_practice_shares_earn_nothing(people: People, values: dict[str, object]) -> None:
    share = share_on(people.ana, make_post(people.house), DAY, **BY_API | values)
    click_on(share, DAY, [1])
    services.score(at=LATER)
    assert points(people) == 0


def test_points_can_be_off_for_the_company_or_a_country(people: People) -> None:
    share_on(people.ana, make_post(people.house), DAY, **BY_API | {"country": "ES"})
    Installation.objects.update(points_off_countries=["ES"])
    services.score(at=LATER)
    assert points(people) == 0
    Installation.objects.update(points_off_countries=[], points_enabled=False)
    services.score(at=LATER)
    assert points(people) == 0
    people.ana.country = "ES"
    assert not queries.points_on(people.ana)


def test_a_corrected_click_is_taken_back_visibly(people: People) -> None:
    share = share_on(people.ana, make_post(people.house), DAY, **BY_API)
    click_on(share, DAY, [1, 2])
    services.score(at=LATER)
    from vocero.tracking.models import ShareTotal

    ShareTotal.objects.filter(share=share).update(unique=1)
    services.score(at=LATER)
    assert points(people) == 5 + 1
    assert sorted(LedgerEntry.objects.filter(rule="clicked").values_list("points", flat=True)) == [-1, 2]


def test_the_composer_is_told_what_a_share_would_earn_and_why_not(people: People) -> None:
    post = make_post(people.house)
    ask = {"network": "mastodon", "by_api": True, "disclosed": True, "program": people.program, "at": LATER}
    assert queries.worth(people.ana, post_id=post.pk, **ask) == queries.Worth(5, 3, 20)
    assert queries.worth(people.ana, post_id=post.pk, **ask | {"disclosed": False}).reason == "undisclosed"
    share_on(people.ana, post, DAY, **BY_API)
    services.score(at=LATER)
    assert queries.worth(people.ana, post_id=post.pk, **ask).reason == "again"
    for _ in range(2):
        share_on(people.ana, make_post(people.house), DAY, **BY_API)
    services.score(at=LATER)
    assert queries.worth(people.ana, post_id=make_post(people.house).pk, **ask).reason == "capped"


def test_first_click_conversion_note_and_team_thanks_stand_on_the_share(people: People) -> None:
    post = make_post(people.house)
    share = share_on(people.ana, post, DAY, **BY_API)
    assert queries.thanks_for([share])[share.pk].is_empty
    click_on(share, DAY, [1])
    convert_on(people.house, DAY, share)
    people.ana.enrolments.update(shows_name=True)
    services.write_note(share, author=people.bruno, text="Loved this one.", at=LATER)
    services.thank_for_post(post, by=people.marta, text="Thank you, all of you.", at=LATER)
    thanks = queries.thanks_for([share])[share.pk]
    assert thanks.first_click_at is not None
    assert thanks.first_conversion_at is not None
    assert [note.text for note in thanks.notes] == ["Loved this one."]
    assert [one.text for one in thanks.from_team] == ["Thank you, all of you."]


def test_nobody_can_be_thanked_who_did_not_choose_to_be_named(people: People) -> None:
    share = share_on(people.ana, make_post(people.house), DAY, **BY_API)
    with pytest.raises(services.NotThanked):
        services.write_note(share, author=people.bruno, text="I saw you.", at=LATER)
    assert queries.named_sharers([share.post_id], people.program, but=people.bruno) == {}


def test_whoever_is_not_looked_at_has_the_points_that_the_rules_give(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(4)
    posts = [make_post(people.house, url=f"https://aurora.example/{number}") for number in range(3)]
    shares: list[Share] = []
    for turn in range(12):
        for _ in range(4):
            member, day = chance.choice(people.advocates[:5]), DAY - timedelta(days=chance.randrange(3))
            values = BY_API if chance.random() < 0.6 else {}
            own, told = chance.random() < 0.5, chance.random() < 0.8
            shares.append(share_on(member, chance.choice(posts), day, personalized=own, disclosed=told, **values))
        for share in chance.sample(shares, 3):
            click_on(share, DAY, [chance.randrange(40) for _ in range(chance.randrange(1, 9))])
        for total in ShareTotal.objects.filter(share__in=chance.sample(shares, 2)):
            ShareTotal.objects.filter(share=total.share_id).update(valid=total.valid // 2, unique=total.unique // 3)
        Installation.objects.update(points_enabled=turn != 5, points_off_countries=["ES"] if turn == 8 else [])
        services.score(at=LATER)
        with monkeypatch.context() as patched:
            patched.setattr(services, "unsettled", everybody)
            assert services.score(at=LATER) == 0, turn


def everybody(_installation: Installation, program: Program, since: datetime) -> dict[date, list[int]]:
    """Every member with a share, as if none were settled."""
    found: dict[date, list[int]] = {}
    for day_on, member in Share.objects.filter(program=program, out_at__gte=since).values_list("day_on", "member"):
        assert day_on is not None
        found.setdefault(day_on, []).append(member)
    return {day_on: sorted(set(members)) for day_on, members in found.items()}


def test_every_rule_is_known_to_the_search_for_what_is_not_settled() -> None:
    assert {rule.name for rule in RULES} == {"shared", "personalized", "clicked"}
    assert sum(rule.most for rule in RULES) == shared.POINTS + personalized.POINTS + clicked.MOST


def test_a_settled_company_is_scored_without_looking_at_a_single_share(
    people: People, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for member in people.advocates[:5]:
        click_on(share_on(member, make_post(people.house), DAY, **BY_API), DAY, [1, 2])
    services.score(at=LATER)
    with django_assert_max_num_queries(5):
        services.score(at=LATER)

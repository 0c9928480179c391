"""Folding in the database gives what folding facts one by one gives, writes only what differs, and mends what is wrong."""

import random
from collections import Counter, defaultdict
from datetime import date, timedelta
from typing import Any

import pytest
from django.db.models import F

from tests.cast import People
from tests.measurement import by_hand
from tests.measurement.facts import click_on, convert_on, count_visitors, live, noon, read_on, share_on
from tests.sharing.library import make_post
from vocero.lib.periods import days_between
from vocero.measurement import services
from vocero.measurement.adoption import adoption_at, adoption_over
from vocero.measurement.dimensions import FROZEN_FIELDS
from vocero.measurement.models import AdvocateDay, ConversionStat, EngagementStat, FoldedDay, ShareStat, ShareWeek
from vocero.people.models import ConsentEvent, Enrolment, Invitation
from vocero.sharing.models import Share
from vocero.tracking.models import Click, ClickStat

DAY = date(2026, 11, 18)


def kept(table: Any, day: date) -> by_hand.Rows:
    """Give the rows of a day: the key without the day, the counts."""
    of_key = [name for name in table._meta.pk.field_names if name != "day_on"]
    fields = [field.attname for field in table._meta.concrete_fields]
    names = [name if name in fields else f"{name}_id" for name in of_key]
    counts = [name for name in fields if name not in {*names, "day_on"}]
    rows = table.objects.filter(day_on=day).values_list(*names, *counts)
    return {row[: len(names)]: row[len(names) :] for row in rows}


def weeks() -> dict[tuple[Any, ...], tuple[int, ...]]:
    names = ("program", "dimension", "week_on", "key", "network")
    counts = ("published", "measured", "self_reported", "personalized")
    return {row[:5]: row[5:] for row in ShareWeek.objects.values_list(*names, *counts)}


@pytest.mark.parametrize("seed", [11, 12, 13])
def test_what_the_database_folds_is_what_facts_give_one_by_one(db: None, seed: int) -> None:
    first_on, last_on = date(2026, 10, 20), date(2026, 11, 20)
    draw = random.Random(seed)
    company = live(seed, first_on=first_on, last_on=last_on, most_people=25, most_shares=120)
    odd: tuple[dict[str, Any], ...] = (
        {"topics": [7, 7, 9], "purposes": ["educate", "educate"], "team_path": []},
        {"topics": [], "campaign_id": None, "origin": "", "kind": "", "location": "", "language": ""},
        {"location": "Kraków '%s' \"ñ\"", "team_path": [3, 1, 3], "personalized": True},
    )
    for share in draw.sample(company.shares, len(company.shares) // 2):
        Share.objects.filter(pk=share.pk).update(**draw.choice(odd))
    for share in draw.sample(company.shares, 8):
        day = first_on + timedelta(days=draw.randrange(32))
        values = {"currency": "JPY", "company_amount": None, "amount": draw.choice([None, 2**40])}
        convert_on(company.house, day, draw.choice([share, None]), **draw.choice([values, {}]))
    services.roll_up(first_on, last_on, at=noon(last_on))
    folded = 0
    for day in days_between(first_on, last_on):
        assert kept(ShareStat, day) == by_hand.share_stats(day)
        assert kept(AdvocateDay, day) == by_hand.advocate_days(day)
        assert kept(EngagementStat, day) == by_hand.engagement_stats(day)
        assert kept(ConversionStat, day) == by_hand.conversion_stats(day, company.house.installation.currency)
        folded += bool(kept(ShareStat, day)) + bool(kept(EngagementStat, day)) + bool(kept(ConversionStat, day))
    assert folded > 30


def test_a_share_that_comes_and_goes_leaves_no_row_behind(people: People) -> None:
    posts = [make_post(people.house) for _ in range(5)]
    for post in posts:
        share_on(people.bruno, post, DAY, network="x")
    services.roll_up_recent(at=noon(DAY))
    share_on(people.ana, posts[0], DAY, network="bluesky")
    services.roll_up_recent(at=noon(DAY))
    assert kept(ShareStat, DAY) == by_hand.share_stats(DAY)
    assert ShareWeek.objects.filter(network="bluesky").exists()
    Share.objects.filter(network="bluesky").update(certainty="", day_on=None)
    services.roll_up_recent(at=noon(DAY))
    assert kept(ShareStat, DAY) == by_hand.share_stats(DAY)
    assert not ShareStat.objects.filter(network="bluesky").exists()
    assert not ShareWeek.objects.filter(network="bluesky").exists()


def test_a_reading_that_is_taken_back_is_folded_without_it(people: People) -> None:
    share = share_on(people.ana, make_post(people.house), DAY)
    read_on(share, DAY, reactions=3)
    services.roll_up_recent(at=noon(DAY))
    read_on(share, DAY, reactions=0)
    services.roll_up_recent(at=noon(DAY))
    assert not EngagementStat.objects.exists()


@pytest.mark.parametrize("what", ["days", "weeks", "both", "too much", "a week too many"])
def test_a_rebuild_mends_days_and_weeks_that_are_wrong(people: People, what: str) -> None:
    post = make_post(people.house)
    for ahead in range(9):
        share_on(people.ana, post, DAY + timedelta(days=ahead % 4 * 3), network=("x", "linkedin")[ahead % 2])
    at = noon(DAY + timedelta(days=9))
    services.roll_up_recent(at=at)
    days, sums = {day: kept(ShareStat, day) for day in days_between(DAY, at.date())}, weeks()
    if what in {"days", "both"}:
        ShareStat.objects.filter(network="x").delete()
    if what in {"weeks", "both"}:
        ShareWeek.objects.filter(dimension="all").delete()
    if what == "too much":
        ShareWeek.objects.update(measured=F("measured") + 3)
        ShareStat.objects.filter(network="linkedin").update(personalized=F("personalized") + 1)
    if what == "a week too many":
        ShareWeek.objects.create(
            program=people.house.program,
            dimension="team",
            week_on=date(2026, 11, 16),
            key="404",
            network="x",
            measured=2,
        )
    services.rebuild(since=services.oldest_complete_day(at), at=at)
    assert {day: kept(ShareStat, day) for day in days} == days
    assert weeks() == sums
    assert FoldedDay.objects.filter(source="shares").count() == 4


@pytest.mark.parametrize("seed", [4, 5])
def test_people_of_many_days_in_one_pass_are_those_of_each_day(db: None, seed: int) -> None:
    first_on, last_on = date(2026, 9, 20), date(2026, 11, 20)
    draw = random.Random(seed)
    company = live(seed, first_on=first_on, last_on=last_on, most_people=40, most_shares=90)
    at = [noon(first_on) + timedelta(hours=draw.randrange(62 * 24)) for _ in range(40)]
    for member in draw.sample(company.members, 6):
        member.deactivated_at = draw.choice(at)
        member.save()
    for enrolment in Enrolment.objects.all()[:20]:
        for moment in draw.sample(at, 3):
            state = draw.choice(list(Enrolment.State)).value
            ConsentEvent.objects.create(
                enrolment=enrolment, text=company.house.consent_text, state=state, language="en", at=moment
            )
    Invitation.objects.filter(pk__in=list(Invitation.objects.values_list("pk", flat=True)[:9])).update(sent_at=None)
    Invitation.objects.filter(member__in=company.members[:4]).update(channel="link", created_at=at[0])
    services.roll_up(first_on, last_on, at=noon(last_on))
    days = [day for day in days_between(first_on, last_on) if draw.random() < 0.8]
    ends = [(day, noon(day) + timedelta(hours=12)) for day in days]
    ends[5] = (ends[5][0], at[7]) if ends[4][1] < at[7] < ends[6][1] else ends[5]
    found = adoption_over(company.house.program.pk, ends)
    assert found == [adoption_at(company.house.program.pk, moment, day) for day, moment in ends]
    assert len({one.joined for one in found}) > 3
    assert len({one.active for one in found}) > 3


def test_visitors_of_every_key_are_distinct_also_when_somebody_comes_by_many_links(db: None) -> None:
    company = live(21, first_on=DAY - timedelta(days=9), last_on=DAY, most_people=12, most_shares=60)
    draw = random.Random(21)
    for share in company.shares:
        click_on(share, DAY, draw.sample(range(1, 9), draw.randint(0, 5)))
    count_visitors()
    seen: dict[tuple[Any, ...], set[int]] = defaultdict(set)
    for click in Click.of_day(DAY).filter(verdict="valid").select_related("link__share"):
        assert click.link.share
        frozen = {field: getattr(click.link.share, field) for field in FROZEN_FIELDS}
        for cut in by_hand.keys(frozen):
            for network in (click.link.share.network, ClickStat.EVERY_NETWORK):
                seen[(*cut, network)].add(click.visitor)
    stats = ClickStat.objects.filter(day_on=DAY).values_list("dimension", "key", "network", "visitors")
    assert {row[:3]: row[3] for row in stats} == {cut: len(visitors) for cut, visitors in seen.items()}
    assert max(Counter(Click.of_day(DAY).filter(verdict="valid").values_list("visitor", flat=True)).values()) > 5

"""Roll-ups: folded once, again when facts change, and the same rows after deleting all of them."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db.models import Sum

from tests.cast import House, People
from tests.measurement.facts import click_on, convert_on, count_visitors, join, live, noon, read_on, share_on
from tests.sharing.library import make_post
from vocero.config.management.commands.verify import FOLDED
from vocero.measurement import services
from vocero.measurement.models import (
    AdvocateDay,
    ConversionStat,
    EngagementStat,
    FoldedDay,
    Headcount,
    Participation,
    SharedPost,
    ShareStat,
    ShareWeek,
    SoFar,
)
from vocero.sharing.models import Share
from vocero.tracking import services as services_of_clicks
from vocero.tracking.models import (
    ClickStat,
    ClickWeek,
    Conversion,
    MemberDay,
    MemberMonth,
    RequestStat,
    ShareDay,
    ShareTotal,
    VisitorCount,
)

DAY = date(2026, 11, 18)
TABLES = (
    ClickStat, ClickWeek, RequestStat, ShareDay, ShareTotal, MemberDay, MemberMonth, VisitorCount,
    ShareStat, ShareWeek, EngagementStat, ConversionStat, AdvocateDay, Participation, SharedPost, Headcount, FoldedDay,
    SoFar,
)  # fmt: skip
FACTS_OR_DECISIONS = {
    # tracking: what happened, how far it was read, and where it is kept
    "DailySalt", "OwnVisit", "SegmentCursor", "ClickArrival", "Referrer", "Click", "ClickMonth", "ExportCursor", "Conversion",
    # measurement: what people have set, and what was decided once and stays
    "Rate", "MonthPlan", "ReportLink", "DisclosureDecision", "DisclosedCell",
    # recognition: what was earned, said and thanked
    "LedgerEntry", "ScoreLock", "Note", "PostThanks",
}  # fmt: skip
MADE_ELSEWHERE = {"AudienceTotal", "Slice", "PeriodPoints"}
"""Counted from what holds now, worked out again when facts differ, and made anew by tests/recognition."""

BY_THE_WAY = {"VisitorCount", "FoldedDay", "SoFar"}
"""How far counting came, and followers as they were known at the time: what verify has no say in."""


def test_no_derived_table_is_forgotten_by_this_test_or_by_verify() -> None:
    apps_with_some = ("tracking", "measurement", "recognition")
    models = {model.__name__ for app in apps_with_some for model in apps.get_app_config(app).get_models()}
    derived = {table.__name__ for table in TABLES}
    assert models - FACTS_OR_DECISIONS - MADE_ELSEWHERE == derived, "a new table: is it made anew, or is it a fact?"
    verified = {table.__name__ for table in (*services_of_clicks.ROLL_UPS, *FOLDED)}
    assert verified == derived - BY_THE_WAY


def rows() -> dict[str, list[tuple[Any, ...]]]:
    """Give all roll-ups without their ids."""
    kept = {}
    for table in TABLES:
        fields = [column.attname for column in table._meta.concrete_fields if column.attname != "id"]
        kept[table.__name__] = sorted(table._default_manager.values_list(*fields), key=repr)
    return kept


def total(dimension: str, key: str = "", **values: Any) -> int:
    found = ShareStat.objects.filter(dimension=dimension, key=key, **values)
    return sum(stat.published + stat.measured + stat.self_reported for stat in found)


def test_a_share_counts_under_each_of_its_frozen_keys_and_apart_by_certainty(people: People) -> None:
    post = make_post(people.house, purposes=["enlighten", "educate"])
    share_on(people.ana, post, DAY, certainty=Share.Certainty.PUBLISHED, network="bluesky", personalized=True)
    share_on(people.ana, post, DAY)
    services.roll_up_recent(at=noon(DAY))
    everybody = ShareStat.objects.filter(dimension="all").values_list(
        "network", "published", "measured", "self_reported", "personalized"
    )
    assert set(everybody) == {("bluesky", 1, 0, 0, 1), ("linkedin", 0, 0, 1, 0)}
    assert total("post", str(post.pk)) == total("team", str(people.house.sales.pk)) == 2
    assert total("purpose", "educate") == total("purpose", "enlighten") == 2
    assert Participation.objects.get(period_kind="month").advocates == 1


def test_started_practice_and_unconfirmed_shares_are_in_no_roll_up(people: People) -> None:
    post = make_post(people.house)
    nowhere: dict[str, Any] = {"out_at": None, "day_on": None, "certainty": ""}
    share_on(people.ana, post, DAY, state=Share.State.STARTED, **nowhere)
    share_on(people.bruno, post, DAY, state=Share.State.SENT, channel="practice", network="practice", **nowhere)
    share_on(people.celina, post, DAY, state=Share.State.UNCONFIRMED, channel="api", **nowhere)
    services.roll_up_recent(at=noon(DAY))
    assert not ShareStat.objects.exists()
    assert not AdvocateDay.objects.exists()


def test_a_second_run_without_new_facts_folds_nothing_and_changes_no_row(people: People) -> None:
    share_on(people.ana, make_post(people.house), DAY)
    first = services.roll_up_recent(at=noon(DAY))
    before = rows()
    second = services.roll_up_recent(at=noon(DAY))
    assert first.folded == (DAY,)
    assert second.folded == ()
    assert rows() == before


def test_a_share_that_becomes_measured_later_moves_on_its_own_day(people: People) -> None:
    share = share_on(people.ana, make_post(people.house), DAY)
    services.roll_up_recent(at=noon(DAY))
    Share.objects.filter(pk=share.pk).update(certainty=Share.Certainty.MEASURED)
    again = services.roll_up_recent(at=noon(DAY + timedelta(days=20)))
    assert again.folded == (DAY,)
    stat = ShareStat.objects.get(dimension="all")
    assert (stat.measured, stat.self_reported, stat.day_on) == (1, 0, DAY)


def test_a_late_conversion_and_its_correction_touch_their_own_day_alone(people: People) -> None:
    share = share_on(people.ana, make_post(people.house), DAY)
    convert_on(people.house, DAY, share)
    convert_on(people.house, DAY + timedelta(days=1), share)
    services.roll_up_recent(at=noon(DAY + timedelta(days=1)))
    before, later = rows(), noon(DAY + timedelta(days=20))
    late = convert_on(people.house, DAY, share, received_at=later)
    counted = ConversionStat.objects.filter(dimension="all", state="credited").order_by("day_on")
    assert services.roll_up_recent(at=later).folded == (DAY,)
    assert list(counted.values_list("count", flat=True)) == [2, 1]
    Conversion.objects.filter(pk=late.pk).update(state=Conversion.State.NOT_CREDITED)
    assert services.roll_up_recent(at=later).folded == (DAY,)
    assert list(counted.values_list("count", flat=True)) == [1, 1]
    late.delete()
    services.roll_up_recent(at=later)
    changed = {name for name, found in rows().items() if found != before[name]}
    assert changed <= {"Headcount", "FoldedDay", "Participation", "SoFar"}


def test_engagement_is_what_the_totals_grew_by_and_a_late_reading_mends_the_day_after(people: People) -> None:
    share = share_on(people.ana, make_post(people.house), DAY)
    read_on(share, DAY, reactions=3)
    read_on(share, DAY + timedelta(days=2), reactions=10, comments=1)
    services.roll_up_recent(at=noon(DAY + timedelta(days=2)))
    read_on(share, DAY + timedelta(days=1), reactions=5)
    services.roll_up_recent(at=noon(DAY + timedelta(days=2)))
    by_day = EngagementStat.objects.filter(dimension="all").order_by("day_on").values_list("reactions", "comments")
    assert list(by_day) == [(3, 0), (2, 0), (5, 1)]


def test_an_amount_without_a_rate_stays_in_its_own_currency(people: People) -> None:
    share = share_on(people.ana, make_post(people.house), DAY)
    convert_on(people.house, DAY, share)
    convert_on(people.house, DAY, share, amount=5_000, currency="USD", company_amount=None)
    convert_on(people.house, DAY, share, state="test")
    convert_on(people.house, DAY)
    services.roll_up_recent(at=noon(DAY))
    stats = ConversionStat.objects.filter(dimension="all").values_list(
        "state", "currency", "converted", "count", "amount"
    )
    assert set(stats) == {
        ("credited", "EUR", True, 1, 10_000),
        ("credited", "USD", False, 1, 5_000),
        ("not_credited", "EUR", True, 1, 10_000),
    }
    assert not ConversionStat.objects.exclude(dimension="all").filter(state="not_credited").exists()


def test_headcount_follows_answers_day_by_day(house: House, people: People) -> None:
    member = people.nobody_asked
    services.roll_up_recent(at=noon(DAY))
    before = Headcount.objects.get(day_on=DAY)
    join(member, house, at=noon(DAY + timedelta(days=1)))
    services.roll_up_recent(at=noon(DAY + timedelta(days=1)))
    after = Headcount.objects.get(day_on=DAY + timedelta(days=1))
    assert (after.invited - before.invited, after.joined - before.joined) == (1, 1)
    assert Headcount.objects.get(day_on=DAY).joined == before.joined


def test_days_without_a_worker_are_counted_when_it_is_back(people: People) -> None:
    services.roll_up_recent(at=noon(DAY))
    join(people.nobody_asked, people.house, at=noon(DAY) + timedelta(hours=2))
    services.roll_up_recent(at=noon(DAY + timedelta(days=4)))
    joined = list(Headcount.objects.filter(day_on__gte=DAY).order_by("day_on").values_list("joined", flat=True))
    assert joined == [12, 12, 12, 12, 12]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_roll_ups_deleted_and_rebuilt_are_the_same_rows(db: None, seed: int) -> None:
    first_on, last_on = date(2026, 9, 20), date(2026, 11, 20)
    company = live(seed, first_on=first_on, last_on=last_on, most_people=20, most_shares=60)
    for day in (first_on, date(2026, 10, 3), date(2026, 11, 1), last_on):
        services.roll_up_recent(at=noon(day))
    share_on(company.members[0], company.posts[0], date(2026, 10, 5))
    click_on(company.shares[0], last_on, [1, 1, 2])
    count_visitors()
    services.roll_up_recent(at=noon(last_on))
    services.roll_up(first_on - timedelta(days=9), last_on, at=noon(last_on))
    incremental = rows()
    for table in TABLES:
        table._default_manager.all().delete()
    services.rebuild(since=services.oldest_complete_day(noon(last_on)), at=noon(last_on))
    rebuilt = rows()
    assert rebuilt == incremental
    services.rebuild(since=date(2026, 10, 1), at=noon(last_on))
    assert rows() == rebuilt
    assert (
        ShareStat.objects.filter(dimension="all").aggregate(
            shares=Sum("published") + Sum("measured") + Sum("self_reported")
        )["shares"]
        == len(company.shares) + 1
    )


def test_rebuild_refuses_days_before_the_facts_and_days_to_come(people: People) -> None:
    with pytest.raises(services.NotRebuilt, match="2026-11-16"):
        services.rebuild(since=date(2026, 11, 1), at=noon(DAY))
    with pytest.raises(services.NotRebuilt, match="still to come"):
        services.rebuild(since=DAY + timedelta(days=1), at=noon(DAY))

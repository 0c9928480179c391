"""Weeks move with their days, a period knows what it came to by each day, and posts are marked once they are shared."""

from datetime import date, timedelta
from typing import Any

import pytest

from tests.cast import People
from tests.measurement.facts import noon, share_on
from tests.sharing.library import make_post
from vocero.lib.periods import Period, PeriodKind
from vocero.measurement import queries, services
from vocero.measurement.dimensions import Dimension
from vocero.measurement.models import AdvocateDay, SharedPost, ShareStat, ShareWeek, SoFar
from vocero.measurement.spans import Span
from vocero.measurement.weeks import monday_of, split
from vocero.networks.models import Audience
from vocero.sharing.models import Share

SUNDAY = date(2026, 11, 15)
LAST = date(2026, 11, 30)


def kept_weeks() -> dict[tuple[Any, ...], tuple[int, ...]]:
    rows = ShareWeek.objects.values_list(
        "dimension", "key", "network", "week_on", "published", "measured", "self_reported"
    )
    return {row[:4]: tuple(row[4:]) for row in rows}


def weeks_of_days() -> dict[tuple[Any, ...], tuple[int, ...]]:
    found: dict[tuple[Any, ...], list[int]] = {}
    for stat in ShareStat.objects.all():
        row = found.setdefault((stat.dimension, stat.key, stat.network, monday_of(stat.day_on)), [0, 0, 0])
        for place, value in enumerate((stat.published, stat.measured, stat.self_reported)):
            row[place] += value
    return {key: tuple(row) for key, row in found.items()}


def test_weeks_are_the_sums_of_their_days_through_every_change(people: People) -> None:
    post = make_post(people.house)
    for ahead in range(15):
        share_on(people.ana, post, SUNDAY + timedelta(days=ahead), network=("linkedin", "x")[ahead % 2])
    services.roll_up_recent(at=noon(LAST))
    assert len(kept_weeks()) > 2
    assert kept_weeks() == weeks_of_days()
    share_on(people.bruno, post, SUNDAY)
    Share.objects.filter(day_on=SUNDAY + timedelta(days=1)).update(day_on=None, certainty="")
    Share.objects.filter(day_on=SUNDAY + timedelta(days=2)).update(certainty=Share.Certainty.MEASURED)
    services.roll_up_recent(at=noon(LAST))
    assert kept_weeks() == weeks_of_days()
    before = kept_weeks()
    services.rebuild(since=SUNDAY, at=noon(LAST))
    assert kept_weeks() == before == weeks_of_days()
    Share.objects.update(day_on=None, certainty="")
    services.roll_up_recent(at=noon(LAST))
    assert kept_weeks() == {}


@pytest.mark.parametrize("days", [1, 6, 7, 8, 13, 14, 20, 30, 92])
@pytest.mark.parametrize("first_on", [date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 4), date(2026, 12, 27)])
def test_edges_and_whole_weeks_are_each_day_once(first_on: date, days: int) -> None:
    last_on = first_on + timedelta(days=days - 1)
    edges, weeks = split(first_on, last_on)
    found = [begin + timedelta(days=n) for begin, end in edges for n in range((end - begin).days + 1)]
    if weeks:
        assert weeks[0].weekday() == weeks[1].weekday() == 0
        found += [weeks[0] + timedelta(days=n) for n in range((weeks[1] - weeks[0]).days + 7)]
    assert sorted(found) == [first_on + timedelta(days=n) for n in range(days)]


def test_a_cut_of_a_month_and_of_its_beginning_is_the_sum_of_its_days(people: People) -> None:
    post = make_post(people.house)
    for ahead in range(-20, 15):
        share_on(people.ana, post, SUNDAY + timedelta(days=ahead), network=("linkedin", "x")[ahead % 2])
    services.roll_up_recent(at=noon(LAST))
    month = Period.of(PeriodKind.MONTH, SUNDAY)
    for today in (LAST, date(2026, 11, 22), date(2026, 11, 10), date(2026, 11, 1)):
        span = Span.until(month, today)
        found = queries.breakdown(people.program.pk, Dimension.POST, span, span.before(), currency="EUR")
        for one, rows in zip((span, span.before()), found, strict=True):
            counted = Share.objects.filter(post=post, day_on__range=one.days).count()
            assert (rows[str(post.pk)].shares if counted else 0) == counted


def test_a_period_knows_by_each_day_how_many_shared_and_whom_they_could_reach(people: People) -> None:
    post = make_post(people.house)
    tenth, twentieth = date(2026, 11, 10), date(2026, 11, 20)
    for member, day, network in (
        (people.ana, tenth, "linkedin"), (people.ana, twentieth, "x"), (people.bruno, twentieth, "linkedin"),
        (people.celina, twentieth, "linkedin"), (people.ana, twentieth, "linkedin"),
    ):  # fmt: skip
        share_on(member, post, day, network=network)
    for member, network, low, origin in (
        (people.ana, "linkedin", 100, "entered"), (people.ana, "x", 10, "read"), (people.bruno, "linkedin", 1000, "entered"),
        (people.celina, "x", 5000, "entered"),
    ):  # fmt: skip
        Audience.objects.create(
            member=member, network=network, low=low, high=2 * low, origin=origin, updated_at=noon(tenth)
        )
    services.roll_up_recent(at=noon(LAST))
    month = Period.of(PeriodKind.MONTH, tenth)
    said = [
        queries.people_so_far(people.program.pk, Span.until(month, day))[0] for day in (date(2026, 11, 9), tenth, LAST)
    ]
    assert [(row.advocates, row.low, row.high, row.people, row.numbers, row.read) for row in said] == [
        (0, 0, 0, 0, 0, 0), (1, 100, 200, 1, 1, 0), (3, 1110, 2220, 2, 3, 1),
    ]  # fmt: skip
    assert queries.average_audience() == ((6110 + 12220) // 6, 3)
    for row in SoFar.objects.filter(period_kind="month"):
        shared = AdvocateDay.objects.filter(day_on__range=(row.first_on, row.day_on))
        assert row.advocates == shared.values("member").distinct().count()


def test_followers_told_later_count_for_this_period_and_the_last(people: People) -> None:
    share_on(people.ana, make_post(people.house), date(2026, 11, 20))
    services.roll_up_recent(at=noon(LAST))
    Audience.objects.create(
        member=people.ana, network="linkedin", low=1, high=1, origin="entered", updated_at=noon(LAST)
    )
    services.roll_up_recent(at=noon(LAST) + timedelta(minutes=11))
    span = Span.until(Period.of(PeriodKind.MONTH, LAST), LAST)
    assert queries.people_so_far(people.program.pk, span)[0].low == 1


def test_a_post_is_marked_while_a_counted_share_of_it_exists(people: People) -> None:
    once, twice, _never = (make_post(people.house) for _ in range(3))
    for post, day in ((once, SUNDAY), (twice, SUNDAY), (twice, LAST)):
        share_on(people.ana, post, day)
    services.roll_up_recent(at=noon(LAST))
    assert set(SharedPost.objects.values_list("pk", flat=True)) == {once.pk, twice.pk}
    Share.objects.filter(day_on=SUNDAY).update(day_on=None, certainty="")
    services.roll_up_recent(at=noon(LAST))
    assert set(SharedPost.objects.values_list("pk", flat=True)) == {twice.pk}

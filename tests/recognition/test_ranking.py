"""The ranking: kept by period from the ledger, names by choice alone, and everybody's own place."""

from collections import Counter
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext

from tests.cast import People, make_member
from tests.measurement.facts import click_on, noon, share_on
from tests.sharing.library import make_post
from vocero.lib.periods import Period, PeriodKind
from vocero.people.models import Enrolment, Member
from vocero.recognition import period_points, ranking, services
from vocero.recognition.models import LedgerEntry, PeriodPoints
from vocero.sharing.models import Share

LAST_OF_MONTH, FIRST_OF_NEXT = date(2026, 10, 31), date(2026, 11, 1)
LATER = noon(FIRST_OF_NEXT) + timedelta(hours=2)
OCTOBER, NOVEMBER = (Period.of(PeriodKind.MONTH, day) for day in (LAST_OF_MONTH, FIRST_OF_NEXT))
BY_API: dict[str, Any] = {
    "channel": Share.Channel.API, "certainty": Share.Certainty.PUBLISHED, "network": "mastodon",
}  # fmt: skip


def seven_earn(people: People) -> list[Member]:
    """Seven advocates earn 5, 6, 7 ... points on the last day of October; Ana, the first, also in November."""
    members = list(
        Member.objects.filter(enrolments__program=people.program, enrolments__state=Enrolment.State.JOINED).order_by(
            "pk"
        )
    )[:7]
    assert people.ana in members
    members.sort(key=lambda member: (member != people.ana, member.pk))
    for number, member in enumerate(members):
        share = share_on(member, make_post(people.house), LAST_OF_MONTH, **BY_API)
        click_on(share, LAST_OF_MONTH, list(range(1, number + 1)))
    share_on(people.ana, make_post(people.house), FIRST_OF_NEXT, **BY_API)
    services.score(at=LATER)
    return members


def rows() -> Counter[tuple[Any, ...]]:
    """All rows of points by period."""
    return Counter(PeriodPoints.objects.values_list("program", "kind", "first_on", "member", "points"))


def test_every_member_sees_the_own_place_and_no_more(people: People) -> None:
    members = seven_earn(people)
    last = ranking.standing(members[0], people.program, OCTOBER)
    assert (last.place, last.points, last.of) == (7, 5, 7)
    assert ranking.standing(members[6], people.program, OCTOBER).place == 1
    assert ranking.standing(members[0], people.program, None) == ranking.Standing(2, 10, 7)
    assert ranking.standing(people.marta, people.program, OCTOBER) == ranking.Standing(None, 0, 7)


def test_equal_points_share_a_place(people: People) -> None:
    members = seven_earn(people)
    share = share_on(members[5], make_post(people.house), LAST_OF_MONTH, **BY_API | {"network": "bluesky"})
    click_on(share, LAST_OF_MONTH, [1])
    fifth = share_on(members[4], make_post(people.house), LAST_OF_MONTH, **BY_API | {"network": "bluesky"})
    click_on(fifth, LAST_OF_MONTH, [1, 2])
    services.score(at=LATER)
    places = [ranking.standing(member, people.program, OCTOBER).place for member in members]
    assert places == [7, 6, 5, 4, 1, 1, 3]


def test_the_very_many_are_counted_once_for_everybody_and_those_in_front_for_each(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    members = seven_earn(people)
    exact = [ranking.standing(one, people.program, OCTOBER) for one in (*members, people.marta)]
    monkeypatch.setattr(ranking, "NEAR", 2)
    ranking.forget()
    assert [ranking.standing(one, people.program, OCTOBER) for one in (*members, people.marta)] == exact
    with CaptureQueriesContext(connection) as asked:
        ranking.standing(members[0], people.program, OCTOBER)
    assert len(asked) == 2
    share = share_on(members[0], make_post(people.house), LAST_OF_MONTH, **BY_API | {"network": "bluesky"})
    click_on(share, LAST_OF_MONTH, list(range(50)))
    services.score(at=LATER)
    assert ranking.standing(members[0], people.program, OCTOBER).place == 1
    assert ranking.standing(members[6], people.program, OCTOBER).place == 2
    kept = connection.vendor == "postgresql"
    assert ranking.standing(members[1], people.program, OCTOBER).place == (6 if kept else 7)
    monkeypatch.setattr(ranking, "KEPT_FOR", 0.0)
    assert ranking.standing(members[1], people.program, OCTOBER) == ranking.Standing(7, 6, 7)
    monkeypatch.setattr(ranking, "KEPT_FOR", 60.0)
    PeriodPoints.objects.filter(member=members[0]).update(points=1)
    assert ranking.standing(members[6], people.program, OCTOBER).place == 1


def test_a_period_with_fewer_than_five_people_tells_nothing_about_the_others(people: People) -> None:
    seven_earn(people)
    Enrolment.objects.update(shows_name=True)
    assert ranking.standing(people.ana, people.program, NOVEMBER) == ranking.Standing(1, 5, None)
    assert ranking.leaders(people.program, NOVEMBER) == []


@pytest.mark.parametrize("few_named", [0, 2000])
def test_only_those_who_chose_it_have_a_name_and_their_places_count_everybody(
    people: People, monkeypatch: pytest.MonkeyPatch, few_named: int
) -> None:
    monkeypatch.setattr(ranking, "FEW_NAMED", few_named)
    members = seven_earn(people)
    assert ranking.leaders(people.program, OCTOBER) == []
    Enrolment.objects.filter(member__in=[members[1], members[4]]).update(shows_name=True)
    found = ranking.leaders(people.program, OCTOBER)
    assert [(one.place, one.points, one.member) for one in found] == [(3, 9, members[4]), (6, 6, members[1])]
    assert len(ranking.leaders(people.program, OCTOBER, most=1)) == 1
    Enrolment.objects.filter(member=members[4]).update(state=Enrolment.State.PAUSED)
    assert [one.member for one in ranking.leaders(people.program, OCTOBER)] == [members[1]]


def test_a_ranking_takes_a_constant_number_of_queries(people: People) -> None:
    seven_earn(people)
    Enrolment.objects.update(shows_name=True)
    with CaptureQueriesContext(connection) as queries:
        ranking.ranking(people.program, OCTOBER, reader=people.ana)
    assert len(queries) <= 7


def test_points_by_period_come_out_the_same_from_the_ledger(people: People) -> None:
    seven_earn(people)
    kept = rows()
    assert kept.total() == 7 * 4 + 1  # both days lie in one week and quarter; Ana has a second month
    assert period_points.wrong_points(people.program) == 0
    assert period_points.rebuild_points(people.program) == kept.total()
    assert rows() == kept
    services.score(at=LATER)
    assert rows() == kept
    PeriodPoints.objects.filter(kind="w").delete()
    PeriodPoints.objects.filter(kind="m").update(points=F("points") - 2)
    month, nobody = PeriodPoints.objects.filter(kind="m").first(), make_member("Nobody")
    assert month
    for first_on in (month.first_on, date(2020, 2, 1)):
        PeriodPoints.objects.create(program=people.program, kind="m", first_on=first_on, member=nobody, points=0)
    assert period_points.rebuild_points(people.program) == kept.total()
    assert rows() == kept


def test_a_correction_changes_the_period_of_its_share(people: People) -> None:
    members = seven_earn(people)
    best = members[6]
    Share.objects.filter(member=best).update(disclosed=False, certainty=Share.Certainty.MEASURED)
    before = ranking.standing(best, people.program, OCTOBER).points
    entry = LedgerEntry.objects.filter(member=best, rule="clicked").get()
    LedgerEntry.objects.create(
        program=people.program, member=best, share=entry.share, rule="clicked", rule_version=1,
        fact=f"{entry.fact}:back", points=-entry.points, at=LATER, day_on=entry.day_on,
    )  # fmt: skip
    assert period_points.wrong_points(people.program) > 0
    period_points.bring_up_to_date(people.program.pk, [best.pk], [entry.day_on])
    assert ranking.standing(best, people.program, OCTOBER).points == before - entry.points
    assert period_points.wrong_points(people.program) == 0


def test_a_ledger_older_than_the_table_is_added_up_by_itself(people: People) -> None:
    seven_earn(people)
    kept = rows()
    PeriodPoints.objects.all().delete()
    services.score(at=LATER)
    assert rows() == kept

"""Members, roles, teams and segments."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import cast
from tests.cast import MOMENT
from vocero.people import services, tasks, teams
from vocero.people.errors import NotAllowed
from vocero.people.models import Enrolment, Member, Segment, Team
from vocero.people.queries import members_of, segments_of, team_path, team_rows

pytestmark = pytest.mark.django_db


def make(name: str, parent: Team | None = None) -> Team:
    return teams.create_team(name, parent=parent, actor="", at=MOMENT)


def segment(people: cast.People, *, in_teams: list[Team] | None = None, locations: list[str] | None = None,
            languages: list[str] | None = None) -> Segment:  # fmt: skip
    return services.save_segment(
        Segment(program=people.program),
        name={"en": "Some"},
        teams=in_teams or [],
        locations=locations or [],
        languages=languages or [],
        actor="",
        at=MOMENT,
    )


def names(one: Segment) -> set[str]:
    return {member.get_short_name() for member in members_of(one)}


def test_a_segment_is_team_and_location_and_language(people: cast.People) -> None:
    sales = people.house.sales
    assert names(segment(people, in_teams=[sales], languages=["es"])) == {"Ana", "Inés"}
    assert names(segment(people, in_teams=[sales], locations=["Milano"], languages=["it"])) == {"Bruno", "Giulia"}
    assert names(segment(people, in_teams=[sales], locations=["Kraków"])) == set()


def test_people_picked_by_hand_come_on_top(people: cast.People) -> None:
    one = segment(people, in_teams=[people.house.sales], languages=["it"])
    one.picked.add(people.hugo)
    assert names(one) == {"Bruno", "Giulia", "Hugo"}
    only_picked = segment(people)
    assert names(only_picked) == set()
    only_picked.picked.add(people.hugo)
    assert names(only_picked) == {"Hugo"}


def test_a_segment_holds_the_teams_below_and_forgets_who_is_deactivated(people: cast.People) -> None:
    north = make("North", people.house.sales)
    Member.objects.filter(pk=people.hugo.pk).update(team=north)
    one = segment(people, in_teams=[people.house.sales], languages=["es"])
    assert names(one) == {"Ana", "Inés", "Hugo"}
    services.deactivate(people.hugo, actor="", at=MOMENT)
    assert names(one) == {"Ana", "Inés"}


def test_both_questions_about_segments_have_the_same_answer_for_everybody(people: cast.People) -> None:
    north = make("North", people.house.sales)
    Member.objects.filter(pk=people.hugo.pk).update(team=north, language="")
    all_of_them = [
        segment(people, in_teams=[people.house.sales]),
        segment(people, in_teams=[north, people.house.engineering], languages=["en"]),
        segment(people, locations=["Madrid", "Dublin"]),
        segment(people, languages=["en", "pl"]),
        segment(people),
    ]
    all_of_them[4].picked.add(people.ana)
    for member in Member.objects.all():
        expected = {one.pk for one in all_of_them if members_of(one).filter(pk=member.pk).exists()}
        assert set(segments_of(member)) == expected, member.name


def test_the_segments_of_a_member_take_five_queries(people: cast.People) -> None:
    for _ in range(6):
        segment(people, in_teams=[people.house.sales], locations=["Madrid"])
    with CaptureQueriesContext(connection) as queries:
        assert len(segments_of(people.ana)) == 6
    assert len(queries) <= 5


def test_teams_are_a_tree_that_cannot_swallow_itself(people: cast.People) -> None:
    sales = people.house.sales
    north = make("North", sales)
    city = make("City", north)
    assert team_path(city.pk) == [sales.pk, north.pk, city.pk]
    with pytest.raises(NotAllowed, match="below itself"):
        teams.move_team(sales, parent=city, actor="", at=MOMENT)
    with pytest.raises(NotAllowed, match="already a team"):
        make(" north ", sales)
    teams.move_team(north, parent=people.house.engineering, actor="", at=MOMENT)
    assert team_path(city.pk) == [people.house.engineering.pk, north.pk, city.pk]
    rows = [(row.team.name, row.depth) for row in team_rows()]
    assert rows == [("Engineering", 0), ("North", 1), ("City", 2), ("Sales", 0)]


def test_merging_moves_people_children_and_segments_and_leaves_an_alias(people: cast.People) -> None:
    sales, engineering = people.house.sales, people.house.engineering
    mine, twin, only = make("North", sales), make("North", engineering), make("South", sales)
    one = segment(people, in_teams=[sales])
    before = Member.objects.filter(team__in=[sales, engineering]).count()
    teams.merge_team(sales, into=engineering, actor="", at=MOMENT)
    for team in (sales, mine, only, one):
        team.refresh_from_db()
    assert (sales.alias_of, mine.alias_of) == (engineering, twin)
    assert only.parent == engineering
    assert sales.archived_at == MOMENT
    assert Member.objects.filter(team=engineering).count() == before
    assert list(one.teams.all()) == [engineering]
    with pytest.raises(NotAllowed):
        teams.merge_team(engineering, into=twin, actor="", at=MOMENT)


def test_a_list_that_names_a_merged_team_means_the_one_it_went_into(people: cast.People) -> None:
    teams.merge_team(people.house.sales, into=people.house.engineering, actor="", at=MOMENT)
    assert teams.TeamFinder().find(["Sales"]) == people.house.engineering


def test_a_team_with_people_in_it_is_not_put_away(people: cast.People) -> None:
    with pytest.raises(NotAllowed, match="still people"):
        teams.archive_team(people.house.sales, actor="", at=MOMENT)


def test_there_is_always_an_owner(people: cast.People) -> None:
    with pytest.raises(NotAllowed, match="only owner"):
        services.set_role(people.olga, role="manager", actor="", at=MOMENT)
    with pytest.raises(NotAllowed, match="only owner"):
        services.deactivate(people.olga, actor="", at=MOMENT)
    services.set_role(people.marta, role="owner", actor="", at=MOMENT)
    services.set_role(people.olga, role="advocate", actor="", at=MOMENT)
    assert not Member.objects.get(pk=people.olga.pk).runs_the_program


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"name": "  "}, "name"),
        ({"name": "Ana", "email": "not an address"}, "email"),
        ({"name": "Ana", "email": "MARTA@aurora.example"}, "email"),
        ({"name": "x" * 151}, "name"),
        ({"name": "Ana", "time_zone": "Mars/Base"}, "time_zone"),
        ({"name": "Ana", "language": "tlh"}, "language"),
    ],
)
def test_what_cannot_be_is_refused_at_its_field(people: cast.People, values: dict[str, str], field: str) -> None:
    with pytest.raises(NotAllowed) as refused:
        services.add_member(values, actor="", at=MOMENT)
    assert refused.value.field == field


def test_people_without_an_e_mail_may_be_in_the_list_more_than_once(people: cast.People) -> None:
    for _ in range(2):
        services.add_member({"name": "Warehouse colleague", "email": ""}, actor="", at=MOMENT)


def test_a_pause_ends_on_its_day_in_the_company_s_time_zone(people: cast.People) -> None:
    services.pause(people.ana, people.program, language="es", at=MOMENT, until_on=MOMENT.date() + timedelta(days=3))
    midnight_in_madrid = (MOMENT + timedelta(days=3)).replace(hour=23, minute=0) - timedelta(days=1)
    tasks.end_pauses(midnight_in_madrid - timedelta(seconds=1))
    assert Enrolment.objects.get(member=people.ana).state == "paused"
    assert tasks.end_pauses(midnight_in_madrid) == 1
    assert Enrolment.objects.get(member=people.ana).state == "joined"
    assert Enrolment.objects.get(member=people.paused).state == "paused", "a pause without a day goes on"

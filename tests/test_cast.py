"""The cast is large enough for the rules that hide small groups."""

from tests import cast
from vocero.people.models import Member


def test_every_team_has_five_who_take_part(people: cast.People) -> None:
    for team in (people.house.sales, people.house.engineering):
        assert sum(member.team == team for member in people.advocates) == 5


def test_nobody_is_there_twice(people: cast.People) -> None:
    assert Member.objects.count() == 16
    assert Member.objects.values("email").distinct().count() == 16
    assert len(people.maximiliana.name) > 100


def test_a_signed_in_member_reaches_a_page(people: cast.People, sign_in: cast.SignIn) -> None:
    session = sign_in(people.ana).session
    assert session["_auth_user_id"] == str(people.ana.pk)

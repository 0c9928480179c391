"""The people pages: lists of any length, invitations, links, roles, teams and segments."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests import cast
from tests.cast import MOMENT
from vocero.company.models import AuditEntry
from vocero.notices.models import Mail
from vocero.people.models import Invitation, Member, PeopleImport, Segment, Team

pytestmark = pytest.mark.django_db
PEOPLE = "/manage/people/"


@pytest.fixture
def manager(people: cast.People, sign_in: cast.SignIn) -> Client:
    return sign_in(people.marta)


@pytest.fixture
def owner(people: cast.People, sign_in: cast.SignIn) -> Client:
    return sign_in(people.olga)


def many(number: int, team: Team) -> None:
    Member.objects.bulk_create(
        Member(name=f"Person {n:05}", email=f"person{n}@aurora.example", team=team, created_at=MOMENT, password="!")
        for n in range(number)
    )


def test_five_thousand_people_take_as_many_queries_as_sixteen(people: cast.People, manager: Client) -> None:
    manager.get(PEOPLE)
    with CaptureQueriesContext(connection) as few:
        manager.get(PEOPLE)
    many(5000, people.house.sales)
    for query in ("", "?page=40", "?q=person+0123", "?state=imported", f"?team={people.house.sales.public_id}"):
        with CaptureQueriesContext(connection) as full:
            page = manager.get(PEOPLE + query)
        assert page.status_code == 200
        assert len(full) <= len(few) + 2, query
    assert len(page.context["page"]) == 50


def test_the_list_is_searched_filtered_and_sorted(people: cast.People, manager: Client) -> None:
    def names(query: str) -> list[str]:
        return [row.get_short_name() for row in manager.get(PEOPLE + query).context["page"]]

    assert names("?q=lópez") == ["Ana"]
    assert names("?q=giulia@") == ["Giulia"]
    assert names(f"?team={people.house.engineering.public_id}&q=f") == ["Filip"] + [
        name for name in names(f"?team={people.house.engineering.public_id}&q=f") if name != "Filip"
    ]
    assert names("?order=-name")[0] == "Paula"
    assert names("?q=nobody+of+this+name") == []


def test_an_empty_list_says_what_to_do_next(house: cast.House, sign_in: cast.SignIn) -> None:
    owner = cast.make_member("Olga Nowak", role=Member.Role.OWNER)
    owner_page = sign_in(owner).get(PEOPLE + "?q=zzz").content.decode()
    assert "Nobody fits this search" in owner_page


def test_inviting_says_how_many_it_invited_and_not_how_many_had_answered(
    people: cast.People, manager: Client, mailoutbox: list[Any]
) -> None:
    page = manager.post(
        PEOPLE + "invite", {"id": [people.ana.public_id, people.declined.public_id, people.nobody_asked.public_id]},
        follow=True,
    )  # fmt: skip
    assert "3 invitations are on their way" in page.content.decode()
    assert Invitation.objects.count() == 3


def test_everybody_who_was_not_invited_yet_is_invited_at_once(people: cast.People, manager: Client) -> None:
    manager.post(PEOPLE + "invite", {"id": [people.ana.public_id]})
    manager.post(PEOPLE + "invite", {"all": "1"})
    assert Invitation.objects.filter(member=people.ana).count() == 1
    assert Invitation.objects.count() == Member.objects.count()


def test_the_reminder_says_nothing_about_anybody(people: cast.People, manager: Client) -> None:
    assert "Invite people first" in manager.get(PEOPLE).content.decode()
    manager.post(PEOPLE + "invite", {"id": [people.ana.public_id]})
    body = manager.post(PEOPLE + "remind", follow=True).content.decode()
    assert "You will not see who that is" in body
    assert "The reminder went out on" in body


def test_a_personal_link_is_shown_once_and_logged(people: cast.People, manager: Client) -> None:
    page = manager.post(f"{PEOPLE}person/{people.ana.public_id}/link")
    assert "/welcome/" in page.content.decode()
    assert "no-cache" in page.headers["Cache-Control"]
    assert "/welcome/" not in manager.get(f"{PEOPLE}person/{people.ana.public_id}").content.decode()
    assert AuditEntry.objects.get(action="people.link_made").subject == people.ana.public_id


def test_codes_are_printed_for_those_who_were_chosen(people: cast.People, manager: Client) -> None:
    page = manager.post(PEOPLE + "codes", {"id": [people.ana.public_id, people.maximiliana.public_id]})
    body = page.content.decode()
    assert body.count("<svg") >= 2
    assert body.count('class="code-card"') == 2
    assert manager.post(PEOPLE + "codes").status_code == 302


def test_the_program_team_cannot_take_over_an_owner(people: cast.People, manager: Client) -> None:
    olga = f"{PEOPLE}person/{people.olga.public_id}"
    assert manager.post(f"{olga}/link").status_code == 404
    assert manager.post(f"{olga}/role", {"role": "advocate"}).status_code == 404
    assert manager.post(f"{olga}/active", {"active": "no"}).status_code == 404
    manager.post(olga, {"name": "Olga", "email": "marta2@aurora.example"})
    assert manager.post(PEOPLE + "codes", {"id": [people.olga.public_id]}).status_code == 302
    people.olga.refresh_from_db()
    assert people.olga.email == "olga@aurora.example"
    assert not Invitation.objects.exists()


def test_a_changed_address_is_told_to_the_old_one_and_ends_sessions(
    people: cast.People, manager: Client, sign_in: cast.SignIn, mailoutbox: list[Any]
) -> None:
    ana = sign_in(people.ana)
    data = {"name": "Ana López", "email": "ana.lopez@aurora.example", "team": people.house.sales.public_id}
    manager.post(f"{PEOPLE}person/{people.ana.public_id}", data)
    assert [message.to for message in mailoutbox] == [["ana@aurora.example"]]
    assert Mail.objects.get().kind == "address_changed"
    assert ana.get("/join/done").status_code == 302


def test_an_owner_gives_and_takes_roles(people: cast.People, owner: Client, sign_in: cast.SignIn) -> None:
    owner.post(f"{PEOPLE}person/{people.ana.public_id}/role", {"role": "manager"})
    people.ana.refresh_from_db()
    assert people.ana.role == "manager"
    assert sign_in(people.ana).get(PEOPLE).status_code == 200
    page = owner.post(f"{PEOPLE}person/{people.olga.public_id}/role", {"role": "advocate"}, follow=True)
    assert "only owner" in page.content.decode()


def test_deactivating_and_activating(people: cast.People, manager: Client) -> None:
    url = f"{PEOPLE}person/{people.ana.public_id}"
    manager.post(f"{url}/active", {"active": "no"})
    assert "Deactivated" in manager.get(url).content.decode()
    manager.post(f"{url}/active", {"active": "yes"})
    people.ana.refresh_from_db()
    assert people.ana.is_active


def test_a_person_is_added_by_hand_and_a_twin_is_refused(people: cast.People, manager: Client) -> None:
    twin = manager.post(PEOPLE + "add", {"name": "Ana Two", "email": "ANA@aurora.example"})
    assert twin.status_code == 422
    assert "already in the list" in twin.content.decode()
    manager.post(PEOPLE + "add", {"name": "Zoë New", "email": "zoe@aurora.example", "country": "PL"})
    assert Member.objects.get(email="zoe@aurora.example").country == "PL"


def test_teams_are_made_moved_and_merged_in_the_browser(people: cast.People, manager: Client) -> None:
    sales, engineering = people.house.sales, people.house.engineering
    manager.post(PEOPLE + "teams", {"name": "North", "parent": sales.public_id})
    north = Team.objects.get(name="North")
    assert manager.post(PEOPLE + "teams", {"name": "north", "parent": sales.public_id}).status_code == 422
    manager.post(f"{PEOPLE}teams/{north.public_id}", {"name": "Far North", "parent": engineering.public_id})
    north.refresh_from_db()
    assert (north.name, north.parent) == ("Far North", engineering)
    manager.post(f"{PEOPLE}teams/{sales.public_id}/merge", {"into": engineering.public_id})
    sales.refresh_from_db()
    assert sales.alias_of == engineering
    assert manager.get(f"{PEOPLE}teams/{sales.public_id}").status_code == 404


def test_a_segment_is_made_and_people_are_picked_into_it(people: cast.People, manager: Client) -> None:
    manager.post(PEOPLE + "segments/new", {"name": "Ibéricos", "locations": ["Madrid"], "languages": ["es"]})
    segment = Segment.objects.get()
    url = f"{PEOPLE}segments/{segment.public_id}"
    assert manager.get(url).context["count"] == 3
    assert "Giulia" in manager.get(url + "?find=giu").content.decode()
    manager.post(url + "/pick", {"member": people.giulia.public_id})
    assert manager.get(url).context["count"] == 4
    manager.post(url + "/pick", {"member": people.giulia.public_id, "out": "1"})
    assert manager.get(url).context["count"] == 3
    manager.post(url + "/archive")
    assert manager.get(url).status_code == 404


def test_a_list_somebody_else_uploaded_is_not_there(people: cast.People, owner: Client, manager: Client) -> None:
    from vocero.people import importing

    uploaded = importing.upload("x.csv", b"Name,E-mail\nEve,eve@a.example\n", by=people.olga, at=MOMENT)
    assert owner.get(f"{PEOPLE}import/{uploaded.public_id}").status_code == 200
    assert manager.get(f"{PEOPLE}import/{uploaded.public_id}").status_code == 404
    assert manager.post(f"{PEOPLE}import/{uploaded.public_id}/confirm").status_code == 404
    assert PeopleImport.objects.get().state == "uploaded"

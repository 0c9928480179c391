"""Setting a company up and changing how it counts."""

from datetime import UTC, date, datetime, timedelta

import pytest

from tests import cast
from tests.cast import MOMENT
from vocero.company import services, tasks
from vocero.company.models import AuditEntry, Installation, Program
from vocero.company.queries import company_day, house, main_program
from vocero.company.services import AlreadySetUp, NotPossible
from vocero.people.models import ConsentText, Member
from vocero.people.services import set_up_company

pytestmark = pytest.mark.django_db
ANSWERS = {
    "company_name": " Aurora  Mills ",
    "owner_name": "Olga Nowak",
    "owner_email": "Olga@Aurora.example",
    "base_url": "http://testserver/",
    "time_zone": "Europe/Warsaw",
    "language": "pl",
    "currency": "PLN",
}


def test_setting_up_makes_house_program_joining_text_and_owner() -> None:
    token = services.setup_token()
    assert token is not None
    assert services.is_setup_token(token)
    set_up_company(**ANSWERS, password="a long enough password", at=MOMENT, points=False)  # type: ignore[arg-type]
    company, owner = house(), Member.objects.get()
    assert (company.name, company.base_url, company.points_enabled) == ("Aurora Mills", "http://testserver", False)
    assert main_program().name["pl"] == "Nasze głosy"
    assert (owner.email, owner.role, owner.language) == ("olga@aurora.example", "owner", "pl")
    assert owner.check_password("a long enough password")
    assert set(ConsentText.objects.get().text) == {"en", "es", "it", "pl"}
    assert services.setup_token() is None
    assert not services.is_setup_token(token)
    with pytest.raises(AlreadySetUp):
        set_up_company(**ANSWERS, at=MOMENT)  # type: ignore[arg-type]
    assert (Member.objects.count(), Program.objects.count()) == (1, 1)


@pytest.mark.parametrize(
    ("answer", "field"),
    [
        ({"company_name": " "}, "company"),
        ({"owner_name": ""}, "owner_name"),
        ({"owner_email": "olga"}, "owner_email"),
        ({"base_url": "voices.example.com"}, "base_url"),
        ({"base_url": "http://testserver/somewhere"}, "base_url"),
        ({"base_url": "http://unknown.example"}, "base_url"),
        ({"time_zone": "Warsaw"}, "time_zone"),
        ({"language": "de"}, "language"),
        ({"currency": "XXX"}, "currency"),
    ],
)
def test_a_wrong_answer_is_named_and_nothing_is_made(answer: dict[str, str], field: str) -> None:
    from vocero.lib.errors import Refusal

    with pytest.raises(Refusal) as refused:
        set_up_company(**(ANSWERS | answer), at=MOMENT)  # type: ignore[arg-type]
    assert refused.value.field == field
    assert not Installation.objects.exists()


def test_another_time_zone_holds_from_a_day_that_has_not_begun(house: cast.House) -> None:
    company = house.installation
    with pytest.raises(NotPossible):
        services.change_time_zone(
            company, time_zone="America/New_York", from_on=date(2026, 11, 17), actor="", at=MOMENT
        )
    services.change_time_zone(company, time_zone="America/New_York", from_on=date(2026, 11, 20), actor="", at=MOMENT)
    assert company_day(company, datetime(2026, 11, 18, 23, 30, tzinfo=UTC)) == date(2026, 11, 19), "still Madrid"
    assert tasks.apply_time_zone(datetime(2026, 11, 20, 4, 59, tzinfo=UTC)) == 0
    assert tasks.apply_time_zone(datetime(2026, 11, 20, 5, 0, tzinfo=UTC)) == 1
    company.refresh_from_db()
    assert (company.time_zone, company.next_time_zone) == ("America/New_York", "")
    assert company_day(company, datetime(2026, 11, 21, 4, 30, tzinfo=UTC)) == date(2026, 11, 20)


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland", "Asia/Kolkata"])
def test_days_never_run_backwards_through_a_change_of_zone(house: cast.House, zone: str) -> None:
    company = house.installation
    services.change_time_zone(company, time_zone=zone, from_on=date(2026, 11, 20), actor="", at=MOMENT)
    moment, last, seen = datetime(2026, 11, 18, tzinfo=UTC), date(2026, 1, 1), set()
    while moment < datetime(2026, 11, 23, tzinfo=UTC):
        tasks.apply_time_zone(moment)
        company.refresh_from_db()
        day = company_day(company, moment)
        assert day >= last, moment
        last, moment = day, moment + timedelta(minutes=30)
        seen.add(day)
    assert {date(2026, 11, 19), date(2026, 11, 20), date(2026, 11, 21)} <= seen


def test_changes_are_in_the_audit_log_without_names(house: cast.House) -> None:
    company = house.installation
    services.change_details(
        company, name="Borealis", base_url="http://testserver", language="it", currency="EUR", actor="abc", at=MOMENT
    )
    services.change_points(company, enabled=True, off_countries=["de", "PL"], actor="abc", at=MOMENT)
    assert list(AuditEntry.objects.values_list("action", "detail")) == [
        ("company.details_changed", {"fields": ["name", "language"]}),
        ("company.points_changed", {"on": True, "off_in": ["DE", "PL"]}),
    ]

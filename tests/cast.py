"""The one cast of named people that all tests use, in one company with two teams large enough to be counted."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from django.test import Client

from vocero.company.models import Installation, Program
from vocero.people.models import ConsentEvent, ConsentText, Enrolment, Member, Team

MOMENT = datetime(2026, 11, 16, 9, 0, tzinfo=UTC)
"""When the cast was made: a Monday morning; tests that pass `at=` go on from here."""

LONGEST_NAME = (
    "Maximiliana Konstantynopolitańczykowianeczka-Wolfeschlegelsteinhausen y Fernández de la Vega Sáenz de Tejada"
)

Role = Member.Role
type SignIn = Callable[[Member], Client]


@dataclass(frozen=True)
class House:
    """The company before anybody is in it."""

    installation: Installation
    program: Program
    sales: Team
    engineering: Team
    consent_text: ConsentText


@dataclass(frozen=True)
class People:
    """Everybody: the owner, the manager, ten advocates who take part, and four who do not."""

    house: House
    olga: Member
    marta: Member
    ana: Member
    bruno: Member
    celina: Member
    david: Member
    elif_: Member
    filip: Member
    giulia: Member
    hugo: Member
    ines: Member
    maximiliana: Member
    nobody_asked: Member
    declined: Member
    paused: Member
    left: Member
    advocates: tuple[Member, ...] = field(default=())

    @property
    def program(self) -> Program:
        """The one program."""
        return self.house.program


def make_house(name: str = "Aurora Mills") -> House:
    """Make the company with its program and teams, set up and counting in Madrid's time zone and euro."""
    installation = Installation.objects.create(
        name=name,
        base_url="http://testserver",
        time_zone="Europe/Madrid",
        language="en",
        currency="EUR",
        set_up_at=MOMENT,
    )
    return House(
        installation=installation,
        program=Program.objects.create(name={"en": "Our voices"}, created_at=MOMENT),
        sales=Team.objects.create(name="Sales"),
        engineering=Team.objects.create(name="Engineering"),
        consent_text=ConsentText.objects.create(
            version=1,
            text={"en": "Taking part is your choice.", "es": "Participar es elección tuya."},
            created_at=MOMENT,
        ),
    )


def make_member(
    name: str,
    *,
    team: Team | None = None,
    role: str = Role.ADVOCATE,
    language: str = "en",
    country: str = "ES",
    location: str = "Madrid",
    time_zone: str = "Europe/Madrid",
    email: str = "",
) -> Member:
    """Make one member who can sign in; the e-mail is the first name at aurora.example unless given."""
    member = Member(
        name=name,
        email=email or f"{name.split(' ', 1)[0].lower()}@aurora.example",
        team=team,
        role=role,
        language=language,
        country=country,
        location=location,
        time_zone=time_zone,
        job_title="Owner" if role == Role.OWNER else "Colleague",
        created_at=MOMENT,
    )
    member.set_unusable_password()
    member.save()
    return member


def enrol(member: Member, house: House, state: str = Enrolment.State.JOINED) -> Enrolment:
    """Record a member's answer to the program, with the consent it was given by."""
    taking_part = state in {Enrolment.State.JOINED, Enrolment.State.PAUSED}
    enrolment = Enrolment.objects.create(
        member=member,
        program=house.program,
        state=state,
        consent_text=house.consent_text if taking_part else None,
        joined_at=MOMENT if taking_part else None,
        changed_at=MOMENT,
    )
    ConsentEvent.objects.create(
        enrolment=enrolment, text=house.consent_text, state=state, language=member.language, at=MOMENT
    )
    return enrolment


def make_people(house: House) -> People:
    """Make everybody: five advocates in each team, in four countries and four languages."""
    sales, engineering, state = house.sales, house.engineering, Enrolment.State

    def italian(name: str, team: Team) -> Member:
        return make_member(name, team=team, language="it", country="IT", location="Milano", time_zone="Europe/Rome")

    def polish(name: str, team: Team) -> Member:
        return make_member(name, team=team, language="pl", country="PL", location="Kraków", time_zone="Europe/Warsaw")

    def irish(name: str, team: Team) -> Member:
        return make_member(name, team=team, language="en", country="IE", location="Dublin", time_zone="Europe/Dublin")

    advocates = {
        "ana": make_member("Ana López", team=sales, language="es"),
        "bruno": italian("Bruno Bianchi", sales),
        "celina": polish("Celina Wójcik", engineering),
        "david": irish("David O’Neil", engineering),
        "elif_": irish("Elif Yılmaz", sales),
        "filip": polish("Filip Żółkiewski", engineering),
        "giulia": italian("Giulia D’Amico", sales),
        "hugo": make_member("Hugo Ramírez", team=engineering, language="es"),
        "ines": make_member("Inés Ortega", team=sales, language="es"),
        "maximiliana": polish(LONGEST_NAME, engineering),
    }
    for member in advocates.values():
        enrol(member, house)
    others = {
        "declined": irish("Declan Byrne", sales),
        "paused": irish("Paula Walsh", sales),
        "left": irish("Liam Doyle", engineering),
    }
    for answer, member in others.items():
        enrol(member, house, state(answer))
    return People(
        house=house,
        olga=make_member("Olga Nowak", role=Role.OWNER),
        marta=make_member("Marta Ferrari", role=Role.MANAGER),
        nobody_asked=irish("Nora Murphy", engineering),
        advocates=tuple(advocates.values()),
        **advocates,
        **others,
    )

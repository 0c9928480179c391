"""What is somebody's own stays theirs: drafts, findings and shares by every address, files without people, points that are off."""

import csv
import io
import re
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.test import Client

from tests import cast
from tests.architecture.test_access import PLACES
from tests.measurement import facts
from tests.web.every_address import addresses, answers, member_of
from tests.web.lived import Lived, live
from vocero.company.models import Installation
from vocero.measurement import tasks as measurement
from vocero.people.models import Member
from vocero.policy import services as policy
from vocero.policy.models import Term
from vocero.sharing.models import Draft, Share
from vocero.web.manager.cuts import CUTS
from vocero.web.manager.results import FIGURES

pytestmark = pytest.mark.django_db

CANARY = "canarywords"
ODD = 900_000_001
"""Where the keys of rows begin that files are searched for: no count is as high."""
OF_A_SHARE = [place.route for place in PLACES if place.route.startswith("shares/<slug:public_id>")]


@pytest.fixture
def lived() -> Iterator[Lived]:
    cache.clear()
    with ExitStack() as stack:
        yield live("http://testserver", stack)


def client_of(member: Member | None, language: str = "en") -> Client:
    """Give a browser in a language, signed in as somebody."""
    client = Client(headers={"accept-language": language})
    if member is not None:
        Member.objects.filter(pk=member.pk).update(language=language)
        client.force_login(member, backend="vocero.web.public.reading.MemberBackend")
    return client


def walk(role: str, lived: Lived, language: str = "en") -> Iterator[tuple[str, str]]:
    """Give every page of a role with what it says."""
    client = client_of(member_of(role, lived), language)
    for address in addresses(role, lived):
        yield address, client.get(address).content.decode()
    for address, answer in answers(role, lived, client):
        yield f"{address} (answered)", answer.content.decode()


@pytest.fixture
def draft(lived: Lived) -> Draft:
    """What Ana has typed and what was found in it; nobody else has written any of it."""
    policy.add_term(Term.Kind.BANNED, "surely wins", at=lived.at)
    ana = client_of(lived.people.ana)
    said = ana.post(
        f"/share/{lived.post.public_id}/checks", {"network": "linkedin", "text": f"{CANARY} surely wins"}
    ).content.decode()
    assert "surely wins" in said, "there is a finding"
    assert CANARY in ana.get(f"/share/{lived.post.public_id}").content.decode(), "there is a draft"
    return Draft.objects.get(text__startswith=CANARY)


def test_no_page_of_anybody_else_holds_a_draft_or_what_was_found_in_it(lived: Lived, draft: Draft) -> None:
    for role in ("owner", "manager", "reader", "advocate"):
        assert member_of(role, lived) not in {None, draft.member}
        pages = dict(walk(role, lived))
        assert len(pages) > 5
        assert not [address for address, text in pages.items() if CANARY in text], role


def test_the_shares_of_somebody_are_not_there_for_anybody_else(lived: Lived) -> None:
    """For owner, manager and another advocate a share is no more there than one that never was, joined or not."""
    people = lived.people
    shares = list(Share.objects.exclude(member__in=[people.olga, people.marta, people.bruno]).order_by("pk")[:9])
    assert len(shares) > 5
    assert len(OF_A_SHARE) > 5
    before = [(share.text, share.state) for share in shares]
    for member in (people.olga, people.marta, people.bruno):
        client, wanted = client_of(member), [302] if member != people.bruno else [404]
        for _joined in (False, True):
            for route in OF_A_SHARE:
                told = {_tried(client, route, share.public_id) for share in shares}
                assert told == {_tried(client, route, "x" * 12)}, f"{member.name} at {route}"
                assert set(wanted) <= {code for code, _place in told.pop()}, f"{member.name} at {route}"
            if wanted == [302]:
                cast.enrol(member, people.house)
                wanted = [404]
    for share in shares:
        share.refresh_from_db()
    assert [(share.text, share.state) for share in shares] == before


def _tried(client: Client, route: str, public_id: str) -> tuple[tuple[int, str], ...]:
    """Give what opening an address of a share and pressing its button answer."""
    address = f"/{route.replace('<slug:public_id>', public_id)}"
    both = (client.get(address), client.post(address, {"answer": "yes", "text": "mine", "found": "yes"}))
    return tuple((answer.status_code, answer.headers.get("Location", "")) for answer in both)


def test_no_file_names_a_person_or_holds_the_key_of_a_person_or_a_share(lived: Lived) -> None:
    day = lived.last_month.first_on + timedelta(days=3)
    for number in range(6):
        member = cast.make_member(f"Person{number} Oddname", team=lived.people.house.sales)
        share = facts.share_on(member, lived.post, day, pk=ODD + number)
        facts.click_on(share, day, [number])
    facts.count_visitors()
    measurement.roll_up_all(lived.at)
    olga = client_of(lived.people.olga)
    files = {
        f"{cut} {period}": olga.get("/manage/results/file", {"by": cut, "period": period})
        for cut in (*CUTS, FIGURES)
        for period in (lived.last_month.key, lived.last_month.next().key)
    }
    secrets = {
        *Share.objects.values_list("public_id", flat=True),
        *Member.objects.values_list("public_id", flat=True),
        *(str(pk) for pk in Share.objects.filter(pk__gte=ODD).values_list("pk", flat=True)),
        *Member.objects.values_list("email", flat=True),
        *Member.objects.values_list("name", flat=True),
    }
    for name, answer in files.items():
        assert answer["Content-Type"].startswith("text/csv"), name
        cells = [cell for row in csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))) for cell in row]
        found = [cell for cell in cells if any(secret in cell for secret in secrets)]
        assert not found, f"{name}: {found}"
    assert any("LinkedIn" in answer.content.decode() for answer in files.values()), "there is something in them"


POINTS = {
    "en": r"\b(points|\d+ point)\b",
    "es": r"\b(puntos|\d+ punto)\b",
    "it": r"\b(punti|\d+ punto)\b",
    "pl": r"\bpunkt(y|ów|ami|om|ach|u)?\b",
}
ROLES = ("stranger", "invited", "advocate", "manager", "reader", "owner")
THE_SWITCH = re.compile(r'<a [^>]*href="/manage/settings/points".*?</a>', re.DOTALL)


def words_of_points(role: str, lived: Lived, language: str) -> list[str]:
    """Give where the pages of a role speak of points, but for where they are switched on, with the words around."""
    found = []
    for address, text in walk(role, lived, language):
        if address.startswith("/manage/settings/points"):
            continue
        plain = re.sub(r"<(script|style|svg)\b.*?</\1>|<[^>]*>", " ", THE_SWITCH.sub(" ", text), flags=re.DOTALL)
        found += [
            f"{language} {address}: …{' '.join(plain[max(0, hit.start() - 60) : hit.end() + 60].split())}…"
            for hit in re.finditer(POINTS[language], plain, re.IGNORECASE)
        ]
    return found


@pytest.mark.slow
def test_points_that_are_off_leave_no_trace(lived: Lived) -> None:
    Member.objects.filter(pk=lived.people.maximiliana.pk).update(country="PL")
    assert [one for one in POINTS if not words_of_points("advocate", lived, one)] == [], (
        "they are seen while they are on"
    )
    Installation.objects.update(points_enabled=False)
    for role in ROLES:
        for language in POINTS:
            assert words_of_points(role, lived, language) == []


def test_points_that_are_off_in_one_country_leave_no_trace_there(lived: Lived) -> None:
    there = [lived.people.maximiliana.pk, lived.people.nobody_asked.pk]
    Member.objects.filter(pk__in=there).update(country="PL")
    Installation.objects.update(points_off_countries=["PL"])
    for role in ("invited", "advocate"):
        for language in POINTS:
            assert words_of_points(role, lived, language) == []
    Member.objects.filter(pk__in=there).update(country="ES")
    assert words_of_points("advocate", lived, "en"), "elsewhere they are seen"

"""People lists of any layout come in right, tell every faulty line, and change nothing when they come again."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests import cast
from tests.cast import MOMENT
from tests.people import foreign
from vocero.people import importing
from vocero.people.columns import guess
from vocero.people.errors import NotReadable
from vocero.people.lists import decode, read_list
from vocero.people.models import Member, PeopleImport, Team

pytestmark = pytest.mark.django_db


def bring_in(name: str, data: bytes) -> PeopleImport:
    uploaded = importing.upload(name, data, by=None, at=MOMENT)
    importing.confirm(uploaded, actor="", at=MOMENT)
    while not importing.is_finished(uploaded):
        uploaded = importing.write_step(uploaded, at=MOMENT)
    return uploaded


def test_a_list_with_semicolons_in_windows_1250_comes_in_with_its_letters(house: cast.House) -> None:
    done = bring_in("lista.csv", foreign.SEMICOLONS)
    assert (done.result["new"], done.result["faults"]) == (4, [])
    lukasz = Member.objects.get(email="lukasz.zolcinski@aurora.example")
    assert (lukasz.name, lukasz.location, lukasz.country, lukasz.language) == ("Łukasz Żółciński", "Łódź", "PL", "pl")
    assert lukasz.job_title == "Specjalista ds. sprzedaży"
    north = Member.objects.get(email="swietoslawa@aurora.example").team
    assert north is not None
    assert (north.name, north.parent) == ("Północ", Team.objects.get(name="Sprzedaż"))
    assert Member.objects.get(email="grazyna@aurora.example").name == "Grażyna Dąbek; z domu Ćwik"
    assert Member.objects.get(email="jozef.jas@aurora.example").language == "", "German is not offered here"


def test_a_workbook_with_a_merged_head_comes_in(house: cast.House) -> None:
    done = bring_in("elenco.xlsx", foreign.workbook_with_merged_head())
    assert (done.result["new"], done.result["faults"]) == (3, [])
    jose = Member.objects.get(email="jose.nunez@aurora.example")
    assert (jose.name, jose.location, jose.country) == ("José Núñez", "Logroño", "ES")
    assert jose.team == Team.objects.get(name="Ricerca")
    assert done.columns == ["", "Nome", "Cognome", "Città", "Paese", "E-mail aziendale", "Reparto", "Matricola"]


def test_of_five_thousand_lines_forty_are_faulty_and_say_why(house: cast.House) -> None:
    uploaded = importing.upload("people.csv", foreign.five_thousand_lines(), by=None, at=MOMENT)
    seen = importing.preview(uploaded)
    assert seen.counts == {"new": 4960, "faulty": 40}
    reasons = {line.number: line.reason for line in seen.of("faulty")}
    assert reasons[126] == "The e-mail is missing."
    assert reasons[251] == "The name is missing."
    assert reasons[376] == "The same e-mail is already in line 2."
    assert "Atlantis" in reasons[501]
    assert reasons[626] == "“person625.aurora.example” is not an e-mail address."
    assert seen.new_teams == [f"Team {n}" for n in range(7)]
    assert not Member.objects.exists(), "nothing is written before it is confirmed"
    done = bring_in("people.csv", foreign.five_thousand_lines())
    assert (done.result["new"], len(done.result["faults"])) == (4960, 40)
    assert [line.reason for line in importing.faults_of(done)] == [line.reason for line in seen.of("faulty")]
    assert done.rows == [], "the list itself is not kept"
    assert Member.objects.count() == 4960


@pytest.mark.parametrize("number", [0, 1, 2])
def test_the_same_list_again_changes_nothing(house: cast.House, number: int) -> None:
    made = [foreign.SEMICOLONS, foreign.workbook_with_merged_head(), foreign.five_thousand_lines()][number]
    first = bring_in("list", made)
    before = list(Member.objects.order_by("pk").values()), list(Team.objects.order_by("pk").values())
    again = bring_in("list", made)
    assert (again.result["new"], again.result["changed"]) == (0, 0)
    assert again.result["same"] == first.result["new"]
    assert (list(Member.objects.order_by("pk").values()), list(Team.objects.order_by("pk").values())) == before


def test_people_are_recognized_by_e_mail_and_empty_cells_keep_what_is_known(people: cast.People) -> None:
    data = "Name,E-mail,City,Job title\nAna López García,ANA@aurora.example,Sevilla,\n".encode()
    done = bring_in("list.csv", data)
    people.ana.refresh_from_db()
    assert (people.ana.name, people.ana.location) == ("Ana López García", "Sevilla")
    assert people.ana.job_title == "Colleague"
    assert people.ana.team == people.house.sales
    assert done.result["changed"] == 1


def test_importing_neither_activates_nor_promotes_anybody(people: cast.People) -> None:
    Member.objects.filter(pk=people.ana.pk).update(is_active=False)
    bring_in("list.csv", b"Name,E-mail,Role\nAna New,ana@aurora.example,owner\nEve,eve@aurora.example,owner\n")
    people.ana.refresh_from_db()
    assert (people.ana.name, people.ana.is_active) == ("Ana New", False)
    assert Member.objects.get(email="eve@aurora.example").role == Member.Role.ADVOCATE


def test_a_step_that_was_interrupted_is_taken_up_where_it_was_stored(house: cast.House) -> None:
    uploaded = importing.upload("people.csv", foreign.five_thousand_lines(), by=None, at=MOMENT)
    importing.confirm(uploaded, actor="", at=MOMENT)
    importing.confirm(uploaded, actor="", at=MOMENT + timedelta(minutes=1))
    uploaded = importing.write_step(uploaded, at=MOMENT, most=700)
    assert (uploaded.done, Member.objects.count()) == (700, 695)
    while not importing.is_finished(uploaded):
        uploaded = importing.write_step(PeopleImport.objects.get(pk=uploaded.pk), at=MOMENT)
    assert (uploaded.result["new"], len(uploaded.result["faults"])) == (4960, 40)


def test_a_preview_asks_the_database_a_constant_number_of_times(house: cast.House) -> None:
    uploaded = importing.upload("people.csv", foreign.five_thousand_lines(), by=None, at=MOMENT)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        importing.preview(uploaded)
    assert len(queries) <= 10


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Łukasz;Żółć;Święto;Źdźbło", "cp1250"),
        ("Łukasz;Żółć;Święto;Źdźbło", "iso-8859-2"),
        ("Łukasz;Żółć;Święto;Źdźbło", "cp852"),
        ("Gdańsk;Poznań", "cp1250"),
        ("Łukasz Wójcik;García;José", "cp1250"),
        ("Iñaki;Muñoz;José;Peña", "cp1252"),
        ("Inaki;Muñoz", "cp1252"),
        ("Niccolò;D’Alò;Noè;Città", "cp1252"),
        ("Jürgen;Groß", "cp1252"),
        ("Łukasz;Muñoz;Niccolò", "utf-8"),
        ("Łukasz;Muñoz;Niccolò", "utf-8-sig"),
        ("Łukasz;Muñoz;Niccolò", "utf-16"),
        ("Lukasz Żółć;Muñoz;Niccolo", "utf-16-le"),
        ("Lukasz Żółć;Muñoz;Niccolo", "utf-16-be"),
    ],
)
def test_letters_come_out_right_in_every_usual_encoding(text: str, encoding: str) -> None:
    assert decode(text.encode(encoding)).lstrip("\ufeff") == text


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_every_usual_separator_is_found(separator: str) -> None:
    lines = ["Name;E-mail;Note", "Ana;ana@a.example;“x, y”", "Bo;bo@a.example;a, b, c"]
    data = "\n".join('"' + line.replace(";", f'"{separator}"') + '"' for line in lines).encode()
    read = read_list("x.csv", data)
    assert read.columns == ["Name", "E-mail", "Note"]
    assert [row for _number, row in read.rows] == [
        ["Ana", "ana@a.example", "“x, y”"],
        ["Bo", "bo@a.example", "a, b, c"],
    ]


def test_a_list_without_a_head_is_read_from_its_first_line() -> None:
    read = read_list("x.csv", b"Ana Lopez,ana@a.example\nBo Li,bo@a.example\n")
    assert [number for number, _row in read.rows] == [1, 2]
    assert guess(read.columns, [row for _number, row in read.rows]) == {"email": 1}


def test_line_numbers_are_those_of_the_file() -> None:
    read = read_list("x.csv", b'sep=;\nName;E-mail\n\n"Ana\nMaria";ana@a.example\nBo;bo@a.example\n')
    assert read.rows == [(4, ["Ana Maria", "ana@a.example"]), (6, ["Bo", "bo@a.example"])]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (["Nombre", "Apellidos", "Correo electrónico", "Departamento", "Puesto"],
         {"first_name": 0, "last_name": 1, "email": 2, "team": 3, "job_title": 4}),
        (["Nome", "Cognome", "Indirizzo e-mail", "Sede di lavoro"],
         {"first_name": 0, "last_name": 1, "email": 2, "location": 3}),
        (["Imię i nazwisko", "Adres e-mail", "Dział", "Strefa czasowa"],
         {"name": 0, "email": 1, "team": 2, "time_zone": 3}),
        (["ID", "Employee name", "Email address (work)", "City", "Country code"],
         {"name": 1, "email": 2, "location": 3, "country": 4}),
        (["Nome", "E-mail"], {"name": 0, "email": 1}),
    ],
)  # fmt: skip
def test_columns_are_guessed_in_four_languages(columns: list[str], expected: dict[str, int]) -> None:
    assert guess(columns, []) == expected


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "empty"),
        (b"\n\n;;;\n", "empty"),
        (b"PK\x03\x04 no workbook at all", "cannot be opened"),
        (b"x" * (10 * 1024 * 1024 + 1), "10 MB"),
        (b"," * 100 + b"\n" + b"a," * 100, "60 columns"),
    ],
)
def test_what_cannot_be_read_is_refused_with_advice(data: bytes, sentence: str) -> None:
    with pytest.raises(NotReadable, match=sentence):
        read_list("x", data)


def test_a_mapping_without_the_e_mail_is_refused(house: cast.House) -> None:
    uploaded = importing.upload("x.csv", foreign.SEMICOLONS, by=None, at=MOMENT)
    with pytest.raises(NotReadable, match="e-mail"):
        importing.map_columns(uploaded, {"name": 0})
    with pytest.raises(NotReadable, match="twice"):
        importing.map_columns(uploaded, {"name": 2, "email": 2})
    with pytest.raises(NotReadable, match="holds the name"):
        importing.map_columns(uploaded, {"email": 2})

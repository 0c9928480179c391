"""What the checks find, in whose words, and what they keep to themselves."""

import json
from typing import Any

import pytest
from django.db import connection
from django.utils import translation

from tests.cast import MOMENT, House
from vocero.company.models import AuditEntry
from vocero.policy import checks, services
from vocero.policy.checks import Candidate, Finding, Image, Level
from vocero.policy.models import DisclosureWording, Term
from vocero.policy.rules import load_rules

DISCLOSED = "I work at Aurora Mills."


def look(house: House, text: str, **values: Any) -> list[Finding]:
    known: dict[str, Any] = {"network": "linkedin", "language": "en", "origin": "curated"}
    return checks.findings(Candidate(text=text, **(known | values)), load_rules(house.installation))


def codes(found: list[Finding]) -> list[str]:
    return [finding.code for finding in found]


def full(house: House, text: str, **values: Any) -> str:
    known: dict[str, Any] = {"network": "linkedin", "language": "en", "origin": "curated"}
    return checks.full_text(Candidate(text=text, **(known | values)), load_rules(house.installation))


def test_a_plain_text_passes(house: House) -> None:
    assert look(house, "Solar power for old mills, nicely told.") == []


def test_the_disclosure_stands_first_and_is_added_once(house: House) -> None:
    once = full(house, "Look at our roof.")
    assert once == f"{DISCLOSED} Look at our roof."
    assert full(house, once) == once
    assert full(house, "Trabajo en Aurora Mills. Mirad", language="es") == "Trabajo en Aurora Mills. Mirad"
    assert full(house, "Guardate", language="it").startswith("Lavoro in Aurora Mills. ")
    assert full(house, "Spójrzcie", language="pl").startswith("Pracuję w firmie Aurora Mills. ")


@pytest.mark.parametrize(
    "text",
    [
        "My employer has put panels on every roof.",
        "At Aurora Mills, where I work, the sun does it.",
        "I have been working for Aurora Mills since May.",
        "W firmie Aurora Mills, w której pracuję, działa słońce.",
        "Da Aurora Mills, dove lavoro: il sole.",
    ],
)
def test_own_words_count_as_disclosure(house: House, text: str) -> None:
    assert full(house, text) == text
    assert look(house, text, origin="company", disclosed=False) == []


@pytest.mark.parametrize(
    "text", ["El trabajo en equipo lo es todo.", "Oggi lavoro da casa.", "Dziś pracuję w ogrodzie."]
)
def test_speaking_of_work_in_general_is_no_disclosure(house: House, text: str) -> None:
    assert full(house, text) != text


@pytest.mark.parametrize("origin", ["company", "promotional", ""])
def test_on_the_companys_own_posts_it_cannot_be_dropped(house: House, origin: str) -> None:
    (finding,) = look(house, "Look at our roof.", origin=origin, disclosed=False)
    assert (finding.code, finding.level) == ("disclosure", Level.BLOCK)
    assert look(house, "Look at our roof.", origin=origin, disclosed=True) == []


@pytest.mark.parametrize("words", ["Aurora Mills", "AURORA-MILLS", "Sunloom"])
def test_nor_where_the_text_names_the_company_or_its_products(house: House, words: str) -> None:
    services.add_term(Term.Kind.PRODUCT, "Sunloom", at=MOMENT)
    found = look(house, f"What {words} did is clever.", disclosed=False)
    finding = next(finding for finding in found if finding.code == "disclosure")
    assert (finding.level, finding.words) == (Level.BLOCK, words)
    assert checks.must_disclose(f"What {words} did", origin="curated", rules=load_rules(house.installation))


def test_on_other_curated_posts_it_may_be_switched_off(house: House) -> None:
    assert look(house, "Look at these roofs.", disclosed=False) == []
    assert full(house, "Look at these roofs.", disclosed=False) == "Look at these roofs."
    assert not checks.must_disclose("these roofs", origin="curated", rules=load_rules(house.installation))


def test_said_too_late_it_is_not_said(house: House) -> None:
    late = "x" * 170 + f" {DISCLOSED}"
    assert codes(look(house, late, origin="company", disclosed=False)) == ["disclosure"]
    assert full(house, late, origin="company").startswith(DISCLOSED)


def test_a_company_may_word_it_itself(house: House) -> None:
    services.replace_wordings("en", ["Yes, {company} pays me.", "Me at {company}:"], at=MOMENT)
    assert full(house, "Hi") == "Yes, Aurora Mills pays me. Hi"
    assert full(house, "Hi", disclosure="Me at Aurora Mills:") == "Me at Aurora Mills: Hi"
    assert DisclosureWording.objects.filter(language="en", archived_at=None).count() == 2


def test_banned_phrases_say_which_words_and_what_to_do(house: House) -> None:
    services.add_term(Term.Kind.BANNED, "game changer", at=MOMENT, advice={"en": "Say what has changed."})
    services.add_term(Term.Kind.BANNED, "world-class", at=MOMENT, blocks=False)
    found = look(house, "World class! A real Game-Changer, a game changer.")
    assert [(finding.code, finding.level, finding.words) for finding in found] == [
        ("banned", Level.BLOCK, "Game-Changer"),
        ("banned", Level.BLOCK, "game changer"),
        ("banned", Level.ADVISE, "World class"),
    ]
    assert found[0].advice == "Say what has changed."


def test_a_confidential_term_is_found_and_told_in_the_writers_words_only(house: House, caplog: Any) -> None:
    services.add_term(Term.Kind.CONFIDENTIAL, "Project Falcon", at=MOMENT)
    services.add_term(Term.Kind.CONFIDENTIAL, "Falcon Heavy Industries", at=MOMENT)
    found = look(house, "Nice week with pro\u200bject-fálcon and friends")
    assert [(finding.code, finding.words) for finding in found] == [("confidential", "pro\u200bject-fálcon")]
    told = repr(found) + repr(load_rules(house.installation)) + caplog.text
    assert "Project Falcon" not in told
    assert "Heavy" not in told
    assert look(house, "A falcon sat on the mill; heavy industries too") == []


def test_confidential_terms_are_sealed_in_the_database(house: House) -> None:
    term = services.add_term(
        Term.Kind.CONFIDENTIAL, "Project Falcon", at=MOMENT, blocks=False, advice={"en": "Falcon!"}
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM policy_term")
        assert "falcon" not in repr([bytes(v) if isinstance(v, memoryview) else v for v in cursor.fetchone()]).lower()
    assert term.blocks
    assert (
        "falcon" not in json.dumps(list(AuditEntry.objects.values("action", "subject", "detail")), default=str).lower()
    )
    services.archive_term(term, at=MOMENT)
    assert term.sealed is None
    assert look(house, "Project Falcon") == []


def test_a_sealed_term_moved_to_another_row_does_not_open(house: House) -> None:
    from vocero.lib.crypto import Undecipherable
    from vocero.policy.rules import text_of

    one = services.add_term(Term.Kind.CONFIDENTIAL, "Project Falcon", at=MOMENT)
    other = services.add_term(Term.Kind.CONFIDENTIAL, "Project Heron", at=MOMENT)
    one.sealed = other.sealed
    with pytest.raises(Undecipherable):
        text_of(one)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("We use sunloom daily", "sunloom"),
        ("We use Sun Loom daily", "Sun Loom"),
        ("We use Sunlom daily", "Sunlom"),
        ("We use Sunlomo daily", "Sunlomo"),
        ("We use Sunloomm daily", None),
        ("Aurora Mils is here", "Aurora Mils"),
        ("We use Sunloom daily", None),
        ("We like #sunloom and @sunloom and https://sunloom.example/sunlom", None),
        ("A sunroof is nice", None),
    ],
)
def test_names_in_another_spelling_are_pointed_out(house: House, text: str, words: str | None) -> None:
    services.add_term(Term.Kind.PRODUCT, "Sunloom", at=MOMENT)
    found = look(house, text)
    assert [finding.words for finding in found if finding.code == "spelling"] == ([words] if words else [])
    assert all(not finding.blocks for finding in found)


def test_polish_endings_are_no_slips(house: House) -> None:
    services.add_term(Term.Kind.PRODUCT, "Aurorka", at=MOMENT)
    assert look(house, "Pijemy Aurorkę z Aurorką", language="pl") == []
    assert codes(look(house, "We drink Auorrka", language="en")) == ["spelling"]


def test_a_networks_length_is_counted_as_the_network_counts(house: House) -> None:
    text = "a" * 280
    room = 280 - len(DISCLOSED) - 1 - 1 - 23
    link = "https://go.aurora.example/l/aaaaaaaaaaa"
    assert look(house, text[:room], network="x", link=link) == []
    (finding,) = look(house, text[: room + 1], network="x", link=link)
    assert (finding.code, finding.level) == ("too_long", Level.BLOCK)
    assert "281" in finding.message
    assert "1 character." in finding.advice


def test_a_network_that_needs_an_image_says_so(house: House) -> None:
    assert codes(look(house, "Hi", network="instagram")) == ["needs_image"]
    assert codes(look(house, "Hi", network="instagram", images=[Image("image/jpeg", "")])) == ["alt"]
    assert look(house, "Hi", network="instagram", images=[Image("image/jpeg", "A roof")]) == []


def test_an_empty_text_without_a_link_is_nothing_to_share(house: House) -> None:
    assert codes(look(house, "  ")) == ["empty"]
    assert look(house, "", link="https://go.aurora.example/l/aaaaaaaaaaa") == []


def test_the_posts_own_address_typed_by_hand_is_pointed_out(house: House) -> None:
    found = look(house, "See https://aurora.example/sun/.", post_url="https://aurora.example/sun")
    assert [(finding.code, finding.words) for finding in found] == [("untracked", "https://aurora.example/sun/")]


def test_what_blocks_comes_first(house: House) -> None:
    services.add_term(Term.Kind.BANNED, "cheap", at=MOMENT)
    services.add_term(Term.Kind.BANNED, "best", at=MOMENT, blocks=False)
    assert [finding.level for finding in look(house, "best and cheap")] == ["block", "advise"]


def test_ten_thousand_terms_are_no_burden(house: House) -> None:
    Term.objects.bulk_create(
        Term(kind=Term.Kind.BANNED, text=f"phrase number {number} of many", created_at=MOMENT)
        for number in range(10_000)
    )
    assert codes(look(house, "Here is phrase number 7777 of many.")) == ["banned"]


def test_findings_speak_the_readers_language(house: House) -> None:
    with translation.override("en"):
        assert look(house, "")[0].message == "There is nothing to share yet."


@pytest.mark.parametrize(
    ("kind", "text"), [("banned", " "), ("banned", "x" * 201), ("confidential", "ab"), ("nonsense", "word")]
)
def test_terms_that_cannot_work_are_refused(house: House, kind: str, text: str) -> None:
    with pytest.raises(services.NotAllowed):
        services.add_term(kind, text, at=MOMENT)


def test_the_same_term_twice_is_refused_also_when_sealed(house: House) -> None:
    services.add_term(Term.Kind.CONFIDENTIAL, "Project Falcon", at=MOMENT)
    with pytest.raises(services.NotAllowed):
        services.add_term(Term.Kind.CONFIDENTIAL, "project-falcon", at=MOMENT)

"""Finding terms as people write them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vocero.policy.matching import Matcher, fold, part

TERMS = ["Project Falcon", "Zażółć", "C++", "AT&T", "cart", "straße"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("our project falcon!", "project falcon"),
        ("PROJECTFALCON", "PROJECTFALCON"),
        ("Project-Falcon", "Project-Falcon"),
        ("pro\u200bject fal\u00adcon", "pro\u200bject fal\u00adcon"),
        ("P r o j e c t F a l c o n", "P r o j e c t F a l c o n"),
        ("pro ject falcon", "pro ject falcon"),
        ("Рroject Fаlcon", "Рroject Fаlcon"),  # with Cyrillic letters that look Latin
        ("Ｐｒｏｊｅｃｔ Ｆａｌｃｏｎ", "Ｐｒｏｊｅｃｔ Ｆａｌｃｏｎ"),
        ("Próject Fälcon", "Próject Fälcon"),
        ("see #ProjectFalconLaunch", "ProjectFalcon"),
        ("https://x.example/project_falcon/a", "project_falcon"),
        ("zazolc", "zazolc"),
        ("Zaz\u0307o\u0301łc\u0301!", "Zaz\u0307o\u0301łc\u0301"),
        ("C++ is fine", "C++"),
        ("at&t", "at&t"),
        ("c a r t", "c a r t"),
        ("STRASSE", "STRASSE"),
    ],
)
def test_case_accents_lookalikes_and_spacing_hide_nothing(text: str, words: str) -> None:
    assert [match.words for match in Matcher(TERMS).find(text)] == [words]


@pytest.mark.parametrize(
    "text",
    [
        "projectfalcons",
        "carton",
        "a Cartesian plan",
        "car t",
        "c art",
        "C is older",
        "AT T",
        "project of falcons",
        "",
        "\u200b",
    ],
)
def test_parts_of_other_words_are_no_match(text: str) -> None:
    assert Matcher(TERMS).find(text) == []


def test_terms_without_letters_and_no_terms_find_nothing() -> None:
    assert Matcher([]).find("anything") == []
    assert Matcher(["", " ", "\u200b"]).find("anything") == []


@settings(max_examples=150, deadline=None)
@given(before=st.text(max_size=20), after=st.text(max_size=20))
def test_a_term_between_spaces_is_found_in_any_text_and_its_words_stand_there(before: str, after: str) -> None:
    text = f"{before} Project Falcon {after}"
    found = Matcher(TERMS).find(text)
    assert "Project Falcon" in [match.words for match in found]
    assert all(text[match.start : match.end] == match.words for match in found)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60))
def test_every_folded_sign_knows_where_it_stood(text: str) -> None:
    folded = fold(text)
    assert len(folded.where) == len(folded.text)
    assert list(folded.where) == sorted(folded.where)
    assert all(0 <= place < len(text) for place in folded.where)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60), st.integers(0, 60), st.integers(0, 60))
def test_a_part_of_the_folded_text_is_the_folded_part(text: str, start: int, end: int) -> None:
    assert part(fold(text), start, end) == fold(text[start:end]).text

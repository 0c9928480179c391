"""Where links, mentions and tags stand, in UTF-8 bytes."""

import pytest

from vocero.networks.richtext import facets, spans


def found(text: str) -> list[tuple[str, str]]:
    return [(facet.kind, facet.value) for facet in spans(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("nothing here", []),
        ("#tag", [("tag", "tag")]),
        ('＃tag (#other), "#third"!', [("tag", "tag"), ("tag", "other"), ("tag", "third")]),
        ("#2026 #1st", [("tag", "1st")]),
        ("a#b c", []),
        ("##x", []),
        ("#Łódź. #naïve-ish, #a_b", [("tag", "Łódź"), ("tag", "naïve-ish"), ("tag", "a_b")]),
        ("#" + "x" * 65, []),
        ("# no", []),
        ("@me.bsky.social, hi", [("mention", "me.bsky.social")]),
        ("(@Me.Example.ORG)", [("mention", "me.example.org")]),
        ("mail a@b.example now", []),
        ("@nodots @ends. @a.b", [("mention", "a.b")]),
        ("https://a.example/#anchor @x.example", [("link", "https://a.example/#anchor"), ("mention", "x.example")]),
        ("https://a.example/@me.example", [("link", "https://a.example/@me.example")]),
        ("see https://a.example.", [("link", "https://a.example")]),
    ],
)
def test_what_is_found(text: str, expected: list[tuple[str, str]]) -> None:
    assert found(text) == expected


def test_places_are_counted_in_bytes() -> None:
    text = "Ż 👨‍👩‍👧‍👦 https://a.example #ż @b.example"
    marked = facets(text, lambda handle: f"did:plc:{handle}")
    raw = text.encode()
    shown = [raw[one["index"]["byteStart"] : one["index"]["byteEnd"]].decode() for one in marked]
    assert shown == ["https://a.example", "#ż", "@b.example"]
    assert marked[2]["features"][0]["did"] == "did:plc:b.example"


def test_a_mention_of_nobody_stays_plain_text() -> None:
    assert facets("@nobody.example", lambda handle: None) == []


@pytest.mark.parametrize(
    "attack", ["#" * 50_000, "@" * 50_000, "@a." * 20_000, "@" + "a-" * 30_000, "#a" * 20_000, "https://" * 5_000]
)
def test_long_attacks_end_soon(attack: str) -> None:
    assert isinstance(spans(attack), list)

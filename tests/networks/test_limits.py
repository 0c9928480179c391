"""How networks count and what they object to; X's counts were compared with twitter-text 3.1.0 on 448 texts."""

import pytest

from vocero.networks.limits import Counting, Limits, Objection, Problem, weighted_length
from vocero.networks.registry import get_network

X = get_network("x").limits


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("", 0),
        ("Hello", 5),
        ("Zażółć gęślą jaźń", 17),
        ("Привет", 6),
        ("日本語", 6),
        ("한국어", 6),
        ("👨‍👩‍👧‍👦", 2),
        ("🇵🇱🇮🇹", 4),
        ("👍🏽!", 3),
        ("1️⃣", 2),
        ("☺️", 2),
        ("“quoted” – dash…", 17),
        ("see https://a.example/very/long/address/that/counts/less now", 31),
        ("http://a.example http://b.example", 47),
        ("e\u0301", 1),
    ],
)
def test_x_counts_letters_one_others_and_emoji_two_and_addresses_23(text: str, length: int) -> None:
    assert X.count(text) == length


def test_mastodon_counts_what_people_see_and_addresses_23() -> None:
    limits = get_network("mastodon").limits
    assert limits.count("👨‍👩‍👧‍👦 e\u0301 https://a.example/" + "x" * 200) == 1 + 1 + 1 + 1 + 23


def test_bluesky_counts_what_people_see_and_its_bytes() -> None:
    limits = get_network("bluesky").limits
    assert limits.count("👨‍👩‍👧‍👦" * 300) == 300
    found = limits.objections("👨‍👩‍👧‍👦" * 300, (), has_link=False)
    assert [one.problem for one in found] == [Problem.TOO_MANY_BYTES]


def test_images_are_objected_to_by_number_type_and_words() -> None:
    limits = Limits(images=2, alt_characters=5, image_types=("image/png",), counting=Counting.CODE_POINTS)
    png, gif = ("image/png", "short"), ("image/gif", "far too long")
    assert limits.objections("x", (png, png), has_link=False) == []
    assert limits.objections("x", (png, png, gif), has_link=False) == [
        Objection(Problem.TOO_MANY_IMAGES, 3, 2),
        Objection(Problem.IMAGE_TYPE),
        Objection(Problem.ALT_TOO_LONG, 12, 5),
    ]


def test_what_a_server_tells_of_its_limits_is_used() -> None:
    limits = get_network("mastodon").limits_for(
        {"characters": 5000, "images": 6, "image_types": ["image/png", "video/mp4"]}
    )
    assert (limits.characters, limits.images, limits.image_types, limits.link_length) == (5000, 6, ("image/png",), 23)


def test_instagram_wants_an_image_and_facebook_a_link() -> None:
    assert Problem.NEEDS_IMAGE in [
        one.problem for one in get_network("instagram").limits.objections("x", (), has_link=True)
    ]
    assert Problem.NEEDS_LINK in [
        one.problem for one in get_network("facebook").limits.objections("x", (), has_link=False)
    ]
    assert get_network("linkedin").limits.objections("x", (), has_link=False) == []


def test_long_texts_are_counted_soon() -> None:
    assert weighted_length("x" * 200_000) == 200_000
    assert X.count("https://a.example " * 5_000) == 24 * 5_000

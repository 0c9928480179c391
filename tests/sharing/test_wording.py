"""Whether a text is somebody's own."""

import pytest

from tests.cast import House
from tests.sharing.library import make_post
from vocero.sharing.wording import is_personalized, opening_text

READY = "Our mill runs on sunlight now. Here is how we did it, panel by panel.\n\n#solar"


@pytest.mark.parametrize(
    ("text", "personal"),
    [
        (READY, False),
        (READY.upper(), False),
        ("  " + READY + "\n", False),
        (READY.replace("now", "today"), False),
        (READY + " https://aurora.example/sun", False),
        (READY.removesuffix("\n\n#solar"), False),
        ("I work at Aurora Mills. " + READY, False),
        (READY + " I carried the last panel up myself.", True),
        ("My grandfather ran this mill on coal. " + READY, True),
        ("Sunlight, and nothing else: that is what drives our mill these days.", True),
        ("", False),
    ],
)
def test_a_fifth_changed_or_a_sentence_added_makes_it_ones_own(text: str, personal: bool) -> None:
    assert is_personalized(text, READY, disclosure="I work at Aurora Mills.") is personal


def test_a_text_without_a_ready_one_is_always_ones_own() -> None:
    assert is_personalized("Hello there", "")


def test_hashtags_are_added_once(house: House) -> None:
    post = make_post(house, hashtags=["solar", "Mills"], captions=[("en", "", "We run on #Solar.")])
    assert opening_text(post, post.captions.get()) == "We run on #Solar.\n\n#Mills"
    assert opening_text(post, None) == "#solar #Mills"

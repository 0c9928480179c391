"""The company's color is readable whatever it is."""

import colorsys

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from vocero.web.brand import DARK_GROUNDS, INK, LIGHT_GROUNDS, WHITE, Color, brand_tokens, contrast, themes

WHEEL = [
    "#" + "".join(f"{round(part * 255):02x}" for part in colorsys.hsv_to_rgb(hue / 24, saturation, value))
    for hue in range(24)
    for saturation in (0.25, 0.6, 1.0)
    for value in (0.15, 0.5, 0.8, 1.0)
]
EDGES = ["#000000", "#ffffff", "#808080", "#ffff00", "#00ff00", "#0000ff", "#ff0000", "#f97316", "#fde047", "#1c1917"]


def worst_contrast(value: str) -> float:
    found = []
    for theme, grounds in zip(themes(value), (LIGHT_GROUNDS, DARK_GROUNDS), strict=True):
        found += [contrast(theme.on, theme.fill), contrast(theme.on, theme.hover)]
        found += [contrast(theme.ink, ground) for ground in (*grounds, theme.wash)]
    return min(found)


def test_words_are_readable_on_and_in_any_color_of_the_wheel() -> None:
    assert min((worst_contrast(value), value) for value in (*WHEEL, *EDGES)) >= (4.5, "")


@given(st.integers(0, 0xFFFFFF))
def test_words_are_readable_in_any_color_at_all(number: int) -> None:
    assert worst_contrast(f"#{number:06x}") >= 4.5


@pytest.mark.parametrize("value", EDGES)
def test_a_color_comes_back_from_oklch_as_it_went_in(value: str) -> None:
    assert Color.from_hex(value).hex() == value


def test_contrast_is_that_of_wcag() -> None:
    assert contrast(Color.from_hex("#000000"), WHITE) == pytest.approx(21.0)
    assert contrast(Color.from_hex("#767676"), WHITE) == pytest.approx(4.54, abs=0.01)


def test_a_color_that_carries_white_words_stays_as_it_is() -> None:
    light, _dark = themes("#2450c8")
    assert light.fill.hex() == "#2450c8"
    assert light.on == WHITE


def test_a_light_color_gets_dark_words() -> None:
    assert themes("#fde047")[0].on == INK


@pytest.mark.parametrize("value", ["", "red", "#12345", "#1234567", "#12345g", "#123456;}"])
def test_what_is_no_color_is_refused(value: str) -> None:
    with pytest.raises(ValueError, match="color"):
        brand_tokens(value)


def test_the_tokens_are_served_and_may_be_kept(client: Client, db: None) -> None:
    answer = client.get("/look/brand-2450c8.css")
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in answer["Cache-Control"]
    assert "--brand: light-dark(#2450c8," in answer.content.decode()


def test_an_address_without_a_color_is_not_found(client: Client, db: None) -> None:
    assert client.get("/look/brand-123.css").status_code == 404

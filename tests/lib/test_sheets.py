"""Cells of exported tables: sixteen ways to begin a formula, and values that come through unchanged."""

from decimal import Decimal

import pytest

from vocero.lib.sheets import safe_cell

STARTS = ["=", "+", "-", "@", "\t=", "\r=", "\n=", " =", "\u00a0=", "\u200b=", "＝", "＋", "－", "＠", "|", "%"]


@pytest.mark.parametrize("start", STARTS)
def test_no_text_begins_a_formula(start: str) -> None:
    text = f"{start}HYPERLINK(1)"
    assert safe_cell(text) == f"'{text}"


@pytest.mark.parametrize("value", ["Zażółć gęślą", "a=b", "", 17, -3, 2.5, None])
def test_other_values_stay_as_they_are(value: object) -> None:
    assert safe_cell(value) == value


def test_a_decimal_below_zero_is_text_that_is_quoted() -> None:
    assert safe_cell(Decimal(5)) == "5"

"""Tables for spreadsheets: no cell that somebody wrote is a formula, and every text comes back as it was."""

import csv
import io
from decimal import Decimal

import pytest

from vocero.lib.tabular import guarded, to_csv, unguarded

STARTS = ["=", "+", "-", "@", "|", "%", "\t=", "\r=", "\n=", " =", "＝", "＋", "－", "＠", "\u200b=", "\u00a0+"]


@pytest.mark.parametrize("start", STARTS)
def test_a_text_that_a_spreadsheet_would_run_is_guarded_and_comes_back_whole(start: str) -> None:
    text = f'{start}HYPERLINK("https://evil.example";"x")'
    assert guarded(text).startswith("'")
    assert unguarded(guarded(text)) == text


@pytest.mark.parametrize("text", ["Sales", "3-1", "a=b", "", "'quoted", "Łódź", "5 % more"])
def test_other_texts_come_back_whole(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded("Sales") == "Sales"


def test_numbers_stay_numbers_and_lines_stay_lines() -> None:
    written = to_csv(["Name", "=Count"], [["a,b\n=c", -5], [None, Decimal("1.50")]])
    read = list(csv.reader(io.StringIO(written.removeprefix("\ufeff"))))
    assert read == [["Name", "'=Count"], ["a,b\n=c", "-5"], ["", "1.50"]]

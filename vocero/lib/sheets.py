"""Cells of exported tables that no spreadsheet program takes for a formula."""

import unicodedata
from typing import Final

_STARTS: Final = frozenset("=+-@|%")


def safe_cell(value: object) -> object:
    """Give a value as it may stand in a CSV or XLSX cell: numbers as they are, text that would be a formula quoted.

    A text begins a formula also behind blanks, line breaks, invisible signs or in full-width form (`＝`); such a text gets
    an apostrophe in front, which spreadsheet programs hide. Tabs and carriage returns at the start count as well.
    """
    if value is None or isinstance(value, int | float):
        return value
    text = str(value)
    shown = unicodedata.normalize("NFKC", text)
    bare = "".join(sign for sign in shown if unicodedata.category(sign) not in {"Cf", "Cc", "Zs", "Zl", "Zp"})
    if bare[:1] in _STARTS or text[:1] in {"\t", "\r", "\n"}:
        return f"'{text}"
    return text

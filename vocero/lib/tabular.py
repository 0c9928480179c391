"""Tables for spreadsheets as CSV, in which nothing that somebody wrote can act as a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Final

BYTE_ORDER_MARK: Final = "\ufeff"
"""Begins the file, so that Excel reads it as UTF-8."""

GUARD: Final = "'"
"""Stands before a text that a spreadsheet could take for a formula; `unguarded` takes it away."""

# A spreadsheet skips white space, controls and invisible signs, then takes any of these (also full width) for a formula,
# a command (DDE) or a new column. A text that begins with the guard gets another one, so that the guard can be undone.
_RISKY: Final = re.compile(
    r"^[\s\x00-\x20\x7f-\xa0\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]*[=+\-@|%'＝＋－＠﹦﹢﹣﹫\t\r\n]"
)

type Cell = str | int | Decimal | date | datetime | bool | None


def guarded(text: str) -> str:
    """Give a text as a cell that no spreadsheet runs: texts that could be a formula get an apostrophe in front."""
    return GUARD + text if _RISKY.match(text) or text[:1] in {"\t", "\r", "\n"} else text


def unguarded(text: str) -> str:
    """Give the text that `guarded` was given."""
    return text[1:] if text.startswith(GUARD) else text


def to_csv(head: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """Write a table as CSV (RFC 4180, with a byte order mark): texts guarded, numbers plain, days as 2026-11-22."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([guarded(name) for name in head])
    for row in rows:
        writer.writerow([_written(cell) for cell in row])
    return BYTE_ORDER_MARK + out.getvalue()


def _written(cell: Cell) -> str:
    if cell is None:
        return ""
    if isinstance(cell, str):
        return guarded(cell.replace("\x00", ""))
    if isinstance(cell, date | datetime):
        return cell.isoformat()
    return str(cell)

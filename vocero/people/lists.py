"""Reads people lists as offices really have them: CSV in any encoding and with any separator, XLSX with titles above."""

import csv
import io
import re
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from vocero.people.columns import is_email_like, known_names
from vocero.people.errors import NotReadable

MOST_BYTES: Final = 10 * 1024 * 1024
MOST_UNPACKED: Final = 200 * 1024 * 1024
MOST_ROWS: Final = 50_000
MOST_COLUMNS: Final = 60
LONGEST_CELL: Final = 500
_SEPARATORS: Final = ",;\t|"
_HEAD_WITHIN: Final = 25

_LETTERS: Final = {
    "pl": "ąćęłńóśźżĄĆĘŁŃÓŚŹŻ",
    "cs": "áčďéěíňóřšťúůýžÁČĎÉĚÍŇÓŘŠŤÚŮÝŽľĺŕäôĽ",
    "hu": "áéíóöőúüűÁÉÍÓÖŐÚÜŰ",
    "hr": "čćđšžČĆĐŠŽ",
    "de": "äöüßÄÖÜ",
    "es": "áéíñóúüÁÉÍÑÓÚÜç",
    "it": "àèéìíòóùúÀÈÉÌÒÙ",
    "fr": "àâçèéêëîïôùûüÿœÀÂÇÈÉÊËÎÏÔÙÛœŒ",
    "pt": "ãáâàçéêíóôõúÃÁÂÀÇÉÊÍÓÔÕÚ",
    "sv": "åäöæøÅÄÖÆØ",
}
_ENCODINGS: Final = (
    ("windows-1252", ("es", "it", "de", "fr", "pt", "sv")),
    ("windows-1250", ("pl", "cs", "hu", "hr", "de")),
    ("iso-8859-2", ("pl", "cs", "hu", "hr", "de")),
    ("iso-8859-15", ("es", "it", "de", "fr", "pt", "sv")),
    ("cp852", ("pl", "cs", "hu", "hr")),
)
_POLISH_N_IN_SPANISH_PLACE: Final = re.compile("[ńŃ][aeiouyąęóáéíúAEIOUY]")
_SPANISH_N_IN_POLISH_PLACE: Final = re.compile("[ñÑ](?![aeiouáéíóúAEIOUÁÉÍÓÚ])")


@dataclass(frozen=True, slots=True)
class PeopleList:
    """A list as it was read: names above the columns and rows with the number of their line in the file."""

    columns: list[str]
    rows: list[tuple[int, list[str]]]


def read_list(filename: str, data: bytes) -> PeopleList:
    """Read a CSV, XLSX, XLS or ODS file; its kind is found from its content. Raises NotReadable."""
    if len(data) > MOST_BYTES:
        raise NotReadable(
            _("This file is larger than 10 MB. Please leave out columns that are not needed, or split it.")
        )
    if data[:4] == b"PK\x03\x04" or data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        grid, merged = _sheet(data)
    else:
        grid, merged = _separated(decode(data)), []
    numbered = [(number, [_cell(value) for value in row]) for number, row in grid]
    numbered = [(number, row) for number, row in numbered if any(sign.isalnum() for cell in row for sign in cell)]
    if not numbered:
        raise NotReadable(_("This file is empty. Please choose one that has a line for each person."))
    if len(numbered) > MOST_ROWS:
        raise NotReadable(_("This file has more than 50,000 lines. Please split it."))
    if max(len(row) for _number, row in numbered) > MOST_COLUMNS:
        raise NotReadable(_("This file has more than 60 columns. Please leave out those that are not needed."))
    return _with_head(numbered, merged)


def decode(data: bytes) -> str:
    """Give the text of a file: by its mark, as UTF-8 or UTF-16, or in the old encoding that makes sense of its letters."""
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    sample = data[:4000]
    if sample.count(0) > len(sample) // 5:
        return data.decode("utf-16-le" if sample[1:2] == b"\0" else "utf-16-be", errors="replace")
    try:
        return data.decode()
    except UnicodeDecodeError:
        return max(_old_texts(data), key=lambda one: one[0])[1]


def _old_texts(data: bytes) -> Iterable[tuple[float, str]]:
    """Decode in each old encoding and score how well the letters fit one language that is written in it."""
    for place, (encoding, languages) in enumerate(_ENCODINGS):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        yield max(_fit(text, _LETTERS[code]) for code in languages) - place / 1000, text
    yield -10.0, data.decode("latin-1")


def _fit(text: str, letters: str) -> float:
    """From 1 (every letter beyond ASCII belongs to the language) down to below 0 (signs stand inside words)."""
    beyond = Counter(sign for sign in text if ord(sign) > 127 and sign != "\u00a0")
    total = sum(beyond.values())
    if not total:
        return 0.0
    good = sum(count for sign, count in beyond.items() if sign in letters)
    odd = sum(count for sign, count in beyond.items() if not sign.isalpha() and sign not in "„”“’‘«»–—…°€")
    if "ń" in letters:  # Polish writes “ni” before a vowel, Spanish has its ñ only there
        good -= 2 * len(_POLISH_N_IN_SPANISH_PLACE.findall(text))
    if "ñ" in letters:
        good -= 2 * len(_SPANISH_N_IN_POLISH_PLACE.findall(text))
    return (good - 2 * odd) / total


def _separated(text: str) -> list[tuple[int, list[Any]]]:
    first, _break, rest = text.partition("\n")
    told = re.fullmatch(r"sep=(.)\s*", first.strip("\ufeff"), re.IGNORECASE)
    if told:
        return [(number + 1, row) for number, row in _parse(rest, told[1])]
    sample = "\n".join(text.splitlines()[:300])
    best = max(_SEPARATORS, key=lambda one: _evenness(row for _number, row in _parse(sample, one)))
    return _parse(text, best)


def _parse(text: str, separator: str) -> list[tuple[int, list[Any]]]:
    reader = csv.reader(io.StringIO(text.replace("\0", "")), delimiter=separator)
    rows: list[tuple[int, list[Any]]] = []
    try:
        start = 1
        for row in reader:
            rows.append((start, list(row)))
            start = reader.line_num + 1
            if len(rows) > MOST_ROWS + _HEAD_WITHIN:
                break
    except csv.Error as error:
        raise NotReadable(
            _("Line %(line)s cannot be read. Is a quotation mark missing there?"), line=reader.line_num
        ) from error
    return rows


def _evenness(rows: Iterable[list[str]]) -> float:
    """How much a separator looks right: the share of lines with the usual number of cells, more cells being better."""
    widths = Counter(len(row) for row in rows if any(row))
    if not widths:
        return 0.0
    width, often = max(widths.items(), key=lambda one: (one[1] * (one[0] > 1), one[0]))
    return 0.0 if width < 2 else often / sum(widths.values()) + min(width, 12) / 100


type Merged = list[tuple[tuple[int, int], tuple[int, int]]]


def _sheet(data: bytes) -> tuple[list[tuple[int, list[Any]]], Merged]:
    """Read the first sheet that has something in it; gives its rows and merged areas (rows and columns from 0)."""
    from python_calamine import CalamineError, CalamineWorkbook

    unreadable = NotReadable(
        _(
            "This workbook cannot be opened. Is it protected by a password? Save it again as XLSX or CSV and try that file."
        )
    )
    try:
        if data[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(data)) as packed:
                if sum(part.file_size for part in packed.infolist()) > MOST_UNPACKED:
                    raise NotReadable(_("This workbook is too large when unpacked. Please save the list alone as CSV."))
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        for name in book.sheet_names:
            sheet = book.get_sheet_by_name(name)
            rows = sheet.to_python(skip_empty_area=False, nrows=MOST_ROWS + _HEAD_WITHIN)
            if any(any(cell not in ("", None) for cell in row) for row in rows):
                merged: Merged = list(sheet.merged_cell_ranges or []) if data[:2] == b"PK" else []
                return [(number, list(row)) for number, row in enumerate(rows, 1)], merged
    except NotReadable:
        raise
    except (CalamineError, zipfile.BadZipFile, OSError, ValueError, KeyError, OverflowError) as error:
        raise unreadable from error
    return [], []


def _cell(value: Any) -> str:
    """Give a cell as tidy text; numbers without a needless fraction, days as 2026-11-22."""
    if isinstance(value, bool):
        return "1" if value else ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, datetime):
        value = value.date() if value.time() == time() else value
    if isinstance(value, (date, time, timedelta)):
        return str(value)
    text = unicodedata.normalize("NFC", str(value if value is not None else ""))
    text = "".join(
        " " if sign in "\u00a0\u202f\t\r\n" else sign for sign in text if sign.isprintable() or sign in "\t\r\n"
    )
    return " ".join(text.split())[:LONGEST_CELL]


def _with_head(numbered: list[tuple[int, list[str]]], merged: Merged) -> PeopleList:
    """Find the line with the names of the columns: above the first e-mail address, with the most names that we know."""
    width = max(len(row) for _number, row in numbered)
    numbered = [(number, row + [""] * (width - len(row))) for number, row in numbered]
    first = next((place for place, (_number, row) in enumerate(numbered) if any(map(is_email_like, row))), 1)
    above = numbered[:first][-_HEAD_WITHIN:]
    if not above:
        return PeopleList([""] * width, numbered)
    heads = [_column_names(above[: place + 1], merged, width) for place in range(len(above))]
    head_place = max(range(len(above)), key=lambda place: (known_names(heads[place]), len(set(above[place][1])), place))
    names = heads[head_place]
    return PeopleList(names, numbered[first - len(above) + head_place + 1 :])


def _column_names(lines: list[tuple[int, list[str]]], merged: Merged, width: int) -> list[str]:
    """Names of the columns; where a head spans several lines (`Person` over `First name`), the lowest one counts,
    and a name that was merged over lines below is carried down."""
    number, names = lines[-1][0], list(lines[-1][1])
    texts = dict(lines)
    for (top, left), (bottom, right) in merged:
        if top < number - 1 <= bottom and top + 1 in texts:
            for column in range(left, min(right, width - 1) + 1):
                names[column] = names[column] or texts[top + 1][left]
    if len(lines) > 1:
        upper = lines[-2][1]
        names = [
            name or (upper[column] if upper.count(upper[column]) == 1 else "") for column, name in enumerate(names)
        ]
    return names

"""Brings a people list in: upload, map columns, preview with a reason for every faulty line, then write in steps."""

import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vocero.company import audit
from vocero.people import places
from vocero.people.columns import FIELDS, guess
from vocero.people.errors import NotReadable
from vocero.people.lists import read_list
from vocero.people.models import Member, PeopleImport
from vocero.people.teams import TeamFinder

STEP: Final = 1000
ROWS_SHOWN: Final = 8
NEW, CHANGED, SAME, FAULTY = "new", "changed", "same", "faulty"
_LONGEST: Final = {"name": 150, "location": 120, "job_title": 120}
_READERS: Final = {
    "country": places.country_code,
    "language": places.language_code,
    "time_zone": places.time_zone_name,
}

FAULTS: Final[dict[str, str | Promise]] = {
    "no_email": _("The e-mail is missing."),
    "bad_email": _("“%(value)s” is not an e-mail address."),
    "twice": _("The same e-mail is already in line %(value)s."),
    "no_name": _("The name is missing."),
    "too_long": _("“%(value)s” is too long."),
    "country": _("“%(value)s” is not a country we know. Write its name or its two letters, such as PL."),
    "language": _("“%(value)s” is not a language we know. Write its name or its two letters, such as pl."),
    "time_zone": _("“%(value)s” is not a time zone. Write it like Europe/Warsaw."),
    "team": _("There are several teams called “%(value)s”. Write where it belongs, such as Sales > North."),
}


@dataclass(frozen=True, slots=True)
class Line:
    """What would become of one line: `kind` is new, changed, same or faulty; a fault is a code of FAULTS with a value."""

    number: int
    kind: str
    values: dict[str, str] = field(default_factory=dict)
    changes: tuple[str, ...] = ()
    fault: str = ""
    fault_value: str = ""

    @property
    def reason(self) -> str:
        """The fault in words, for the reader's language."""
        return str(FAULTS[self.fault]) % {"value": self.fault_value} if self.fault else ""


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would do, before anything is written."""

    lines: list[Line]
    new_teams: list[str]

    @property
    def counts(self) -> Counter[str]:
        """How many lines there are of each kind."""
        return Counter(line.kind for line in self.lines)

    def of(self, kind: str) -> list[Line]:
        """Give the lines of one kind in their order."""
        return [line for line in self.lines if line.kind == kind]


def upload(filename: str, data: bytes, *, by: Member | None, at: datetime) -> PeopleImport:
    """Read a list and keep it until it is confirmed or discarded; its columns are guessed. Raises NotReadable."""
    read = read_list(filename, data)
    mapping = guess(read.columns, [row for _number, row in read.rows[:200]])
    PeopleImport.objects.filter(created_by=by, state=PeopleImport.State.UPLOADED).update(
        state=PeopleImport.State.DISCARDED, rows=[]
    )
    return PeopleImport.objects.create(
        filename=filename[:200] or "list",
        columns=read.columns,
        rows=[list(row) for row in read.rows],
        mapping=mapping,
        created_by=by,
        created_at=at,
    )


def map_columns(uploaded: PeopleImport, mapping: Mapping[str, int]) -> None:
    """Say which column holds which field. Raises NotReadable without e-mail or name, or when one column is used twice."""
    chosen = {
        name: column for name, column in mapping.items() if name in FIELDS and 0 <= column < len(uploaded.columns)
    }
    if "email" not in chosen:
        raise NotReadable(
            _("Please say which column holds the work e-mail: people are recognized by it."), field="email"
        )
    if not {"name", "first_name", "last_name"} & set(chosen):
        raise NotReadable(_("Please say which column holds the name."), field="name")
    if len(set(chosen.values())) < len(chosen):
        raise NotReadable(_("One column is chosen twice. Please give each field a column of its own."))
    uploaded.mapping = chosen
    uploaded.save(update_fields=["mapping"])


def preview(uploaded: PeopleImport) -> Preview:
    """Say what each line would do. Writes nothing."""
    finder = TeamFinder()
    lines = list(_plan(uploaded, uploaded.rows, finder, {}))
    new_teams: dict[str, str] = {}
    for line in lines:
        written = line.values.get("team", "") if line.kind in {NEW, CHANGED} else ""
        names = finder.split(written)
        if names and finder.find(names) is None:
            new_teams.setdefault(" > ".join(names).casefold(), " > ".join(names))
    return Preview(lines, sorted(new_teams.values(), key=str.casefold))


@transaction.atomic
def confirm(uploaded: PeopleImport, *, actor: str, at: datetime) -> None:
    """Start writing; `write_step` does it. A second confirmation changes nothing."""
    started = PeopleImport.objects.filter(pk=uploaded.pk, state=PeopleImport.State.UPLOADED).update(
        state=PeopleImport.State.CONFIRMED, confirmed_at=at, done=0, result={"total": len(uploaded.rows)}
    )
    if started:
        audit.record(
            "people.imported", actor=actor, at=at, subject=uploaded.public_id, detail={"rows": len(uploaded.rows)}
        )
    uploaded.refresh_from_db()


def discard(uploaded: PeopleImport) -> None:
    """Forget an uploaded list that was not confirmed."""
    PeopleImport.objects.filter(pk=uploaded.pk, state=PeopleImport.State.UPLOADED).update(
        state=PeopleImport.State.DISCARDED, rows=[]
    )


@transaction.atomic
def write_step(uploaded: PeopleImport, *, at: datetime, most: int = STEP) -> PeopleImport:
    """Write the next `most` lines of a confirmed import; give the row with `done` and `result` moved on.

    Steps may be repeated, also after a crash: each takes up where the last one that was stored ended. When all lines
    are written the list itself is forgotten; counts and the numbers of faulty lines with their reasons are kept.
    """
    uploaded = PeopleImport.objects.select_for_update().get(pk=uploaded.pk)
    if uploaded.state != PeopleImport.State.CONFIRMED or is_finished(uploaded):
        return uploaded
    result = {NEW: 0, CHANGED: 0, SAME: 0, "faults": [], **uploaded.result}
    faulty = {number for number, _fault_code, _value in result["faults"]}
    before = [(number, row) for number, row in uploaded.rows[: uploaded.done] if number not in faulty]
    seen = {_values(row, uploaded.mapping)["email"]: number for number, row in before}
    finder = TeamFinder()
    part = uploaded.rows[uploaded.done : uploaded.done + most]
    lines = list(_plan(uploaded, part, finder, seen))
    _write([line for line in lines if line.kind in {NEW, CHANGED}], finder, at)
    for kind in (NEW, CHANGED, SAME):
        result[kind] += sum(line.kind == kind for line in lines)
    result["faults"] += [[line.number, line.fault, line.fault_value] for line in lines if line.kind == FAULTY]
    uploaded.done += len(part)
    uploaded.result = result
    if is_finished(uploaded):
        uploaded.rows = []
    uploaded.save(update_fields=["done", "result", "rows"])
    return uploaded


def is_finished(uploaded: PeopleImport) -> bool:
    """Whether every line of a confirmed import was gone through."""
    return uploaded.state == PeopleImport.State.CONFIRMED and uploaded.done >= uploaded.result.get("total", 0)


def faults_of(uploaded: PeopleImport) -> list[Line]:
    """Give the faulty lines that a written import left out."""
    return [
        Line(number, FAULTY, fault=fault, fault_value=value)
        for number, fault, value in uploaded.result.get("faults", [])
    ]


def _plan(uploaded: PeopleImport, rows: Iterable[Any], finder: TeamFinder, seen: dict[str, int]) -> Iterator[Line]:
    """Plan rows one after the other; `seen` remembers in which line each e-mail stood first."""
    part = [(number, _values(row, uploaded.mapping)) for number, row in rows]
    known = _known({values["email"] for _number, values in part})
    for number, values in part:
        fault, shown = _fault(values, finder, seen)
        if not fault:
            seen[values["email"]] = number
            yield _line(number, values, known.get(values["email"]), finder)
        else:
            yield Line(number, FAULTY, values, fault=fault, fault_value=shown[:60])


def _values(row: list[str], mapping: Mapping[str, int]) -> dict[str, str]:
    """The fields of a line as they would be stored; fields whose cell is empty are left out, so that they stay as they are."""
    given = {name: unicodedata.normalize("NFC", row[column]) for name, column in mapping.items() if column < len(row)}
    first, last = given.pop("first_name", ""), given.pop("last_name", "")
    if not given.get("name"):
        given["name"] = f"{first} {last}".strip()
    given["email"] = given.get("email", "").removeprefix("mailto:").lower()
    return {name: value for name, value in given.items() if value or name in {"email", "name"}}


def _fault(values: dict[str, str], finder: TeamFinder, seen: Mapping[str, int]) -> tuple[str, str]:
    """Find what is wrong with a line, if anything; puts codes in the place of written countries, languages and zones."""
    fault = _email_fault(values["email"], seen) or _text_fault(values) or _place_fault(values)
    if fault:
        return fault
    if values.get("language", "en") not in dict(settings.LANGUAGES):
        del values["language"]  # known, but not offered: the company's own is used
    if "team" in values and finder.is_ambiguous(finder.split(values["team"])):
        return "team", values["team"]
    return "", ""


def _email_fault(email: str, seen: Mapping[str, int]) -> tuple[str, str] | None:
    if not email:
        return "no_email", ""
    try:
        validate_email(email)
    except ValidationError:
        return "bad_email", email
    if len(email) > 254:
        return "too_long", email
    return ("twice", str(seen[email])) if email in seen else None


def _text_fault(values: Mapping[str, str]) -> tuple[str, str] | None:
    if not values["name"]:
        return "no_name", ""
    return next(
        (("too_long", values[name]) for name, most in _LONGEST.items() if len(values.get(name, "")) > most), None
    )


def _place_fault(values: dict[str, str]) -> tuple[str, str] | None:
    for name, read in _READERS.items():
        if name in values:
            code = read(values[name])
            if code is None:
                return name, values[name]
            values[name] = code
    return None


def _known(emails: set[str]) -> dict[str, Member]:
    """Members by e-mail, in a few queries however many there are."""
    wanted = sorted(filter(None, emails))
    found: dict[str, Member] = {}
    for start in range(0, len(wanted), 800):
        found |= {str(one.email): one for one in Member.objects.filter(email__in=wanted[start : start + 800])}
    return found


def _line(number: int, values: dict[str, str], member: Member | None, finder: TeamFinder) -> Line:
    if member is None:
        return Line(number, NEW, values)
    changes = [name for name, value in values.items() if name != "team" and getattr(member, name) != value]
    names = finder.split(values.get("team", ""))
    if names:
        team = finder.find(names)
        if team is None or team.pk != member.team_id:
            changes.append("team")
    return Line(number, CHANGED if changes else SAME, values, tuple(changes))


def _write(lines: list[Line], finder: TeamFinder, at: datetime) -> None:
    known = _known({line.values["email"] for line in lines})
    made: list[Member] = []
    changed: list[Member] = []
    for line in lines:
        values: dict[str, Any] = dict(line.values)
        names = finder.split(values.pop("team", ""))
        if names:
            values["team"] = finder.make(names)
        member = known.get(line.values["email"])
        if member is None:
            member = Member(created_at=at, **values)
            member.set_unusable_password()
            made.append(member)
        else:
            for name, value in values.items():
                setattr(member, name, value)
            changed.append(member)
    Member.objects.bulk_create(made, batch_size=500)
    fields = ["name", "team", "location", "country", "language", "time_zone", "job_title"]
    Member.objects.bulk_update(changed, fields, batch_size=200)

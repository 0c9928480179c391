"""Guesses which column of a people list is what, from its name in five languages and from what stands in it."""

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext_lazy as _

FIELDS: Final = {
    "name": _("Full name"),
    "first_name": _("First name"),
    "last_name": _("Last name"),
    "email": _("Work e-mail"),
    "team": _("Team"),
    "location": _("Location"),
    "country": _("Country"),
    "language": _("Language"),
    "time_zone": _("Time zone"),
    "job_title": _("Job title"),
}

# Names as they stand above columns, in en, es, it, pl and de; compared without accents, case and punctuation.
_NAMES: Final = {
    "email": "e-mail|email|mail|e-mail address|email address|work e-mail|work email|business email|company email|correo|"
    "correo electronico|correo corporativo|email corporativo|direccion de correo|posta elettronica|indirizzo e-mail|"
    "indirizzo email|email aziendale|adres e-mail|adres email|mail sluzbowy|e-mail sluzbowy|poczta|adres poczty|"
    "e-mail-adresse|upn|user principal name",
    "first_name": "first name|firstname|given name|forename|nombre|nombre de pila|nome|imie|imie pracownika|imiona|"
    "vorname|first",
    "last_name": "last name|lastname|surname|family name|apellido|apellidos|cognome|nazwisko|nazwisko pracownika|"
    "nachname|last",
    "name": "name|full name|fullname|employee|employee name|display name|person|nombre completo|nombre y apellidos|"
    "nombre y apellido|apellidos y nombre|empleado|persona|nome e cognome|cognome e nome|nominativo|nome completo|"
    "dipendente|imie i nazwisko|nazwisko i imie|pracownik|osoba|mitarbeiter",
    "team": "team|department|dept|unit|org unit|organizational unit|business unit|division|group|equipo|departamento|"
    "area|unidad|seccion|squadra|reparto|dipartimento|ufficio|funzione|divisione|zespol|dzial|departament|pion|"
    "jednostka|komorka organizacyjna|jednostka organizacyjna|abteilung",
    "location": "location|city|office|site|place|work location|workplace|town|ubicacion|ciudad|oficina|sede|"
    "centro|centro de trabajo|lugar|localidad|citta|luogo|sede di lavoro|luogo di lavoro|localita|lokalizacja|"
    "miasto|biuro|miejsce pracy|oddzial|miejscowosc|standort|ort|stadt",
    "country": "country|country code|nation|pais|paese|nazione|stato|kraj|panstwo|land",
    "language": "language|preferred language|locale|lang|idioma|lengua|lingua|jezyk|sprache",
    "time_zone": "time zone|timezone|tz|zona horaria|huso horario|fuso orario|fuso|strefa czasowa|zeitzone",
    "job_title": "job title|title|job|position|role|function|puesto|cargo|puesto de trabajo|funcion|ruolo|mansione|"
    "qualifica|posizione|stanowisko|funkcja|position|rola|stelle",
}  # fmt: skip


def plain(text: str) -> str:
    """Give a name for comparing: no accents, no case, no punctuation, single spaces."""
    flat = "".join(
        sign
        for sign in unicodedata.normalize("NFKD", text.replace("ł", "l").replace("Ł", "L"))
        if not unicodedata.combining(sign)
    )
    return " ".join(re.sub(r"[^a-z0-9]+", " ", flat.casefold()).split())


_PLAIN_NAMES: Final = {field: [plain(name) for name in names.split("|")] for field, names in _NAMES.items()}


def guess(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[str, int]:
    """Guess the column (counted from 0) of each field; fields without a likely one are left out.

    `rows` are some lines of the list: a column of addresses is the e-mail whatever its name is.
    """
    scores = [
        (score, -column, field)
        for column, name in enumerate(columns)
        for field in _PLAIN_NAMES
        if (score := _name_score(name, field))
    ]
    scores += [(2.5 if share > 0.6 else 1.2, -column, "email") for column, share in _email_share(rows) if share > 0.3]
    found: dict[str, int] = {}
    for _score, negative, field in sorted(scores, reverse=True):
        if field not in found and -negative not in found.values():
            found[field] = -negative
    if "first_name" in found and "last_name" not in found and "name" not in found:
        found["name"] = found.pop("first_name")  # “Nombre” and “Nome” alone stand for the whole name
    if "last_name" in found and "first_name" not in found:
        found.pop("last_name")
    if "name" in found and "first_name" in found and "last_name" in found:
        found.pop("name")
    return found


def _name_score(name: str, field: str) -> float:
    """2 for a known name, 1 for one that begins or ends with it as a whole word, 0 otherwise; longer matches win."""
    told = plain(name)
    best = 0.0
    for known in _PLAIN_NAMES[field]:
        if told == known:
            best = max(best, 2 + len(known) / 1000)
        elif len(known) > 2 and (told.startswith(known + " ") or told.endswith(" " + known)):
            best = max(best, 1 + len(known) / 1000)
    return best


def _email_share(rows: Sequence[Sequence[str]]) -> list[tuple[int, float]]:
    sample = list(rows[:200])
    if not sample:
        return []
    return [
        (column, sum(is_email_like(row[column]) for row in sample) / len(sample)) for column in range(len(sample[0]))
    ]


def known_names(columns: Sequence[str]) -> int:
    """Count the names above columns that are known for some field."""
    return sum(any(_name_score(name, field) >= 1 for field in _PLAIN_NAMES) for name in columns if name)


def is_email_like(text: str) -> bool:
    """Whether a cell looks like an e-mail address."""
    return re.fullmatch(r"[^@\s,;<>]+@[^@\s,;<>]+\.[^@\s,;<>]+", text) is not None

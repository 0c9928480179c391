"""Saying 'I work here': the wordings, where they stand, and how to tell that a text says it already."""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

from vocero.lib.text import graphemes
from vocero.policy.matching import fold

EARLY: Final = 160
"""Within how many characters it must be said: networks fold a text after about 200 (LinkedIn, Facebook)."""

STARTERS: Final[Mapping[str, tuple[str, ...]]] = {
    "en": ("I work at {company}.", "{company} is my employer.", "From {company}, where I work:"),
    "es": ("Trabajo en {company}.", "{company} es la empresa donde trabajo.", "Desde {company}, donde trabajo:"),
    "it": ("Lavoro in {company}.", "{company} è l’azienda in cui lavoro.", "Da {company}, dove lavoro:"),
    "pl": ("Pracuję w firmie {company}.", "{company} to mój pracodawca.", "Z firmy {company}, w której pracuję:"),
}

# Ways of saying it in one's own words: a reader without knowledge must understand that the writer is employed there
# (16 CFR 255.5 and its examples; Directive 2005/29/EC, annex I, 11 and 22). The second list speaks of work in general
# ("trabajo en equipo", "lavoro da casa") unless the company's name follows.
_PLAIN: Final = (
    "where i work, my employer, my company",
    "donde trabajo, en la que trabajo, mi empresa, mi empleador, mi empleadora",
    "dove lavoro, in cui lavoro, per cui lavoro, la mia azienda, il mio datore di lavoro",
    "gdzie pracuję, w której pracuję, w którym pracuję, moja firma, mojej firmie, moją firmę, mojej firmy, mój pracodawca, "
    "mojego pracodawcy",
)
_WITH_NAME: Final = (
    "i work at, i work for, i work with, working at, working for, i am employed, i'm employed, employee of, my team at, "
    "my colleagues at, my job at",
    "trabajo en, trabajo para, trabajando en, soy empleado de, soy empleada de, mi equipo en, mis compañeros de",
    "lavoro in, lavoro per, lavoro da, lavoro presso, lavoro con, dipendente di, il mio team in, i miei colleghi di",
    "pracuję w, pracuję dla, jestem pracownikiem, jestem pracownicą, mój zespół w, zespole w, pracy w",
)
_NEAR = 50


def wording(template: str, company: str) -> str:
    """Put the company's name into a wording."""
    return template.replace("{company}", company)


def says_it(text: str, wordings: Sequence[str], *, names: Sequence[str]) -> bool:
    """Say whether the early part of a text tells that the writer works there, in a given wording or in own words.

    `names` are the company's names: "I work at" needs one of them after it.
    """
    early = _spaced("".join(graphemes(text)[:EARLY]))
    if any(known in early for known in map(_known, wordings) if known.strip()):
        return True
    plain, with_name = _phrases()
    if any(phrase in early for phrase in plain):
        return True
    spaced_names = [name for name in map(_known, names) if name.strip()]
    return any(
        any(name in early[place : place + len(phrase) + _NEAR + len(name)] for name in spaced_names)
        for phrase in with_name
        if (place := early.find(phrase)) >= 0
    )


def with_disclosure(text: str, disclosure: str, *, wordings: Sequence[str], names: Sequence[str]) -> str:
    """Put the disclosure in front of a text that does not say it early by itself."""
    text = text.strip()
    if not disclosure or says_it(text, [disclosure, *wordings], names=names):
        return text
    return f"{disclosure} {text}" if text else disclosure


def _spaced(text: str) -> str:
    """Fold a text to words between single spaces, with one at either end, so that whole words are compared."""
    folded = fold(re.sub(r"[.,:;!?…\"“”„«»()]", " ", text))
    signs = [(" " if number in folded.gaps else "") + sign for number, sign in enumerate(folded.text)]
    return f" {''.join(signs).strip()} "


@lru_cache(maxsize=2048)
def _known(text: str) -> str:
    """Fold a wording or a name of the company's, which come with every text."""
    return _spaced(text)


@lru_cache(maxsize=1)
def _phrases() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give the folded phrases: those that say it by themselves, and those that need the company's name."""
    lists = (_PLAIN, _WITH_NAME)
    plain, with_name = (tuple(_spaced(one) for some in lines for one in some.split(", ")) for lines in lists)
    return plain, with_name

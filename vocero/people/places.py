"""Understands countries, languages and time zones however a people list writes them (names from CLDR, by Babel)."""

from functools import lru_cache
from typing import Final
from zoneinfo import available_timezones

from babel import Locale

from vocero.people.columns import plain

_WRITTEN_IN: Final = ("en", "es", "it", "pl", "de", "fr", "cs", "pt")
_NOT_COUNTRIES: Final = frozenset({"EU", "EZ", "UN", "QO", "XA", "XB", "ZZ"})
_ALSO: Final = {
    "uk": "GB",
    "england": "GB",
    "usa": "US",
    "u s a": "US",
    "holland": "NL",
    "czech republic": "CZ",
    "hiszpania": "ES",
}


def country_code(written: str) -> str | None:
    """Give the ISO 3166-1 code of a country written as code or by name; None when it is not understood."""
    word = plain(written)
    code = word.upper()
    if len(code) == 2 and code in country_names("en"):
        return code
    return _ALSO.get(word) or _countries().get(word)


def language_code(written: str) -> str | None:
    """Give the code of a language written as code (`pl`, `pl-PL`) or by name; None when it is not understood."""
    word = plain(written)
    code = word.split(" ")[0]
    if len(code) in {2, 3} and code in Locale("en").languages:
        return code
    return _languages().get(word)


def time_zone_name(written: str) -> str | None:
    """Give the time zone's name as the database of time zones writes it; None when there is none."""
    return _zones().get(written.strip().replace(" ", "_").casefold())


@lru_cache(maxsize=16)
def country_names(language: str) -> dict[str, str]:
    """Give `{code: name}` of all countries in a language, by name."""
    territories = Locale(language if language in _WRITTEN_IN else "en").territories
    named = {code: name for code, name in territories.items() if len(code) == 2 and code not in _NOT_COUNTRIES}
    return dict(sorted(named.items(), key=lambda one: plain(one[1])))


@lru_cache(maxsize=1)
def _countries() -> dict[str, str]:
    names: dict[str, str] = {}
    for language in reversed(_WRITTEN_IN):
        names |= {plain(name): code for code, name in country_names(language).items()}
    return names


@lru_cache(maxsize=1)
def _languages() -> dict[str, str]:
    names: dict[str, str] = {}
    for language in reversed(_WRITTEN_IN):
        names |= {plain(name): code for code, name in Locale(language).languages.items() if len(code) == 2}
    for code in ("en", "es", "it", "pl", "de", "fr", "uk", "pt", "ro", "cs"):
        names[plain(Locale(code).languages[code])] = code
    return names


@lru_cache(maxsize=1)
def _zones() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones()}


def zone_choices() -> list[str]:
    """Give the names of time zones that people choose from: places, by continent, and UTC."""
    places = [
        name
        for name in available_timezones()
        if name.split("/")[0] in {"Africa", "America", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific"}
    ]
    return sorted([*places, "UTC"])

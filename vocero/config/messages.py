"""The texts of the product in other languages: collect them, check that none is missing, compile them.

`python -m vocero.config.messages collect|check|compile`. Collecting and checking need the development packages.
"""

import io
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from vocero.config.catalogs import PLURALS, Message, compile_mo, merge, read_po, write_po

PACKAGE = Path(__file__).resolve().parent.parent
LOCALE = PACKAGE / "locale"
KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w*\}|</?[a-z][a-z0-9]*\b")
_SHOWN = 15


def catalog(language: str, *, locale: Path = LOCALE) -> Path:
    """Where a language's translations are written."""
    return locale / language / "LC_MESSAGES" / "django.po"


def collect(package: Path = PACKAGE) -> list[Message]:
    """Every text in Python files and templates of the package, once, in the order of the files."""
    found: dict[tuple[str, str], Message] = {}
    for place, context, text in _occurrences(package):
        first, plural = (text[0], text[1]) if isinstance(text, tuple) else (text, "")
        if not first:
            continue
        known = found.setdefault((context, first), Message(id=first, plural=plural, context=context))
        places = (*known.places, place) if place not in known.places else known.places
        found[context, first] = replace(known, plural=known.plural or plural, places=places)
    return list(found.values())


def _occurrences(package: Path) -> Iterator[tuple[str, str, str | tuple[str, ...]]]:
    """(file, context, text or its singular and plural), file by file."""
    from babel.messages.extract import extract
    from django.utils.translation.template import templatize

    for path in sorted(package.rglob("*")):
        inside = path.relative_to(package)
        is_template = "templates" in inside.parts and path.suffix in {".html", ".txt", ".xml"}
        if not path.is_file() or "migrations" in inside.parts or not (is_template or path.suffix == ".py"):
            continue
        source = path.read_text()
        if is_template:
            source = templatize(source, origin=str(inside))
        # Babel drops trailing empty positions by itself; every call of a keyword counts.
        for _, text, _, context in extract("python", io.BytesIO(source.encode()), keywords=KEYWORDS):
            yield f"{package.name}/{inside.as_posix()}", context or "", text


def update(package: Path = PACKAGE) -> dict[str, int]:
    """Bring every language's .po file to the texts of the code; gives how many texts each still lacks."""
    messages = collect(package)
    lacking = {}
    for language in PLURALS:
        path = catalog(language, locale=package / "locale")
        path.parent.mkdir(parents=True, exist_ok=True)
        merged = merge(messages, read_po(path.read_text()) if path.exists() else [])
        path.write_text(write_po(language, merged))
        lacking[language] = sum(not message.is_translated for message in merged)
    return lacking


def problems(package: Path = PACKAGE) -> list[str]:
    """What is wrong with the translations, a line each; empty when every text has its translations."""
    messages = collect(package)
    found: list[str] = []
    for language, (forms, _) in PLURALS.items():
        path = catalog(language, locale=package / "locale")
        known = {message.key: message for message in read_po(path.read_text())} if path.exists() else {}
        for message in messages:
            translated = known.pop(message.key, None)
            reason = _what_is_wrong(message, translated, forms)
            if reason:
                found.append(f"{language}: {reason}: {message.id!r} ({message.places[0]})")
        found += [f"{language}: no longer in the code (./run messages drops it): {key[1]!r}" for key in known]
    return found


def _what_is_wrong(message: Message, translated: Message | None, forms: int) -> str:
    """Why a translation cannot stand, or nothing."""
    if translated is None or not any(translated.strings):
        return "not translated"
    if not translated.is_translated or bool(message.plural) != bool(translated.plural):
        return "not finished"
    if len(translated.strings) != (forms if message.plural else 1):
        return "wrong number of plural forms"
    allowed = [_marks(message.id), *([_marks(message.plural)] if message.plural else [])]
    if any(_marks(text) not in allowed for text in translated.strings):
        return "placeholders or tags differ"
    if any(text[-1:].isspace() != message.id[-1:].isspace() for text in translated.strings):
        return "ends differently"
    return ""


def _marks(text: str) -> Counter[str]:
    return Counter(_PLACEHOLDER.findall(text))


def compile_all(locale: Path = LOCALE) -> list[Path]:
    """Write the .mo file beside every .po file; gives the files written."""
    made = []
    for language in PLURALS:
        path = catalog(language, locale=locale)
        if path.exists():
            place = path.with_suffix(".mo")
            draft = place.with_suffix(".new")
            draft.write_bytes(compile_mo(language, read_po(path.read_text())))
            draft.replace(place)
            made.append(place)
    return made


def main(words: list[str]) -> int:
    """Do what the one word says; gives the exit status."""
    if words == ["compile"]:
        compile_all()
        return 0
    if words == ["collect"]:
        for language, lacking in update().items():
            print(f"{catalog(language).relative_to(PACKAGE.parent)}: {lacking} texts to translate")
        return 0
    if words == ["check"]:
        found = problems()
        for line in found[:_SHOWN]:
            print(line)
        if len(found) > _SHOWN:
            print(f"... and {len(found) - _SHOWN} more")
        return 1 if found else 0
    print("usage: python -m vocero.config.messages collect|check|compile", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

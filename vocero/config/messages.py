"""The texts of the product in other languages: collect them, check that none is missing, compile them.

`python -m vocero.config.messages collect|check|compile`. Collecting and checking need the development packages.
`missing LANGUAGE` prints what is still to translate as JSON, `fill LANGUAGE FILE` takes such a list back with its `strings` filled.
"""

import io
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

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
            # What is left of a template is one call after another; its indentation means nothing.
            source = "\n".join(line.lstrip() for line in templatize(source, origin=str(inside)).splitlines())
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


def missing(language: str, *, locale: Path = LOCALE) -> list[dict[str, Any]]:
    """The texts that a language still lacks, in the order of the pages, with as many empty `strings` as it has forms."""
    forms, _ = PLURALS[language]
    return [
        {"context": message.context, "id": message.id, "plural": message.plural}
        | {"places": list(message.places), "strings": [""] * (forms if message.plural else 1)}
        for message in read_po(catalog(language, locale=locale).read_text())
        if not message.is_translated
    ]


def fill(language: str, filled: list[dict[str, Any]], *, locale: Path = LOCALE) -> list[str]:
    """Take translations in; those that cannot stand are left out and named, a line each."""
    forms, _ = PLURALS[language]
    path = catalog(language, locale=locale)
    given = {(entry.get("context", ""), entry["id"]): tuple(entry["strings"]) for entry in filled}
    refused, messages = [], []
    for message in read_po(path.read_text()):
        strings = given.pop(message.key, None)
        if strings is not None and any(strings):
            translated = replace(message, strings=strings, is_fuzzy=False)
            reason = _what_is_wrong(message, translated, forms)
            if reason:
                refused.append(f"{language}: {reason}: {message.id!r} -> {strings!r}")
            else:
                message = translated  # noqa: PLW2901  the filled one takes its place
        messages.append(message)
    path.write_text(write_po(language, messages))
    return refused + [f"{language}: not a text of the catalog: {key[1]!r}" for key in given]


def main(words: list[str]) -> int:
    """Do what the first word says; gives the exit status."""
    match words:
        case ["missing", language] if language in PLURALS:
            print(json.dumps(missing(language), ensure_ascii=False, indent=1))
            return 0
        case ["fill", language, file] if language in PLURALS:
            refused = fill(language, json.loads(Path(file).read_text()))
            print("\n".join(refused), end="\n" if refused else "")
            return 1 if refused else 0
        case _:
            return _plain(words)


def _plain(words: list[str]) -> int:
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
    print(
        "usage: python -m vocero.config.messages collect|check|compile|missing LANGUAGE|fill LANGUAGE FILE",
        file=sys.stderr,
    )
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

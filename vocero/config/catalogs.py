"""Read and write catalogs of translations: .po for people, .mo for gettext; nothing but the standard library."""

import ast
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

PLURALS = {
    "es": (2, "(n != 1)"),
    "it": (2, "(n != 1)"),
    "pl": (3, "(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<12 || n%100>14) ? 1 : 2)"),
}
"""Forms per language and the rule that chooses one; this file is the only place that writes catalog headers."""

_MO_MAGIC = 0x950412DE
_WORD = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[(\d)\])?)?\s*(".*")$')


@dataclass(frozen=True)
class Message:
    """One text of the product and its translations (one, or one per plural form; empty when still missing)."""

    id: str
    plural: str = ""
    context: str = ""
    strings: tuple[str, ...] = ()
    is_fuzzy: bool = False
    places: tuple[str, ...] = ()

    @property
    def key(self) -> tuple[str, str]:
        """What makes a message the same: its context and its text."""
        return (self.context, self.id)

    @property
    def is_translated(self) -> bool:
        """Whether every form has its translation."""
        return bool(self.strings) and all(self.strings) and not self.is_fuzzy


@dataclass
class _Draft:
    parts: dict[str, str] = field(default_factory=dict)
    places: list[str] = field(default_factory=list)
    is_fuzzy: bool = False

    def message(self) -> Message:
        forms = sorted(name for name in self.parts if name.startswith("msgstr"))
        return Message(
            id=self.parts.get("msgid", ""),
            plural=self.parts.get("msgid_plural", ""),
            context=self.parts.get("msgctxt", ""),
            strings=tuple(self.parts[name] for name in forms),
            is_fuzzy=self.is_fuzzy,
            places=tuple(self.places),
        )


def read_po(text: str) -> list[Message]:
    """The messages of a .po text without its header and without obsolete ones; raises ValueError naming a bad line."""
    messages: list[Message] = []
    draft, word = _Draft(), ""

    def close() -> None:
        if draft.parts.get("msgid"):
            messages.append(draft.message())

    for number, raw in enumerate(text.splitlines(), 1):
        line = raw.strip()
        if not line or line.startswith("#"):
            if any(name.startswith("msgstr") for name in draft.parts):
                close()
                draft, word = _Draft(), ""
            if line.startswith("#:"):
                draft.places += line[2:].split()
            elif line.startswith("#,"):
                draft.is_fuzzy = "fuzzy" in line
            continue
        found = _WORD.match(line)
        if not found:
            raise ValueError(f"line {number} is no line of a catalog: {line}")
        word = found[1] or word
        if found[1] in {"msgctxt", "msgid"} and any(name.startswith("msgstr") for name in draft.parts):
            close()
            draft = _Draft()
        draft.parts[word] = draft.parts.get(word, "") + ast.literal_eval(found[3])
    close()
    return messages


def write_po(language: str, messages: Iterable[Message]) -> str:
    """The text of a .po file, in the order of the messages' places, so that what belongs together stays together."""
    forms, rule = PLURALS[language]
    head = [
        "Content-Type: text/plain; charset=UTF-8",
        "Content-Transfer-Encoding: 8bit",
        f"Language: {language}",
        f"Plural-Forms: nplurals={forms}; plural={rule};",
    ]
    lines = ['msgid ""', 'msgstr ""', *(_quoted(line + "\n") for line in head)]
    for message in messages:
        lines += ["", *(f"#: {place}" for place in message.places)]
        flags = ["fuzzy"] * message.is_fuzzy + ["python-format"] * ("%(" in message.id + message.plural)
        lines += [f"#, {', '.join(flags)}"] if flags else []
        lines += _worded("msgctxt", message.context) if message.context else []
        lines += _worded("msgid", message.id)
        if message.plural:
            lines += _worded("msgid_plural", message.plural)
            for form in range(forms):
                lines += _worded(f"msgstr[{form}]", message.strings[form] if form < len(message.strings) else "")
        else:
            lines += _worded("msgstr", message.strings[0] if message.strings else "")
    return "\n".join(lines) + "\n"


def merge(collected: Iterable[Message], known: Iterable[Message]) -> list[Message]:
    """The messages that the code has now, with the translations that are known already; others are dropped."""
    old = {message.key: message for message in known}
    merged = []
    for message in collected:
        before = old.get(message.key)
        fits = before is not None and bool(before.plural) == bool(message.plural)
        merged.append(
            replace(message, strings=before.strings, is_fuzzy=before.is_fuzzy) if before and fits else message
        )
    return merged


def compile_mo(language: str, messages: Iterable[Message]) -> bytes:
    """The .mo form (GNU gettext's binary catalog, version 0) of what is fully translated."""
    forms, rule = PLURALS[language]
    head = f"Content-Type: text/plain; charset=UTF-8\nLanguage: {language}\nPlural-Forms: nplurals={forms}; plural={rule};\n"
    texts = {b"": head.encode()}
    for message in messages:
        if message.is_translated:
            key = (message.context + "\x04" if message.context else "") + message.id
            key += "\0" + message.plural if message.plural else ""
            texts[key.encode()] = "\0".join(message.strings).encode()
    ids, strings = b"", b""
    tables: list[tuple[int, int, int, int]] = []
    for known in sorted(texts):
        tables.append((len(known), len(ids), len(texts[known]), len(strings)))
        ids += known + b"\0"
        strings += texts[known] + b"\0"
    first = 28
    ids_at = first + 16 * len(tables)
    strings_at = ids_at + len(ids)
    made = struct.pack("<7I", _MO_MAGIC, 0, len(tables), first, first + 8 * len(tables), 0, first)
    made += b"".join(struct.pack("<2I", length, ids_at + offset) for length, offset, _, _ in tables)
    made += b"".join(struct.pack("<2I", length, strings_at + offset) for _, _, length, offset in tables)
    return made + ids + strings


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
    return f'"{escaped}"'


def _worded(word: str, text: str) -> list[str]:
    """One line, or for a text of several lines one line each."""
    parts = text.splitlines(keepends=True)
    if len(parts) < 2:
        return [f"{word} {_quoted(text)}"]
    return [f'{word} ""', *map(_quoted, parts)]

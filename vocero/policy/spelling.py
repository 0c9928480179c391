"""Names of the company and its products as they should be written, and what people write instead."""

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import regex
from rapidfuzz.distance import OSA

from vocero.lib.text import urls
from vocero.policy.matching import Match, Matcher, fold, part, squeezed
from vocero.policy.rules import Rule

SHORTEST: Final = 6
"""From how many letters on a similar word is taken for a slip; shorter ones are too often words of their own."""
LONG: Final = 9
"""From how many letters on two slips are looked for instead of one."""
_ENDING: Final = 3
_INFLECTED: Final = frozenset({"pl"})
_WORD = regex.compile(r"[\p{L}\p{N}]+(?:['’\-&.][\p{L}\p{N}]+)*")
_TAGGED = regex.compile(r"[#@][\p{L}\p{N}_.@\-]+|[\w.+\-]+@[\w\-]+\.[\w.\-]+")


@dataclass(frozen=True, slots=True)
class Slip:
    """Words of the writer that look like a name but are not written like it."""

    words: str
    rule: Rule


def slips(text: str, rules: Sequence[Rule], names: Matcher, *, language: str) -> Iterator[Slip]:
    """Find names in another spelling, each once; `names` is the matcher of `rules`. Tags and addresses are left alone."""
    plain = _without_addresses(unicodedata.normalize("NFC", text))
    told: set[str] = set()
    found = names.find(plain)
    right = {match.start for match in found if match.words == _composed(rules[match.term])}
    for match in found:
        if match.start not in right and match.words not in told and not _inflected(match, rules, language):
            told.add(match.words)
            yield Slip(match.words, rules[match.term])
    taken = [(match.start, match.end) for match in found]
    for words, rule in _similar(plain, rules, taken, language):
        if words not in told:
            told.add(words)
            yield Slip(words, rule)


def _similar(
    text: str, rules: Sequence[Rule], taken: Sequence[tuple[int, int]], language: str
) -> Iterator[tuple[str, Rule]]:
    """Find runs of words that differ from a name by one or two letters (optimal string alignment distance)."""
    spans = [(match.start(), match.end()) for match in _WORD.finditer(text)]
    whole = fold(text)
    taken = list(taken)
    runs: dict[int, list[tuple[int, int, str]]] = {}
    for rule in rules:
        name = _form(rule.text)
        if len(name) < SHORTEST:
            continue
        count = len(_WORD.findall(rule.text)) or 1
        for size in (count, count + 1):
            if size not in runs:
                runs[size] = [(start, end, part(whole, start, end)) for start, end in _runs(spans, size)]
            for start, end, form in runs[size]:
                if not _is_slip(form, name, language) or text[start].isupper() != rule.text[:1].isupper():
                    continue
                if not any(start < last and first < end for first, last in taken):
                    taken.append((start, end))
                    yield text[start:end], rule


@lru_cache(maxsize=4096)
def _form(name: str) -> str:
    """Fold a name once; what people write is not kept."""
    return squeezed(name)


def _inflected(match: Match, rules: Sequence[Rule], language: str) -> bool:
    """Say whether the words differ from the name only in the accent of their last letter, as in "Aurorką"."""
    return language in _INFLECTED and match.words[:-1] == _composed(rules[match.term])[:-1]


def _is_slip(words: str, name: str, language: str) -> bool:
    most = 2 if len(name) >= LONG else 1
    if abs(len(words) - len(name)) > most or words[:1] != name[:1] or (words != name and words.startswith(name)):
        return False
    if OSA.distance(words, name, score_cutoff=most) > most:
        return False
    return not (language in _INFLECTED and words[:-_ENDING] == name[: len(words) - _ENDING])


def _runs(spans: Sequence[tuple[int, int]], size: int) -> Iterator[tuple[int, int]]:
    for number in range(len(spans) - size + 1):
        yield spans[number][0], spans[number + size - 1][1]


def _without_addresses(text: str) -> str:
    """Blank out web addresses, tags and mentions, where spelling follows other rules; places stay the same."""
    for start, end, _url in list(urls(text)):
        text = text[:start] + "\n" * (end - start) + text[end:]
    return _TAGGED.sub(lambda match: "\n" * len(match[0]), text)


def _composed(rule: Rule) -> str:
    return unicodedata.normalize("NFC", rule.text)

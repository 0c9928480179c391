"""Words people write in several languages, kept as {language: text} with one order of falling back."""

from collections.abc import Mapping, Sequence

type Words = Mapping[str, str]


def pick_language(words: Words, preferred: Sequence[str] = ()) -> str | None:
    """Give the language to show: the first preferred one that has a text, else the first that has one, else None.

    Call it with the member's language, then the company's. `pt-br` also finds `pt`.
    """
    for wanted in preferred:
        for language in (wanted, wanted.split("-")[0]):
            if words.get(language, "").strip():
                return language
    return next((language for language, text in words.items() if text.strip()), None)


def pick(words: Words, preferred: Sequence[str] = ()) -> str:
    """Give the text in the language that `pick_language` chooses; an empty text when there is none at all."""
    language = pick_language(words, preferred)
    return words[language] if language else ""


def only_filled(words: Words) -> dict[str, str]:
    """Give the words without languages that have no text, spaces around the texts removed."""
    return {language: text.strip() for language, text in words.items() if text.strip()}

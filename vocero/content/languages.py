"""Languages that posts and captions are written in: more than those that pages speak, each by its own name."""

from typing import Final

NAMES: Final[dict[str, str]] = {
    "en": "English",
    "es": "Español",
    "it": "Italiano",
    "pl": "Polski",
    "de": "Deutsch",
    "fr": "Français",
    "pt": "Português",
    "nl": "Nederlands",
    "cs": "Čeština",
    "sk": "Slovenčina",
    "uk": "Українська",
    "ro": "Română",
    "hu": "Magyar",
    "sv": "Svenska",
    "da": "Dansk",
    "nb": "Norsk bokmål",
    "fi": "Suomi",
    "el": "Ελληνικά",
    "tr": "Türkçe",
    "ja": "日本語",
    "zh": "中文",
}
"""The four of the pages first."""


def language_name(code: str) -> str:
    """Give a language's own name; a code that we do not know stands for itself."""
    return NAMES.get(code, code)

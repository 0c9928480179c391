"""The joining text that a new company starts with, in four languages; the owner reads it and says yes, or rewrites it."""

from importlib.resources import files
from typing import Final

LANGUAGES: Final = ("en", "es", "it", "pl")


def joining_texts() -> dict[str, str]:
    """Give the starter text of what joining means, `{language: Markdown}`."""
    folder = files("vocero.people.starter")
    return {code: (folder / f"joining.{code}.md").read_text(encoding="utf-8").strip() for code in LANGUAGES}

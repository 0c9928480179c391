"""The guideline that a company begins with, in four languages, for the program team to make its own."""

from importlib.resources import files
from typing import Final

LANGUAGES: Final = ("en", "es", "it", "pl")


def guideline() -> dict[str, str]:
    """Give the starter guideline as {language: Markdown}; `{company}` stands where the company's name goes."""
    folder = files("vocero.policy.starter")
    return {language: (folder / f"guideline.{language}.md").read_text(encoding="utf-8") for language in LANGUAGES}

"""Every KPI is explained where people look it up: formula, certainty, what is left out, what it is compared with."""

import re

import pytest

from tests.architecture.source import ROOT
from vocero.measurement.definitions import DEFINITIONS

PAGE = ROOT / "docs" / "use" / "results.md"
SAID = ("Formula", "Certainty", "Not in it", "Compared with")


def sections() -> dict[str, str]:
    """The text of the page by the code that stands in its heading, such as `### Shares (`shares`)`."""
    parts = re.split(r"^(#{2,3} .*)$", PAGE.read_text(), flags=re.MULTILINE)
    found = {}
    for heading, text in zip(parts[1::2], parts[2::2], strict=True):
        if code := re.search(r"\(`(\w+)`\)$", heading):
            found[code[1]] = text
    return found


def test_the_page_describes_every_kpi_and_no_other() -> None:
    assert sections().keys() == DEFINITIONS.keys(), "docs/use/results.md: one `### Name (`code`)` for each definition"


@pytest.mark.parametrize("code", DEFINITIONS)
def test_a_kpi_is_described_in_full(code: str) -> None:
    text = sections().get(code, "")
    assert [word for word in SAID if f"- **{word}:**" not in text] == []
    certainty = text.partition("**Certainty:**")[2].split("\n")[0]
    assert certainty.strip().startswith(DEFINITIONS[code].certainty.value), (
        "the certainty of the definition comes first"
    )

"""Asks axe-core about a page in the browser: `assert not violations(page)`."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

AXE = next((Path(__file__).parent / "vendor").glob("axe-core-*.min.js"))


COLORS = ["color-contrast", "link-in-text-block"]
"""The rules that can fail in one color scheme alone."""


def violations(page: Any, *, within: str = "body", rules: Sequence[str] = ()) -> list[str]:
    """Give each violation (of some rules only, if named) with where it stands; empty when axe finds nothing."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    asked = {"resultTypes": ["violations"]} | ({"runOnly": list(rules)} if rules else {})
    found = page.evaluate("([within, asked]) => axe.run(within, asked)", [within, asked])
    return [
        f"{one['id']} ({one['impact']}): {node['html'][:160]}"
        for one in found["violations"]
        for node in one["nodes"][:3]
    ]


def sideways_scroll(page: Any) -> list[str]:
    """Give what sticks out of the page at its right side; empty when nothing can be scrolled sideways."""
    return list(
        page.evaluate(
            """() => document.documentElement.scrollWidth <= innerWidth ? [] :
            [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1)
            .slice(0, 6).map(e => e.outerHTML.slice(0, 120))"""
        )
    )

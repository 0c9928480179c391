"""Asks axe-core about a page in the browser: `assert not violations(page)`."""

from pathlib import Path
from typing import Any

AXE = next((Path(__file__).parent / "vendor").glob("axe-core-*.min.js"))


def violations(page: Any, *, within: str = "body") -> list[str]:
    """Give each violation with the first place where it stands; empty when axe finds nothing."""
    if not page.evaluate("typeof window.axe === 'object'"):
        page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("(within) => axe.run(within, {resultTypes: ['violations']})", within)
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

"""One point for each unique click by a person, at most twenty a share (BEHAVIORS 1.1), so that over-sharing never pays."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from vocero.recognition.rules.base import Facts, Rule

MOST: Final = 20


def total(facts: Facts) -> int:
    """As many as unique clicks, up to twenty."""
    return min(facts.unique_clicks, MOST) if facts.earns else 0


CLICKED: Final = Rule("clicked", 1, MOST, _("Clicked"), total)

"""Five points for a share that is out (BEHAVIORS 1.1, suggested default)."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from vocero.recognition.rules.base import Facts, Rule

POINTS: Final = 5


def total(facts: Facts) -> int:
    """Five, once."""
    return POINTS if facts.earns else 0


SHARED: Final = Rule("shared", 1, POINTS, _("Shared"), total)

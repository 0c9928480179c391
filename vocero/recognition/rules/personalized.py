"""Three more points for own words (BEHAVIORS 1.1; personalized posts got 64 % more interaction, requirement 001.69)."""

from typing import Final

from django.utils.translation import gettext_lazy as _

from vocero.recognition.rules.base import Facts, Rule

POINTS: Final = 3


def total(facts: Facts) -> int:
    """Three, once."""
    return POINTS if facts.earns and facts.personalized else 0


PERSONALIZED: Final = Rule("personalized", 1, POINTS, _("In your own words"), total)

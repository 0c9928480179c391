"""Guideline, stop switch and rules in memory, by the state of the company; what is sent asks the database itself."""

from typing import Final

from vocero.company.queries import house
from vocero.company.revisions import Kept
from vocero.policy.queries import current_guideline, stop_in_force
from vocero.policy.rules import Rules, load_rules


def read_rules() -> Rules:
    """Read the rules in force."""
    return load_rules(house())


GUIDELINE: Final = Kept(current_guideline)
STOP: Final = Kept(stop_in_force)
RULES: Final = Kept(read_rules)

"""All rules, in the order in which people read them."""

from typing import Final

from vocero.recognition.rules.base import Rule
from vocero.recognition.rules.clicked import CLICKED
from vocero.recognition.rules.personalized import PERSONALIZED
from vocero.recognition.rules.shared import SHARED

RULES: Final[tuple[Rule, ...]] = (SHARED, PERSONALIZED, CLICKED)

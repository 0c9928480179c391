"""The guideline in force and the stop switch as a page shows them; what is sent asks the database itself."""

from typing import Final

from vocero.company.revisions import Kept
from vocero.policy.queries import current_guideline, stop_in_force

GUIDELINE: Final = Kept(current_guideline)
STOP: Final = Kept(stop_in_force)

"""A figure as it is shown: against what, how sure, and how it was made."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vocero.web import charts

type Text = str | Promise
type Certainty = Literal["measured", "reported", "self-reported", "estimated"]

CERTAINTIES: Final[dict[str, tuple[Text, Text]]] = {
    "measured": (_("Measured"), _("Counted by us, event by event.")),
    "reported": (_("Reported"), _("As the network told us.")),
    "self-reported": (_("Self-reported"), _("As people told us.")),
    "estimated": (_("Estimated"), _("Calculated from assumptions that you can read.")),
}


@dataclass(frozen=True)
class Difference:
    """A change against something named; `direction` is up, down or level and says what happened, not whether it is good."""

    text: Text
    against: Text
    direction: Literal["up", "down", "level"] = "level"


@dataclass(frozen=True)
class Figure:
    """One figure for a tile. Without a difference it says in `note` why there is nothing to compare with."""

    label: Text
    value: Text
    certainty: Certainty
    unit: Text = ""
    icon: str = ""
    difference: Difference | None = None
    note: Text = ""
    spark: Sequence[float | None] = field(default_factory=tuple)
    how: Text = ""
    url: str = ""

    @property
    def sparkline(self) -> str:
        """Give the small line of the last periods as SVG, or nothing with fewer than three values."""
        return charts.sparkline(self.spark) if len(self.spark) > 2 else ""

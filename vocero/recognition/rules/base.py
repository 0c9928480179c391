"""What every rule is: a name, a version, the most it can earn for a share, and a pure function of the share's facts."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of one share when points are given: whether it may earn at all, and its unique clicks so far.

    `earns`: it is out (a handoff: by its first valid click), disclosed, outside practice, and within the day's cap.
    """

    earns: bool
    personalized: bool
    unique_clicks: int


@dataclass(frozen=True, slots=True)
class Rule:
    """One reason for points. `total` gives what a share has earned by it in all; it may grow, and shrink by correction."""

    name: str
    version: int
    most: int
    label: str | Promise
    total: Callable[[Facts], int]

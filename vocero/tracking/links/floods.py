"""Tells a flood from a crowd: counts in memory how often one address opens one link on a day, and keeps no address."""

import ipaddress
from array import array
from functools import lru_cache
from typing import Final

MOST_COUNTED: Final = 65_000
_SLOTS: Final = 1 << 18
_LAST_SLOT: Final = _SLOTS - 1


class Floods:
    """Counts of one process. `most` is how many clicks from one address on one link count on a day; 0 is no limit.

    An address and a link have one of 262,144 counters (half a mebibyte), found by a hash that is another one in each
    process. Others have it too: three million clicks a day add eleven to each, so a limit far below a hundred is for
    quiet houses.
    """

    def __init__(self, most: int) -> None:
        self._most = min(most, MOST_COUNTED)
        self._day = 0
        self._counts = array("H", bytes(2 * _SLOTS))

    def is_one_more(self, link_id: int, part: bytes, place: int, day: int) -> bool:
        """Count a click of `part` (what `network_part` gives; with its `place_of`) and say whether it is one too many.

        Private addresses are never: there a proxy stands that nobody told us of, or a colleague's own machine.
        """
        if day != self._day:
            self._day, self._counts = day, array("H", bytes(2 * _SLOTS))
        counts = self._counts
        slot = (link_id ^ place) & _LAST_SLOT
        so_many = counts[slot]
        if so_many < self._most:
            counts[slot] = so_many + 1
            return False
        return self._most > 0 and _is_public(part)


def place_of(part: bytes) -> int:
    """Give where the counters of an address lie, for `is_one_more`."""
    return hash(part) & _LAST_SLOT


@lru_cache(maxsize=1024)
def _is_public(part: bytes) -> bool:
    """Say whether an address, or the first half of one, is one of the public Internet."""
    if not part:
        return False
    return ipaddress.ip_address(part if len(part) == 4 else part + bytes(8)).is_global

"""Counts requests by the minute in this process's memory: enough to stop a flood, and nothing is written down."""

import time
from collections.abc import Callable, Hashable

_MOST_KEPT = 50_000


class PerMinute:
    """Lets so many through each minute for each key."""

    def __init__(self, most: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._most = most
        self._clock = clock
        self._minute = -1
        self._counts: dict[Hashable, int] = {}

    def admits(self, key: Hashable) -> bool:
        """Count one more, and say whether it is within the limit."""
        minute = int(self._clock() // 60)
        if minute != self._minute or len(self._counts) >= _MOST_KEPT:
            self._minute, self._counts = minute, {}
        self._counts[key] = self._counts.get(key, 0) + 1
        return self._counts[key] <= self._most

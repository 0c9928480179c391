"""Shares that are known to wait, in a line for each server: a picture of a moment, which claims compare with the truth."""

import heapq
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator

from vocero.sharing.outbox import Waiting

type Server = tuple[str, str]
"""A network and an instance of it."""
type Line = OrderedDict[int, tuple[int, Waiting]]


class Backlog:
    """Who waits, in the order in which they were given; whoever is taken is not in it any more."""

    def __init__(self, waiting: Iterable[Waiting] = ()) -> None:
        self._lines: dict[Server, Line] = {}
        self._takes_longest = True
        for place, one in enumerate(waiting):
            self._lines.setdefault(one.server, OrderedDict())[one.share_id] = (place, one)

    def many(self, server: Server) -> int:
        """Give how many wait for a server."""
        return len(self._lines.get(server, ()))

    def take(
        self, *, has_room: Callable[[Server], bool], may_go: Callable[[Waiting], bool], to_go: Callable[[Server], float]
    ) -> Iterator[Waiting]:
        """Take one after the other of those that may go at that moment, as many as are asked for.

        Every other one is of the server that would be done last (`to_go`, the greatest first): what is left for the end
        is done one by one. Those between have waited longest, so that nobody stands behind a long line for ever.
        """

        def head_of(server: Server) -> tuple[int, Waiting] | None:
            line = self._lines.get(server)
            entries = line.values() if line and has_room(server) else ()
            return next((entry for entry in entries if may_go(entry[1])), None)

        heads = {server: head for server in self._lines if (head := head_of(server)) is not None}
        longest = sorted(heads, key=to_go)
        oldest = [(place, server) for server, (place, _one) in heads.items()]
        heapq.heapify(oldest)
        while heads:
            server = longest[-1] if self._takes_longest else oldest[0][1]
            _place, one = heads.pop(server)
            self._remove(one)
            self._takes_longest = not self._takes_longest
            yield one
            if (head := head_of(server)) is not None:
                heads[server] = head
                heapq.heappush(oldest, (head[0], server))
            while longest and longest[-1] not in heads:
                longest.pop()
            while oldest and heads.get(oldest[0][1], (-1,))[0] != oldest[0][0]:
                heapq.heappop(oldest)

    def _remove(self, one: Waiting) -> None:
        line = self._lines[one.server]
        del line[one.share_id]
        if not line:
            del self._lines[one.server]

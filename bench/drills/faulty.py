"""Planted faults: links that answer before they have written. A drill that does not find them proves nothing."""

import threading
from typing import Any

from vocero.config import environment, links
from vocero.tracking.links.front_rsgi import Application
from vocero.tracking.links.log import Batch, ClickLog, Waiter


class HastyLog(ClickLog):
    """Says that a click is safe, and writes it down a little later."""

    def append(self, record: bytes, waiter: Waiter | None = None) -> Batch | None:
        threading.Timer(0.05, super().append, [record]).start()
        return None


class Hasty(Application):
    """The links with the hasty log."""

    def __rsgi_init__(self, loop: Any) -> None:
        super().__rsgi_init__(loop)
        former = self._log
        told = self._settings
        self._log = HastyLog(told.segments, node=told.node, call_soon=loop.call_soon_threadsafe)
        former.close()


def __getattr__(name: str) -> Any:
    if name != "hasty":
        raise AttributeError(name)
    return Hasty(links.settings(environment.load()))

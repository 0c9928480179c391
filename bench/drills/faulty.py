"""Planted faults: links that answer before they have written, or though they could not, or that know nothing by heart."""

import threading
from dataclasses import replace
from typing import Any

from vocero.config import environment, links
from vocero.tracking.links.front_rsgi import Application
from vocero.tracking.links.log import ClickLog, Group
from vocero.tracking.links.settings import LinksSettings


class HastyLog(ClickLog):
    """Says that a click is safe, and writes it down a little later."""

    def append(self, record: bytes) -> Group:
        threading.Timer(0.05, self.keep, [[record]]).start()
        return Group(done=True, safe=True)


class DeafLog(ClickLog):
    """Does not hear that writing failed."""

    def keep(self, records: list[bytes]) -> bool:
        super().keep(records)
        return True


class MuteLog(ClickLog):
    """Tells nobody how many clicks it lost."""

    def count_lost(self, count: int = 1) -> None:
        """Keep it to itself."""


LOGS = {"hasty": HastyLog, "deaf": DeafLog, "mute": MuteLog}


class Faulty(Application):
    """The links with one of the faulty logs."""

    def __init__(self, settings: LinksSettings, log: type[ClickLog]) -> None:
        super().__init__(settings)
        self._faulty = log

    def __rsgi_init__(self, loop: Any) -> None:
        super().__rsgi_init__(loop)
        self._log.close()
        told = self._settings
        self._log = self._faulty(told.segments, node=told.node)


def __getattr__(name: str) -> Any:
    told = links.settings(environment.load())
    if name == "forgetful":  # asks the database for nearly every visitor
        return Application(replace(told, most_links=2))
    if name not in LOGS:
        raise AttributeError(name)
    return Faulty(told, LOGS[name])

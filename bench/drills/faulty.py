"""Planted faults: links that answer before they have written, or though they could not. A drill has to find them."""

import argparse
import asyncio
import sys
import threading

from vocero.config import environment, links
from vocero.tracking.links import serving
from vocero.tracking.links.log import ClickLog, Group
from vocero.tracking.links.settings import LinksSettings


class HastyLog(ClickLog):
    """Says that a click is safe, and writes it down a little later."""

    def append(self, record: bytes) -> Group:
        threading.Timer(0.05, self.keep, [[record]]).start()
        group = Group(self._loop)
        group.settle(True, self._loop)
        return group


class DeafLog(ClickLog):
    """Does not hear that writing failed."""

    def keep(self, records: list[bytes]) -> bool:
        super().keep(records)
        return True


LOGS: dict[str, type[ClickLog]] = {"hasty": HastyLog, "deaf": DeafLog}


def main(words: list[str]) -> None:
    """Be a links process with one of the faulty logs."""
    parser = argparse.ArgumentParser()
    parser.add_argument("fault", choices=LOGS)
    parser.add_argument("--host")
    parser.add_argument("--port", type=int)
    given = parser.parse_args(words)

    def make_log(told: LinksSettings, loop: asyncio.AbstractEventLoop) -> ClickLog:
        return LOGS[given.fault](told.segments, node=told.node, loop=loop)

    serving.serve(links.settings(environment.load()), host=given.host, port=given.port, make_log=make_log)


if __name__ == "__main__":
    main(sys.argv[1:])

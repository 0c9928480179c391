"""Visitors who click without end: each click has an agent of its own, so that it can be found again."""

import http.client
import itertools
import threading
import time
from collections.abc import Sequence

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0 d{}"


class Visitors:
    """Threads that click links on some ports, one click after the other, and keep who was answered how.

    `acknowledged` are the numbers of clicks that were answered 302 without a mark of loss; `marked` with one; `others`
    counts other answers, and `failures` connections that broke.
    """

    def __init__(
        self, ports: Sequence[int], tokens: Sequence[str], *, threads: int = 16, pause: float = 0.0, first: int = 1
    ) -> None:
        self.acknowledged: list[int] = []
        self.marked: list[int] = []
        self.others: dict[int, int] = {}
        self.failures = 0
        self.seconds: list[float] = []
        self._tokens = tokens
        self._pause = pause
        self._numbers = itertools.count(first)
        self._stopped = threading.Event()
        self._threads = [
            threading.Thread(target=self._click, args=(ports[number % len(ports)],), daemon=True)
            for number in range(threads)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Let everybody finish their last click."""
        self._stopped.set()
        for thread in self._threads:
            thread.join(30)

    def wait_for(self, clicks: int, seconds: float = 30) -> None:
        """Wait until so many more clicks were acknowledged, or a while."""
        wanted, deadline = len(self.acknowledged) + clicks, time.monotonic() + seconds
        while len(self.acknowledged) < wanted and time.monotonic() < deadline:
            time.sleep(0.01)

    def _click(self, port: int) -> None:
        door = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        while not self._stopped.is_set():
            number = next(self._numbers)
            begun = time.monotonic()
            try:
                token = self._tokens[number % len(self._tokens)]
                door.request("GET", f"/l/{token}", headers={"User-Agent": AGENT.format(number)})
                answer = door.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                self.failures += 1
                door.close()
                time.sleep(0.02)
                continue
            self.seconds.append(time.monotonic() - begun)
            if answer.status != 302:
                self.others[answer.status] = self.others.get(answer.status, 0) + 1
            elif answer.getheader("x-vocero-click"):
                self.marked.append(number)
            else:
                self.acknowledged.append(number)
            if self._pause:
                time.sleep(self._pause)
        door.close()

"""O3: one address clicks ten times its limit on one link, one guesses, one sends a body of a gibibyte; others are served."""

import contextlib
import http.client
import secrets
import statistics
import string
import threading
import time
from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.drills import counting, crew
from bench.drills.counting import Count
from bench.drills.crew import Crew
from bench.drills.finding import Finding
from bench.drills.visitors import AGENT, Visitors
from vocero.lib.ids import LINK_TOKEN_LENGTH
from vocero.tracking.links.core import MOST_GUESSES

MOST_MS = 500
TIMES = 10
BODY_MIB, MOST_MIB = 1024, 64
_FLOODER, _GUESSER = "9.9.9.9", "8.8.8.8"
_LETTERS = string.ascii_letters + string.digits
_FIRST = 10_000_000  # the flood's agents have numbers of their own


@dataclass(frozen=True)
class Outcome:
    """What became of the flood and of the guesses, and how all others were answered meanwhile."""

    limit: int
    flood: int
    sent_on: int
    counted: int
    left_out: int
    guesses: int
    looked_up: int
    refused: int
    guess_seconds: float
    body_answer: int
    body_mib: int
    clicks: int
    not_answered: int
    p99_ms: float
    others_left_out: int
    count: Count

    @property
    def is_right(self) -> bool:
        """Whether the flood was counted up to its limit, guesses and the body were refused, and nobody else lost anything."""
        minutes = 1 + int(self.guess_seconds // 60)
        return (
            self.flood == self.sent_on == self.counted + self.left_out
            and self.counted == self.limit
            and self.guesses == self.looked_up + self.refused
            and 0 < self.looked_up <= MOST_GUESSES * minutes
            and self.body_mib <= MOST_MIB
            and self.clicks > 0
            and self.not_answered == self.others_left_out == 0
            and self.count.is_right
        )

    @property
    def held(self) -> bool:
        """Whether others were answered in time, too."""
        return self.is_right and self.p99_ms <= MOST_MS


def drill(folder: Path, *, limit: int, told_limit: int | None = None) -> Outcome:
    """Send ten times `limit` clicks on one link from one address to links that were told `told_limit`, and guess."""
    data = folder / "data"
    data.mkdir(parents=True, exist_ok=True)
    environ = counting.clean_environ(
        data,
        VOCERO_TRUSTED_PROXIES="1",
        VOCERO_CLICKS_PER_ADDRESS=str(limit if told_limit is None else told_limit),
    )
    tokens = counting.prepare(environ, 20)
    team, port = Crew(environ, folder / "drill.log"), crew.free_port()
    try:
        team.add("links", crew.links(port), port)
        team.wait_until_answering("links")
        counting.make_known(port, tokens)
        visitors = Visitors([port], tokens[1:], threads=4, pause=0.005)
        visitors.wait_for(20)
        flood, guesses = _Flood(port, tokens[0], TIMES * limit), _Guesses(port, TIMES * MOST_GUESSES)
        body_answer, body_mib = send_body(port, f"/l/{tokens[1]}")
        flood.join()
        guesses.join()
        visitors.wait_for(20)
        visitors.stop()
    finally:
        team.end_all()
    counting.take_in(environ)
    verdicts: Counter[tuple[bool, str]] = Counter()
    for token, verdict in counting.rows(environ, _VERDICTS):
        verdicts[token == tokens[0], verdict] += 1
    return Outcome(
        limit=limit,
        flood=TIMES * limit,
        sent_on=flood.statuses[302],
        counted=verdicts[True, "valid"] + verdicts[True, "repeat"],
        left_out=verdicts[True, "bot"],
        guesses=TIMES * MOST_GUESSES,
        looked_up=guesses.statuses[404],
        refused=guesses.statuses[429],
        guess_seconds=guesses.seconds,
        body_answer=body_answer,
        body_mib=body_mib,
        clicks=len(visitors.acknowledged),
        not_answered=visitors.failures + sum(visitors.others.values()) + len(visitors.marked),
        p99_ms=statistics.quantiles(visitors.seconds, n=100)[98] * 1000,
        others_left_out=verdicts[False, "bot"],
        count=counting.count(environ, visitors.acknowledged),
    )


def send_body(port: int, path: str) -> tuple[int, int]:
    """Send a body of a gibibyte until the other side has enough; gives its answer (0: none) and how many MiB it took."""
    door, taken, mebibyte = http.client.HTTPConnection("127.0.0.1", port, timeout=20), 0, bytes(1 << 20)
    door.putrequest("POST", path)
    door.putheader("Content-Length", str(BODY_MIB << 20))
    door.endheaders()
    with contextlib.suppress(OSError):
        for _ in range(BODY_MIB):
            door.send(mebibyte)
            taken += 1
    status = 0
    with contextlib.suppress(OSError, http.client.HTTPException):
        status = door.getresponse().status
    door.close()
    return status, taken


_VERDICTS = (
    "SELECT l.token, c.verdict FROM tracking_click c JOIN sharing_link l ON l.id = c.link_id WHERE c.verdict <> 'head'"
)


class _Asking(threading.Thread, ABC):
    """One connection that asks without a pause; `statuses` counts how it was answered."""

    def __init__(self, port: int, many: int) -> None:
        super().__init__(daemon=True)
        self.statuses: Counter[int] = Counter()
        self.seconds = 0.0
        self._port = port
        self._many = many
        self.start()

    def run(self) -> None:
        door, begun = http.client.HTTPConnection("127.0.0.1", self._port, timeout=20), time.monotonic()
        for number in range(self._many):
            token, address, agent = self.asked(number)
            door.request("GET", f"/l/{token}", headers={"User-Agent": agent, "X-Forwarded-For": address})
            answer = door.getresponse()
            answer.read()
            self.statuses[answer.status] += 1
        self.seconds = time.monotonic() - begun
        door.close()

    @abstractmethod
    def asked(self, number: int) -> tuple[str, str, str]:
        """Give the token, the address and the agent of a request."""


class _Flood(_Asking):
    """One address that opens one link with another browser each time."""

    def __init__(self, port: int, token: str, many: int) -> None:
        self._token = token
        super().__init__(port, many)

    def asked(self, number: int) -> tuple[str, str, str]:
        return self._token, _FLOODER, AGENT.format(_FIRST + number)


class _Guesses(_Asking):
    """One address that tries links."""

    def asked(self, number: int) -> tuple[str, str, str]:
        return "".join(secrets.choice(_LETTERS) for _ in range(LINK_TOKEN_LENGTH)), _GUESSER, AGENT.format(number)


def long(folder: Path, faults: int, seed: int) -> Finding:
    """O3: ten times the limit of clicks on one link and of guesses, a large body, others; `faults` is the limit of clicks."""
    outcome = drill(folder, limit=faults)
    return Finding(outcome.held, asdict(outcome))

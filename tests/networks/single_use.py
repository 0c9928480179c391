"""A server of Bluesky's kind whose refresh tokens work once and never again: what is used a second time is counted."""

import base64
import json
import threading
from collections import Counter

from tests.servers.loopback import Line, LoopbackServer, Received, Reply


def token(who: str, serial: int) -> str:
    """Give a token that tells whose it is and the how manieth; it lapses in the year 2100."""
    claims = json.dumps({"sub": who, "serial": serial, "iat": 1_700_000_000, "exp": 4_102_444_800}).encode()
    return f"a.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.c"


class SingleUse(LoopbackServer):
    """Counts refreshes and uses of a token that was used up, by account."""

    def __init__(self) -> None:
        super().__init__(self.behave)
        self.serials: Counter[str] = Counter()
        self.refreshed: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._lock = threading.Lock()

    def behave(self, request: Received, line: Line) -> Reply:
        """Trade the newest refresh token of an account for the next one."""
        part = request.headers["authorization"].split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        who = claims["sub"]
        with self._lock:
            if claims["serial"] != self.serials[who]:
                self.refused[who] += 1
                return Reply(400, {"error": "ExpiredToken", "message": "Token has been revoked"})
            self.serials[who] += 1
            self.refreshed[who] += 1
            serial = self.serials[who]
        return Reply(
            200,
            {"did": who, "handle": "ana.test", "accessJwt": token(who, serial), "refreshJwt": token(who, serial)},
        )

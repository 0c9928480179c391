"""How links use PostgreSQL: they connect within two seconds or not at all, and wait no longer for any answer."""

from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg.abc import PQGen

SECONDS: Final = 2


class Impatient(psycopg.Connection[Any]):
    """A connection whose questions fail when no answer comes.

    The server itself ends what it computes too long, and TCP what nobody receives; a server that is frozen, or whose disk
    hangs, does neither.
    """

    def wait[Result](self, gen: PQGen[Result], interval: float = 0.1, timeout: float | None = None) -> Result:
        """Wait for an answer. Raises psycopg.OperationalError when none comes."""
        return super().wait(gen, interval, SECONDS if timeout is None else timeout)


def connect(address: Mapping[str, Any], setting: str) -> Impatient:
    """Connect with one setting of the server's changed; each statement is a transaction of its own.

    Raises psycopg.Error.
    """
    told = {
        "connect_timeout": SECONDS,
        "tcp_user_timeout": SECONDS * 1000,
        "options": f"-c statement_timeout={SECONDS * 1000} -c {setting}",
        **{name: value for name, value in address.items() if value not in {"", None}},
    }
    return Impatient.connect(**told, autocommit=True)

"""Lets reports read from a replica of the database, and from the database itself while the replica is away or behind.

Only what is shown is read there, never what is then written: writing goes to the database from anywhere.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import Any, Final

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, InterfaceError, OperationalError, connections

logger = logging.getLogger(__name__)

REPLICA: Final = "replica"
LOOK_EVERY: Final = 5.0
"""Seconds for which it is known whether the replica is there and how far behind."""

_LAG: Final = (
    "SELECT CASE WHEN NOT pg_is_in_recovery() OR pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() THEN 0"
    " ELSE COALESCE(EXTRACT(EPOCH FROM now() - pg_last_xact_replay_timestamp()), 0) END"
)
_reads_there: ContextVar[bool] = ContextVar("reads_from_the_replica", default=False)


class ReplicaRouter:
    """Django's: sends reads inside `reading()` to the replica and everything else to the database."""

    def db_for_read(self, model: object, **hints: object) -> str:
        """Where to read."""
        return alias()

    def db_for_write(self, model: object, **hints: object) -> str:
        """Where to write: never to the replica."""
        return DEFAULT_DB_ALIAS

    def allow_relation(self, one: object, other: object, **hints: object) -> bool:
        """Both hold the same rows."""
        return True

    def allow_migrate(self, db: str, app_label: str, **hints: object) -> bool:
        """Only the database is brought to a version; the replica follows by itself."""
        return db == DEFAULT_DB_ALIAS


class _Health:
    """What this process knows of the replica; asked again every few seconds."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known_until = 0.0
        self._is_fit = False

    def is_fit(self) -> bool:
        """Whether the replica answers and is not too far behind."""
        with self._lock:
            if time.monotonic() >= self._known_until:
                was, self._is_fit = self._is_fit, _look()
                self._known_until = time.monotonic() + LOOK_EVERY
                if was != self._is_fit:
                    logger.warning("reports read from the %s", "replica" if self._is_fit else "database")
            return self._is_fit

    def lost(self) -> None:
        """The replica has just failed."""
        with self._lock:
            self._is_fit, self._known_until = False, time.monotonic() + LOOK_EVERY

    def forget(self) -> None:
        """Look again next time."""
        with self._lock:
            self._known_until = 0.0


health: Final = _Health()


def alias() -> str:
    """Give the name of the connection that reads go to here; for those who ask a connection themselves."""
    return REPLICA if _reads_there.get() else DEFAULT_DB_ALIAS


@contextmanager
def reading() -> Iterator[bool]:
    """Read from the replica inside the block, if there is one that is fit; gives whether it does."""
    fit = REPLICA in connections.settings and health.is_fit()
    token = _reads_there.set(fit)
    try:
        yield fit
    finally:
        _reads_there.reset(token)


def from_replica[**P, R](view: Callable[P, R]) -> Callable[P, R]:
    """Wrap something that only reads: it reads from the replica, and once more from the database if that fails midway."""

    @wraps(view)
    def read(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with reading() as fit:
                return view(*args, **kwargs)
        except (OperationalError, InterfaceError):
            if not fit:
                raise
            health.lost()
            connections[REPLICA].close()
        return view(*args, **kwargs)

    return read


def _look() -> bool:
    """Ask the replica how far behind it is."""
    replica: Any = connections[REPLICA]
    try:
        replica.close_if_unusable_or_obsolete()
        with replica.cursor() as cursor:
            if replica.vendor != "postgresql":
                cursor.execute("SELECT 1")
                return True
            cursor.execute(_LAG)
            return float(cursor.fetchone()[0]) <= settings.VOCERO_REPLICA_LAG
    except (OperationalError, InterfaceError):
        replica.close()
        return False

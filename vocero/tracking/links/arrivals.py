"""For machines with throw-away disks: clicks are safe once PostgreSQL has committed them, many in one COPY."""

import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any, Final

from vocero.tracking.links.log import Batch, ClickLog, NotStored, Waiter

TABLE: Final = "tracking_clickarrival"
_SECONDS: Final = 2


class ArrivalLog:
    """Hands clicks to the database in batches; while it is away they are kept in segments, as safe as this disk is.

    It has the same methods as `ClickLog`, and one inside for the times without the database.
    """

    def __init__(
        self, address: Mapping[str, Any], segments: ClickLog, *, call_soon: Callable[..., Any] | None = None
    ) -> None:
        self._address = {name: value for name, value in address.items() if value not in {"", None}}
        self._segments = segments
        self._call_soon = call_soon
        self._lock = threading.Lock()
        self._work: queue.SimpleQueue[bool] = queue.SimpleQueue()
        self._batch = Batch()
        self._records: list[bytes] = []
        self._connection: Any = None
        self._thread = threading.Thread(target=self._run, name="click-arrivals", daemon=True)
        self._thread.start()

    def append(self, record: bytes, waiter: Waiter | None = None) -> Batch | None:
        """Hand a click over; gives the batch to wait for."""
        with self._lock:
            self._records.append(record)
            if waiter is not None:
                self._batch.waiters.append(waiter)
            if len(self._records) == 1:
                self._work.put(True)
            return self._batch

    def store(self, record: bytes) -> bool:
        """Hand a click over and block until it is safe; gives whether it is, and counts it as lost when not."""
        batch = self.append(record)
        if batch is not None and batch.wait():
            return True
        self.count_lost()
        return False

    def count_lost(self, count: int = 1) -> None:
        """Count clicks that neither the database nor the disk took."""
        self._segments.count_lost(count)

    def close(self) -> None:
        """Hand over what is left and end."""
        self._work.put(False)
        self._thread.join()
        if self._connection is not None:
            self._connection.close()
        self._segments.close()

    def _run(self) -> None:
        while self._work.get():
            self._commit()
        self._commit()

    def _commit(self) -> None:
        with self._lock:
            batch, self._batch = self._batch, Batch()
            records, self._records = self._records, []
        if records:
            batch.settle(self._copied(records) or self._kept(records), self._call_soon)

    def _copied(self, records: list[bytes]) -> bool:
        import psycopg

        try:
            if self._connection is None:
                self._connection = psycopg.connect(
                    **{
                        "connect_timeout": _SECONDS,
                        "tcp_user_timeout": _SECONDS * 1000,
                        "options": f"-c statement_timeout={_SECONDS * 1000} -c synchronous_commit=on",
                        **self._address,
                    }
                )
            with (
                self._connection.cursor() as cursor,
                cursor.copy(f"COPY {TABLE} (record) FROM STDIN (FORMAT BINARY)") as copy,
            ):
                copy.set_types(["bytea"])
                for record in records:
                    copy.write_row((record,))
            self._connection.commit()
        except psycopg.Error:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            return False
        return True

    def _kept(self, records: list[bytes]) -> bool:
        """Keep them in the segment; what the database may have committed without saying so is told apart by its id."""
        batch = None
        try:
            for record in records:
                batch = self._segments.append(record)
        except NotStored:
            return False
        return batch is None or batch.wait()

"""For machines with throw-away disks: clicks are safe once PostgreSQL has committed them, many in one COPY."""

import select
import struct
import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from vocero.tracking.links.log import ClickLog, GroupLog

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn, PGresult

TABLE: Final = "tracking_clickarrival"
ROW_BYTES: Final = 1900
"""So many bytes of records share a row: PostgreSQL parts a row above 2,032 bytes. A record may be nearly half as long."""
_SECONDS: Final = 2
_LOOK_SECONDS: Final = 0.5

# The binary format of COPY: a signature with two empty words, rows of (number of columns, length of the column, column), an end.
_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_ROW: Final = struct.Struct(">hi")
_TRAILER: Final = b"\xff\xff"
_COPY: Final = f"COPY {TABLE} (record) FROM STDIN (FORMAT BINARY)".encode()


class ArrivalLog(GroupLog):
    """Hands clicks to the database in groups; while it is away they are kept in segments, as safe as this disk is."""

    def __init__(self, address: Mapping[str, Any], segments: ClickLog) -> None:
        super().__init__("click-arrivals")
        self._address = address
        self._segments = segments
        self._connection: Any = None
        self._ended = threading.Event()
        if not self._connect():
            self._connect_later()
        self._thread.start()

    @property
    def is_connected(self) -> bool:
        """Whether clicks are handed to the database now."""
        return self._connection is not None

    def count_lost(self, count: int = 1) -> None:
        """Count clicks that neither the database nor the disk took."""
        self._segments.count_lost(count)

    def close(self) -> None:
        """Hand over what is left and end."""
        super().close()
        self._ended.set()
        if self._connection is not None:
            self._connection.close()
        self._segments.close()

    def _make_safe(self, records: list[bytes]) -> bool:
        """Hand them over, or keep them in the segment: what the database may have committed without saying so is told
        apart there by its id."""
        return self._copied(records) or self._segments.keep(records)

    def _look_after(self, *, idle: bool) -> None:
        """Nothing is due here: the segments look after themselves."""

    def _copied(self, records: list[bytes]) -> bool:
        import psycopg

        connection = self._connection
        if connection is None:
            return False
        try:
            return _copy(connection.pgconn, in_copy_format(rows_of(records)))
        except psycopg.Error:
            self._connection = None
            connection.close()
            self._connect_later()
            return False

    def _connect(self) -> bool:
        import psycopg

        from vocero.tracking.links import postgres

        try:
            made = postgres.connect(self._address, "synchronous_commit=on")
        except psycopg.Error:
            return False
        made.pgconn.nonblocking = 0
        self._connection = made
        return True

    def _connect_later(self) -> None:
        """Look for the database on a thread of its own: no visitor waits for one that is away."""

        def look() -> None:
            while not self._ended.is_set() and not self._connect():
                self._ended.wait(_LOOK_SECONDS)

        threading.Thread(target=look, name="click-arrivals-connecting", daemon=True).start()


def rows_of(records: Iterable[bytes]) -> Iterator[bytes]:
    """Give the records of clicks put together to as few rows as PostgreSQL keeps whole: a row costs more than its bytes."""
    row: list[bytes] = []
    size = 0
    for record in records:
        if row and size + len(record) > ROW_BYTES:
            yield b"".join(row)
            row, size = [], 0
        row.append(record)
        size += len(record)
    if row:
        yield b"".join(row)


def in_copy_format(rows: Iterable[bytes]) -> bytes:
    """Give rows of one column as a binary COPY reads them."""
    return b"".join([_SIGNATURE, *(part for row in rows for part in (_ROW.pack(1, len(row)), row)), _TRAILER])


def _copy(connection: "PGconn", data: bytes) -> bool:
    """Run the one COPY by libpq's own calls, at a quarter of what psycopg's `copy()` costs, which can do more.

    Gives whether PostgreSQL has committed it, or refused it. Raises psycopg.Error when that is not known.
    """
    from psycopg import OperationalError
    from psycopg.pq import ConnStatus, ExecStatus

    connection.send_query(_COPY)
    told = _answer(connection)
    if told is not None and told.status == ExecStatus.COPY_IN:
        connection.put_copy_data(data)
        connection.put_copy_end()
        told = _answer(connection)
    while _answer(connection) is not None:
        """There is none; libpq wants to be asked until it says so."""
    if told is None or connection.status != ConnStatus.OK:
        raise OperationalError("the connection ended")
    return told.status == ExecStatus.COMMAND_OK


def _answer(connection: "PGconn") -> "PGresult | None":
    """Give the next result. Raises psycopg.Error when none comes within two seconds.

    libpq's own waiting would never end with a frozen server, and no other thread of this process would run meanwhile.
    """
    from psycopg import OperationalError

    coming = select.poll()
    coming.register(connection.socket, select.POLLIN)
    while connection.is_busy():
        if not coming.poll(_SECONDS * 1000):
            raise OperationalError("no answer")
        connection.consume_input()
    return connection.get_result()

"""For machines with throw-away disks: clicks are safe once PostgreSQL has committed them, many in one COPY."""

import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from vocero.tracking.links.log import ClickLog, GroupLog

if TYPE_CHECKING:
    from psycopg.pq.abc import PGconn

TABLE: Final = "tracking_clickarrival"
ROW_BYTES: Final = 1900
"""So many bytes of records share a row: PostgreSQL parts a row above 2,032 bytes. A record may be nearly half as long."""
_SECONDS: Final = 2

# The binary format of COPY: a signature with two empty words, rows of (number of columns, length of the column, column), an end.
_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_ROW: Final = struct.Struct(">hi")
_TRAILER: Final = b"\xff\xff"
_COPY: Final = f"COPY {TABLE} (record) FROM STDIN (FORMAT BINARY)".encode()


class ArrivalLog(GroupLog):
    """Hands clicks to the database in groups; while it is away they are kept in segments, as safe as this disk is."""

    def __init__(self, address: Mapping[str, Any], segments: ClickLog) -> None:
        super().__init__("click-arrivals")
        self._address = {name: value for name, value in address.items() if value not in {"", None}}
        self._segments = segments
        self._connection: Any = None
        self._thread.start()

    def count_lost(self, count: int = 1) -> None:
        """Count clicks that neither the database nor the disk took."""
        self._segments.count_lost(count)

    def close(self) -> None:
        """Hand over what is left and end."""
        super().close()
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

        try:
            if self._connection is None:
                self._connection = psycopg.connect(
                    **{
                        "connect_timeout": _SECONDS,
                        "tcp_user_timeout": _SECONDS * 1000,
                        "options": f"-c statement_timeout={_SECONDS * 1000} -c synchronous_commit=on",
                        **self._address,
                    },
                    autocommit=True,  # the one statement is its own transaction, and has been committed when it ends
                )
                self._connection.pgconn.nonblocking = 0
            _copy(self._connection.pgconn, in_copy_format(rows_of(records)))
        except psycopg.Error:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            return False
        return True


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


def _copy(connection: "PGconn", data: bytes) -> None:
    """Run the one COPY by libpq's own calls, at a quarter of what psycopg's `copy()` costs, which can do more.

    Raises psycopg.Error unless PostgreSQL has committed it.
    """
    from psycopg import OperationalError
    from psycopg.pq import ExecStatus

    begun = connection.exec_(_COPY)
    if begun.status != ExecStatus.COPY_IN:
        raise OperationalError(begun.get_error_message())
    connection.put_copy_data(data)
    connection.put_copy_end()
    ended = connection.get_result()
    if ended is None or ended.status != ExecStatus.COMMAND_OK:
        raise OperationalError(ended.get_error_message() if ended else "the connection ended")
    while connection.get_result() is not None:
        """There is none; libpq wants to be asked until it says so."""

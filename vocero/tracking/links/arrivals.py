"""For machines with throw-away disks: clicks are safe once PostgreSQL has committed them, many in one COPY."""

import struct
from collections.abc import Mapping
from typing import Any, Final

from vocero.tracking.links.log import ClickLog, GroupLog

TABLE: Final = "tracking_clickarrival"
_SECONDS: Final = 2

# The binary format of COPY: a signature with two empty words, rows of (number of columns, length of the column, column), an end.
_SIGNATURE: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)
_ROW: Final = struct.Struct(">hi")
_TRAILER: Final = b"\xff\xff"


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

        rows = [part for record in records for part in (_ROW.pack(1, len(record)), record)]
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
            with (
                self._connection.cursor() as cursor,
                cursor.copy(f"COPY {TABLE} (record) FROM STDIN (FORMAT BINARY)") as copy,
            ):
                copy.write(b"".join([_SIGNATURE, *rows, _TRAILER]))
        except psycopg.Error:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
            return False
        return True

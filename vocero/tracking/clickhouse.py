"""The few calls to a ClickHouse server that export needs, over its HTTP interface; knows no database of ours."""

import base64
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime
from typing import Any, Final, Protocol

from vocero.lib import http

TABLE: Final = "clicks"
# Rows with the same key are the same click sent twice; ClickHouse keeps one of them: at once when asked with FINAL, and on
# its disk when it merges. Only types that version 18 knows too.
CREATE: Final = f"""CREATE TABLE IF NOT EXISTS {TABLE} (
    id UInt64, at DateTime('UTC'), day Date, link UInt64, share UInt64, verdict String, visitor UInt64,
    country String, device String, network_class UInt8, referrer String,
    program UInt64, network String, post UInt64, campaign UInt64, origin String, kind String,
    location String, language String, topics Array(UInt64), purposes Array(String), team_path Array(UInt64)
) ENGINE = ReplacingMergeTree() PARTITION BY toYYYYMM(day) ORDER BY (day, link, id)"""
_NO_SUCH_TABLE: Final = 60
_ESCAPES: Final = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r", "\0": "\\0"})
_QUOTES: Final = str.maketrans({"\\": "\\\\", "'": "\\'"})
_SECONDS: Final = 120.0


class Address(Protocol):
    """Where the server is, as the settings read it."""

    @property
    def url(self) -> str: ...
    @property
    def database(self) -> str: ...
    @property
    def user(self) -> str: ...
    @property
    def password(self) -> str: ...


class ClickHouseAway(Exception):
    """The server did not do what it was asked; the text is a short reason without address, name or content."""


class Server:
    """A ClickHouse server: takes rows and gives counts."""

    def __init__(self, address: Address) -> None:
        self._address = address

    def insert(self, rows: Iterable[Sequence[Any]]) -> None:
        """Store rows of the table, in the order of its columns. Raises ClickHouseAway; they may be stored all the same."""
        body = "".join("\t".join(map(_written, row)) + "\n" for row in rows).encode()
        query = f"INSERT INTO {TABLE} FORMAT TabSeparated"
        answer = self._call(query, body)
        if _code(answer) == _NO_SUCH_TABLE:
            self.create_table()
            answer = self._call(query, body)
        _check(answer)

    def create_table(self) -> None:
        """Make the table unless it is there. Raises ClickHouseAway."""
        _check(self._call("", CREATE.encode()))

    def ping(self) -> None:
        """Ask for nothing, to see whether it lets us in and has the database. Raises ClickHouseAway."""
        _check(self._call("", b"SELECT 1"))

    def counts(self, first_on: date, last_on: date) -> dict[date, int]:
        """Count the clicks of days, each once. Raises ClickHouseAway."""
        query = (
            f"SELECT day, count() FROM {TABLE} FINAL WHERE day >= '{first_on:%Y-%m-%d}' AND day <= '{last_on:%Y-%m-%d}'"  # noqa: S608
            " GROUP BY day FORMAT TabSeparated"
        )
        answer = self._call("", query.encode())
        if _code(answer) == _NO_SUCH_TABLE:
            return {}
        _check(answer)
        lines = (line.split("\t") for line in answer.text().splitlines())
        return {date.fromisoformat(day): int(count) for day, count in lines}

    def _call(self, query: str, body: bytes) -> http.Answer:
        address = self._address
        headers = {"Content-Type": "text/plain"}
        if address.user:
            pair = base64.b64encode(f"{address.user}:{address.password}".encode()).decode()
            headers["Authorization"] = f"Basic {pair}"
        params = {"database": address.database} | ({"query": query} if query else {})
        try:
            return http.fetch(
                address.url,
                method="POST",
                headers=headers,
                params=params,
                content=body,
                seconds=_SECONDS,
                operators_own=True,
            )
        except http.CallFailed as error:
            raise ClickHouseAway(error.reason) from None


def _check(answer: http.Answer) -> None:
    if not answer.ok:
        raise ClickHouseAway(f"answer {answer.status}, code {_code(answer)}")


def _code(answer: http.Answer) -> int:
    """Give the server's own number of an error; 0 for none. Its text may hold what was sent, so it is not kept."""
    found = None if answer.ok else re.match(r"Code: (\d+)", answer.text())
    return int(found[1]) if found else 0


def _written(value: Any) -> str:
    """Write a value as ClickHouse's TabSeparated has it; moments in UTC seconds."""
    if isinstance(value, str):
        return value.translate(_ESCAPES)
    if isinstance(value, datetime):
        return str(int(value.astimezone(UTC).timestamp()))
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list):
        inner = ",".join(f"'{one.translate(_QUOTES)}'" if isinstance(one, str) else str(one) for one in value)
        return f"[{inner}]".translate(_ESCAPES)
    return str(value)

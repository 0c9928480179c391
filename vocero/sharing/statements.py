"""The outbox's statements for many rows at once, in SQL: each is one, however many shares it is about."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from django.db import connection

_FREE: Final = {
    "sqlite": "{marks}",  # one writer at a time
    "postgresql": "SELECT id FROM sharing_share WHERE id IN ({marks}) FOR UPDATE SKIP LOCKED",
}
_TAKE: Final = """UPDATE sharing_share
    SET state = 'sending', attempt = attempt + 1, lease_until = %s, first_sent_at = COALESCE(first_sent_at, %s), reason = ''
    WHERE id IN ({free}) AND channel = 'api' AND state = %s AND attempt = %s AND {lease}
        AND (state = 'sending' OR due_at <= %s)
    RETURNING id"""
_SET_OUT: Final = """UPDATE sharing_share
    SET state = 'sent', certainty = 'published', out_at = %s, day_on = %s, lease_until = NULL, reason = '',
        engagement_due_at = CASE WHEN told.column3 <> '' THEN %s END, remote_id = told.column3, remote_url = told.column4
    FROM ({told}) AS told
    WHERE sharing_share.id = told.column1 AND sharing_share.state = 'sending' AND sharing_share.attempt = told.column2
    RETURNING sharing_share.id"""
_BEGIN: Final = "INSERT INTO sharing_attempt (share_id, number, started_at, outcome) {begun}"
_FINISH: Final = """UPDATE sharing_attempt SET finished_at = %s, outcome = told.column3 FROM ({told}) AS told
    WHERE sharing_attempt.share_id = told.column1 AND sharing_attempt.number = told.column2"""


def take(
    shares: Sequence[int], state: str, attempt: int, lease_until: datetime | None, *, at: datetime, until: datetime
) -> set[int]:
    """Give shares in this state, attempt and lease to the next attempt until a moment; gives which still were so.

    Nobody waits for another: what somebody else has in hand at this moment is left out.
    """
    free = _FREE[connection.vendor].format(marks=_marks(len(shares)))
    lease = "lease_until IS NULL" if lease_until is None else "lease_until = %s"
    was = [] if lease_until is None else [_moment(lease_until)]
    sql = _TAKE.format(free=free, lease=lease)
    return _run(sql, [_moment(until), _moment(at), *shares, state, attempt, *was, _moment(at)])


def set_out(
    shares: Sequence[tuple[int, int, str, str]], *, at: datetime, day_on: date, engagement_due_at: datetime
) -> set[int]:
    """Set shares out whose attempt is the latest: key, attempt, the network's id and address; gives which were."""
    day = connection.ops.adapt_datefield_value(day_on)
    moments = [_moment(at), day, _moment(engagement_due_at)]
    return _run(_SET_OUT.format(told=_values(shares)), [*moments, *_flat(shares)])


def begin(attempts: Sequence[tuple[int, int]], *, at: datetime) -> None:
    """Store that attempts begin: key of the share and number."""
    rows = [(share, number, _moment(at), "") for share, number in attempts]
    _run(_BEGIN.format(begun=_values(rows)), _flat(rows))


def finish(attempts: Sequence[tuple[int, int, str]], *, at: datetime) -> None:
    """Store that attempts are over: key of the share, number and outcome."""
    _run(_FINISH.format(told=_values(attempts)), [_moment(at), *_flat(attempts)])


def _run(sql: str, values: Sequence[Any]) -> set[int]:
    """Run a statement; gives the keys that it returns."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return {pk for (pk,) in cursor.fetchall()} if cursor.description else set()


def _moment(at: datetime) -> Any:
    return connection.ops.adapt_datetimefield_value(at)


def _marks(many: int) -> str:
    return ", ".join(["%s"] * many)


def _values(rows: Sequence[Sequence[Any]]) -> str:
    """Give a table of marks, whose columns both databases name column1 and so on."""
    return f"VALUES {', '.join([f'({_marks(len(rows[0]))})'] * len(rows))}"


def _flat(rows: Sequence[Sequence[Any]]) -> list[Any]:
    return [value for row in rows for value in row]

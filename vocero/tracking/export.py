"""Takes single clicks to ClickHouse in order, in batches; whatever is sent twice counts once there.

The cursor moves after the server said that it has a batch. A process killed before that, or an answer that got lost, sends
the same rows again, and the server's table keeps one of each. Clicks that came in late, below the cursor, are found by
comparing how many each day has: such a day is sent again as a whole.
"""

import logging
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connection
from django.db.models import Sum

from vocero.lib.periods import Period, days_between
from vocero.tracking.clickhouse import ClickHouseAway, Server
from vocero.tracking.models import ExportCursor, RequestStat
from vocero.tracking.segment import first_id_at, moment_of_id
from vocero.tracking.visitors import day_of_visitor
from vocero.tracking.wide import SELECT, dimensions_of, of_days

NAME: Final = "clickhouse"
BATCH: Final = 20_000
LAG: Final = timedelta(minutes=1)
"""Clicks younger than this wait for the next batch, so that those of all machines are in before the cursor passes."""

logger = logging.getLogger(__name__)


def is_set() -> bool:
    """Say whether clicks are to be exported."""
    return settings.VOCERO_CLICKHOUSE is not None


def server() -> Server:
    """Give the server that the settings name. Raises ClickHouseAway when there is none."""
    if settings.VOCERO_CLICKHOUSE is None:
        raise ClickHouseAway("not set")
    return Server(settings.VOCERO_CLICKHOUSE)


def send_next(*, at: datetime) -> int:
    """Send the next clicks in the order of their ids; gives how many. Raises ClickHouseAway, and nothing has moved."""
    if not is_set():
        return 0
    cursor = ExportCursor.objects.get_or_create(name=NAME)[0]
    rows = _rows(f"c.id > {cursor.click_id} AND c.id < {first_id_at(at - LAG)}")
    if not rows:
        return 0
    server().insert(_wide(rows))
    moved = ExportCursor.objects.filter(name=NAME, click_id=cursor.click_id)
    return len(rows) if moved.update(click_id=rows[-1][0], moved_at=at) else 0


def send_again(first_on: date, last_on: date, *, at: datetime) -> list[date]:
    """Send those days again whose clicks over there are fewer than here, as far as the cursor has passed them."""
    if not is_set():
        return []
    again = [day for day, (ours, theirs) in differences(first_on, last_on).items() if ours > theirs and _is_passed(day)]
    for day in again:
        logger.info("the clicks of %s are sent to ClickHouse again", day)
        _send_day(day)
    return again


def differences(first_on: date, last_on: date) -> dict[date, tuple[int, int]]:
    """Give the days that do not have as many clicks over there as the roll-ups say: ours, theirs. Raises ClickHouseAway."""
    theirs = server().counts(first_on, last_on)
    found = RequestStat.objects.filter(day_on__range=(first_on, last_on))
    rows = found.values("day_on").annotate(total=Sum("raw")).order_by("day_on")
    ours = {row["day_on"]: int(row["total"]) for row in rows}
    return {
        day: (ours.get(day, 0), theirs.get(day, 0))
        for day in days_between(first_on, last_on)
        if ours.get(day, 0) != theirs.get(day, 0)
    }


def why_not_yet(month: Period) -> str:
    """Say why a month's rows must stay for now: they are not all exported; nothing when they may go."""
    if not is_set():
        return ""
    if not _is_passed(month.last_on):
        return "its clicks are not exported to ClickHouse yet"
    try:
        missing = [day for day, (ours, theirs) in differences(month.first_on, month.last_on).items() if ours > theirs]
    except ClickHouseAway as error:
        return f"ClickHouse cannot be asked whether it has its clicks ({error})"
    return f"ClickHouse lacks clicks of {missing[0]}; try: vocero export" if missing else ""


def _is_passed(day: date) -> bool:
    """Say whether the cursor has passed a day, or everything there is."""
    cursor = ExportCursor.objects.filter(name=NAME).first()
    if cursor is None:
        return False
    if moment_of_id(cursor.click_id).date() > day + timedelta(days=1):
        return True
    with connection.cursor() as asked:
        newer = f"{of_days(day, day, 'c')} AND c.id > {cursor.click_id}"
        asked.execute(f"SELECT 1 FROM tracking_click c WHERE {newer} LIMIT 1")  # noqa: S608
        return asked.fetchone() is None


def _send_day(day: date) -> None:
    after = 0
    while rows := _rows(f"{of_days(day, day, 'c')} AND c.id > {after}"):
        server().insert(_wide(rows))
        after = rows[-1][0]


def _rows(condition: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(f"{SELECT} WHERE {condition} ORDER BY c.id LIMIT {BATCH}")
        return list(cursor.fetchall())


def _wide(rows: list[tuple[Any, ...]]) -> Iterator[tuple[Any, ...]]:
    places = {link.link: link for link in dimensions_of(row[1] for row in rows)}
    for click_id, link_id, visitor, verdict, country, network_class, device, referrer in rows:
        place = places[link_id]
        yield (
            click_id, moment_of_id(click_id), day_of_visitor(visitor), link_id, place.share, verdict, visitor, country,
            device, network_class, referrer, *place[2:],
        )  # fmt: skip

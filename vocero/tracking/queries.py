"""Reads tracking: what the sites and servers that report conversions have sent, and clicks that could not be stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Count, Max, Min, Sum

from vocero.company.models import ApiKey
from vocero.lib.periods import days_between
from vocero.tracking import archive, store
from vocero.tracking.columns import day_of_number, number_of_day
from vocero.tracking.keys import NETWORK
from vocero.tracking.models import (
    DIMENSIONS,
    Click,
    Conversion,
    MemberDay,
    MemberMonth,
    RequestStat,
    SegmentCursor,
    ShareTotal,
)
from vocero.tracking.segment import moment_of_id


@dataclass(frozen=True, slots=True)
class Traffic:
    """What came in by one key since a moment: counts by state; a test shows when it arrived."""

    credited: int = 0
    waiting: int = 0
    not_credited: int = 0
    tests: int = 0
    last_test_at: datetime | None = None

    @property
    def counted(self) -> int:
        """Everything but tests."""
        return self.credited + self.waiting + self.not_credited


def traffic(keys: Iterable[ApiKey], *, since: datetime) -> Mapping[int, Traffic]:
    """Give what came in by each key since the moment, and its latest test however old."""
    wanted = [key.pk for key in keys]
    found: dict[int, dict[str, object]] = {pk: {} for pk in wanted}
    rows = Conversion.objects.filter(api_key__in=wanted, received_at__gte=since)
    for row in rows.values("api_key_id", "state").annotate(count=Count("pk")).order_by():
        name = "tests" if row["state"] == Conversion.State.TEST else row["state"]
        found[row["api_key_id"]][name] = row["count"]
    tests = Conversion.objects.filter(api_key__in=wanted, state=Conversion.State.TEST)
    for test in tests.values("api_key_id").annotate(count=Count("pk"), last=Max("received_at")).order_by():
        found[test["api_key_id"]] |= {"tests": test["count"], "last_test_at": test["last"]}
    return {pk: Traffic(**values) for pk, values in found.items()}  # type: ignore[arg-type]


def clicks_lost(*, at: datetime, within: timedelta = timedelta(days=7)) -> int:
    """Give how many clicks could not be stored lately (a full or broken disk): their visitors were sent on uncounted."""
    rows = SegmentCursor.objects.filter(lost__gt=0, moved_at__gte=at - within)
    return int(rows.aggregate(total=Sum("lost"))["total"] or 0)


def first_day_with_clicks() -> date | None:
    """Give the first day from which on clicks are kept one by one, in the database or in readable files; None: all are."""
    return archive.first_countable_day(archive.folder(), kept_on=_first_day_in_database())


def why_not_countable(day_on: date) -> str:
    """Say why the single clicks from a day on cannot be read here (archived, forgotten); nothing when they can."""
    return archive.why_not_countable(day_on, archive.folder())


def _first_day_in_database() -> date | None:
    """Give the first day whose clicks are in the database; None while none have ever left it."""
    oldest, newest = RequestStat.objects.aggregate(oldest=Min("day_on"), newest=Max("day_on")).values()
    if oldest is None:
        return None
    click = Click.objects.order_by("pk").first()
    kept = click.day_on if click else newest + timedelta(days=1)
    return kept if kept > oldest else None


def first_clicks(share_ids: Iterable[int]) -> dict[int, datetime]:
    """Give the moment of the first valid click of each share that has one."""
    found = ShareTotal.objects.filter(share__in=share_ids, first_click_id__lt=ShareTotal.NEVER).values_list(
        "share_id", "first_click_id"
    )
    return {share_id: moment_of_id(click_id) for share_id, click_id in found}


def credited_at(share_ids: Iterable[int]) -> dict[int, list[datetime]]:
    """Give the moments of the verified conversions that are credited to shares, by share."""
    # Only the shares narrow the question: asked for the state too, SQLite goes through all credited conversions there are.
    rows = Conversion.objects.filter(share__in=list(share_ids)).values_list("share", "at", "state", "verified")
    found: dict[int, list[datetime]] = {}
    for share, at, state, verified in rows:
        if verified and state == Conversion.State.CREDITED:
            found.setdefault(share, []).append(at)
    return found


def clicks_of_advocate(member: int) -> int:
    """Give the unique clicks of all shares of a member, over all time and programs, from the rows by month."""
    table = MemberMonth._meta.db_table
    # Each end by itself comes from the key; both in one question would read every row.
    [ends] = store.ask(f"SELECT (SELECT MIN(month_on) FROM {table}), (SELECT MAX(month_on) FROM {table})", [])  # noqa: S608
    if ends[0] is None:
        return 0
    months = {day.replace(day=1) for day in days_between(*map(day_of_number, ends))}
    found = MemberMonth.objects.filter(month_on__in=months, member=member).aggregate(all=Sum("unique"))
    return found["all"] or 0


def clicks_of_advocate_on(member: int, program: int, first_on: date, last_on: date) -> int:
    """Give the unique clicks on a member's shares in a program on some days, at most a few hundred, both ends included."""
    days = days_between(first_on, last_on)
    found = MemberDay.objects.filter(day_on__in=days, member=member, program=program).aggregate(all=Sum("unique"))
    return found["all"] or 0


@dataclass(frozen=True, slots=True)
class ClickSum:
    """Clicks of one key on one network over a stretch of days. On the network "*" there are only visitors."""

    key: str
    network: str
    valid: int
    unique: int
    visitors: int


def clicks_in(program: int, dimension: str, first_on: date, last_on: date, *, key: str | None = None) -> list[ClickSum]:
    """Give the clicks of a stretch of days by key and network, in one query: whole weeks, and the days at both edges.

    `dimension` is one of DIMENSIONS, `key` narrows to one key. Both ends are included.
    """
    first, last = number_of_day(first_on), number_of_day(last_on)
    first_week, last_week = -(-(first + 2) // 7) * 7 - 2, (last + 3) // 7 * 7 - 2  # the latter is the Monday after
    if last_week <= first_week:
        first_week = last_week = last + 1
    mark = "%s" if connection.vendor == "postgresql" else "?"
    only = f" AND key = {mark}" if key is not None else ""
    part = (
        f'SELECT key, network, valid, "unique", visitors FROM tracking_{{}} WHERE program_id = {mark}'  # noqa: S608
        f" AND dimension = {mark} AND {{}} >= {mark} AND {{}} < {mark}{only}"
    )
    values: list[object] = []
    for begin, end in ((first, first_week), (last_week, last + 1), (first_week, last_week)):
        values += [program, DIMENSIONS.index(dimension), begin, end, *([key] if key is not None else [])]
    day, week = part.format("clickstat", "day_on", "day_on"), part.format("clickweek", "week_on", "week_on")
    rows = store.ask(
        'SELECT key, network, SUM(valid), SUM("unique"), SUM(visitors)'  # noqa: S608
        f" FROM ({day} UNION ALL {day} UNION ALL {week}) parts GROUP BY key, network",
        values,
    )
    return [ClickSum(name, NETWORK.widen(network), int(a), int(b), int(c)) for name, network, a, b, c in rows]

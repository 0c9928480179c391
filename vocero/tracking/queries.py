"""Reads tracking: what the sites and servers that report conversions have sent, and clicks that could not be stored."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Count, Max, Min, Sum

from vocero.company.models import ApiKey, Program
from vocero.tracking.models import Click, ClickStat, Conversion, FirstClick, SegmentCursor
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
    """Give the first day whose clicks are still kept one by one; None while none were ever forgotten."""
    rolled_up = ClickStat.objects.filter(program__in=Program.objects.values("pk"), dimension="all", raw__gt=0)
    oldest, newest = rolled_up.aggregate(oldest=Min("day_on"), newest=Max("day_on")).values()
    if oldest is None:
        return None
    click = Click.objects.order_by("pk").first()
    kept = click.day_on if click else newest + timedelta(days=1)
    return kept if kept > oldest else None


def first_clicks(share_ids: Iterable[int]) -> dict[int, datetime]:
    """Give the moment of the first valid click of each share that has one."""
    found = FirstClick.objects.filter(share__in=share_ids).values_list("share_id", "click_id")
    return {share_id: moment_of_id(click_id) for share_id, click_id in found}

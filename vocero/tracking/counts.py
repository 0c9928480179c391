"""What clicks add to the roll-ups: from rows of clicks to counts by day and key, and from those to weeks, months, totals."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from vocero.tracking.columns import day_of_number, number_of_day
from vocero.tracking.keys import Cut, Group, Place
from vocero.tracking.store import ClickRow

type Pair = int  # valid clicks above 32 bits, unique ones below
type Columns = tuple[int, ...]
type StatKey = tuple[int, int, int, str, str]  # program, dimension, day, key, network

VALID: Final = 1 << 32
UNIQUE: Final = VALID | 1
REASONS: Final = ("head", "preview", "bot", "prefetch", "no_agent", "own")
_READERS: Final = ("valid", "repeat")
_DAY_SHIFT: Final = 48
_MASK: Final = VALID - 1


@dataclass(slots=True)
class Counts:
    """Counts of some clicks by each table's key; days are numbers as columns hold them."""

    requests: dict[tuple[int, int, str], dict[str, int]] = field(default_factory=dict)
    stats: dict[StatKey, Pair] = field(default_factory=dict)
    shares: dict[tuple[int, int], Pair] = field(default_factory=dict)
    members: dict[tuple[int, int, int], Pair] = field(default_factory=dict)
    first: dict[int, int] = field(default_factory=dict)

    @property
    def days(self) -> set[date]:
        """The days that these clicks were on."""
        return {day_of_number(day) for _program, day, _network in self.requests}


def pair(packed: Pair) -> tuple[int, int]:
    """Give valid and unique clicks."""
    return packed >> 32, packed & _MASK


def week_of(day: int) -> int:
    """Give the number of the Monday of a day's week; day 0 was a Wednesday."""
    return day - (day + 2) % 7


def month_of(day: int) -> int:
    """Give the number of the first day of a day's month."""
    return number_of_day(day_of_number(day).replace(day=1))


def requests_row(verdicts: Mapping[str, int]) -> Columns:
    """Give the columns of a row of requests: all, valid ones, and the others by reason."""
    valid = verdicts.get("valid", 0) + verdicts.get("repeat", 0)
    reasons = [verdicts.get(reason, 0) for reason in REASONS]
    return valid + sum(reasons), valid, *reasons


def count_clicks(rows: Iterable[ClickRow], places: Mapping[int, Place]) -> Counts:
    """Count stored clicks under all their keys."""
    counts = Counts()
    first = counts.first
    links: dict[tuple[int, int], Pair] = {}
    others: dict[tuple[int, int, str], int] = {}
    for click_id, link, visitor, verdict, *_ in rows:
        key = (link, visitor >> _DAY_SHIFT)
        if verdict in _READERS:
            links[key] = links.get(key, 0) + (UNIQUE if verdict == "valid" else VALID)
            share = places[link].share_id
            if share is not None and click_id < first.get(share, click_id + 1):
                first[share] = click_id
        else:
            other = (*key, verdict)
            others[other] = others.get(other, 0) + 1
    for (link, day), packed in links.items():
        _count_requests(counts, places[link], day, "valid", packed >> 32)
    for (link, day, verdict), times in others.items():
        _count_requests(counts, places[link], day, verdict, times)
    _spread(counts, links, places)
    return counts


def count_grouped(day: int, found: Iterable[tuple[int, str, int, int]], places: Mapping[int, Place]) -> Counts:
    """Count a day's clicks that are grouped already: link, verdict, how many, smallest id."""
    counts = Counts()
    links: dict[tuple[int, int], Pair] = {}
    for link, verdict, times, first in found:
        place = places[link]
        _count_requests(counts, place, day, verdict, times)
        if verdict in _READERS:
            key = (link, day)
            links[key] = links.get(key, 0) + (UNIQUE if verdict == "valid" else VALID) * times
            if place.share_id is not None:
                counts.first[place.share_id] = min(first, counts.first.get(place.share_id, first))
    _spread(counts, links, places)
    return counts


def _count_requests(counts: Counts, place: Place, day: int, verdict: str, times: int) -> None:
    key = (place.program, day, place.network)
    verdicts = counts.requests.get(key)
    if verdicts is None:
        verdicts = counts.requests[key] = {}
    verdicts[verdict] = verdicts.get(verdict, 0) + times


def _spread(counts: Counts, links: Mapping[tuple[int, int], Pair], places: Mapping[int, Place]) -> None:
    """Count what links have under the keys that they count under; links with the same keys are taken together first."""
    shares, members = counts.shares, counts.members
    groups: dict[tuple[int, Group], Pair] = {}
    for (link, day), packed in links.items():
        place = places[link]
        if place.share_id is not None and place.member_id is not None:
            shares[day, place.share_id] = shares.get((day, place.share_id), 0) + packed
            member = (day, place.member_id, place.program)
            members[member] = members.get(member, 0) + packed
        groups[day, place.content] = groups.get((day, place.content), 0) + packed
        groups[day, place.people] = groups.get((day, place.people), 0) + packed
    days: dict[int, dict[Cut, Pair]] = defaultdict(dict)
    for (day, group), packed in groups.items():
        stats = days[day]
        for cut in group.cuts:
            stats[cut] = stats.get(cut, 0) + packed
    counts.stats = {
        (program, dimension, day, key, network): packed
        for day, stats in days.items()
        for (program, dimension, key, network), packed in stats.items()
    }


def by_week(stats: Mapping[StatKey, Pair]) -> dict[StatKey, Pair]:
    """Give the same by week."""
    weeks: dict[StatKey, Pair] = {}
    for (program, dimension, day, key, network), packed in stats.items():
        week = (program, dimension, day - (day + 2) % 7, key, network)
        weeks[week] = weeks.get(week, 0) + packed
    return weeks


def by_month(members: Mapping[tuple[int, int, int], Pair]) -> dict[tuple[int, int, int], Pair]:
    """Give the same by month."""
    months: dict[tuple[int, int, int], Pair] = {}
    starts: dict[int, int] = {}
    for (day, member, program), packed in members.items():
        start = starts.get(day)
        if start is None:
            start = starts[day] = month_of(day)
        month = (start, member, program)
        months[month] = months.get(month, 0) + packed
    return months


def in_total(shares: Mapping[tuple[int, int], Pair]) -> dict[int, Pair]:
    """Give the same over all days."""
    totals: dict[int, Pair] = {}
    for (_day, share), packed in shares.items():
        totals[share] = totals.get(share, 0) + packed
    return totals

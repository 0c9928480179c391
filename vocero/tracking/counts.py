"""What clicks add to the roll-ups: from rows of clicks to counts by day and key, and from those to weeks, months, totals."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
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


def count_clicks(rows: Iterable[ClickRow], places: Mapping[int, Place], cuts: Sequence[Cut]) -> Counts:
    """Count stored clicks under all their keys; `cuts` are what the numbers of places stand for."""
    counts = Counts()
    first: dict[int, int] = {}
    days: dict[int, dict[int, Pair]] = defaultdict(dict)
    others: dict[tuple[int, str, int], int] = {}
    for click_id, link, visitor, verdict, *_ in rows:
        day = visitor >> _DAY_SHIFT
        if verdict in _READERS:
            links = days[day]
            links[link] = links.get(link, 0) + (UNIQUE if verdict == "valid" else VALID)
            if click_id < first.get(link, click_id + 1):
                first[link] = click_id
        else:
            other = (link, verdict, day)
            others[other] = others.get(other, 0) + 1
    for (link, verdict, day), times in others.items():
        _count_requests(counts, places[link].content, day, verdict, times)
    note_first(counts, first, places)
    for day, links in days.items():
        _spread(counts, day, links, places, cuts)
    return counts


def count_grouped(
    day: int,
    unique: Mapping[int, int],
    others: Iterable[tuple[int, str, int]],
    places: Mapping[int, Place],
    cuts: Sequence[Cut],
) -> Counts:
    """Count a day's clicks that are grouped already: unique ones by link, others by link and verdict; no first ones."""
    counts = Counts()
    links = {link: UNIQUE * times for link, times in unique.items()}
    for link, verdict, times in others:
        if verdict == "repeat":
            links[link] = links.get(link, 0) + VALID * times
        else:
            _count_requests(counts, places[link].content, day, verdict, times)
    _spread(counts, day, links, places, cuts)
    return counts


def _count_requests(counts: Counts, group: Group, day: int, verdict: str, times: int) -> None:
    key = (group.program, day, group.network)
    verdicts = counts.requests.get(key)
    if verdicts is None:
        verdicts = counts.requests[key] = {}
    verdicts[verdict] = verdicts.get(verdict, 0) + times


def note_first(counts: Counts, links: Mapping[int, int], places: Mapping[int, Place]) -> None:
    """Note the first click of each share, from those of its links."""
    first = counts.first
    for link, click_id in links.items():
        share = places[link].share_id
        if share is not None and click_id < first.get(share, click_id + 1):
            first[share] = click_id


def _spread(
    counts: Counts, day: int, links: Mapping[int, Pair], places: Mapping[int, Place], cuts: Sequence[Cut]
) -> None:
    """Count what links have on a day under all their keys; links with the same keys are taken together first."""
    shares, members = counts.shares, counts.members
    contents: dict[Group, Pair] = defaultdict(int)
    people: dict[Group, Pair] = defaultdict(int)
    for link, packed in links.items():
        share, member, program, _network, content, of, *_ = places[link]
        if share is not None and member is not None:
            key = (day, share)
            shares[key] = shares.get(key, 0) + packed
            who = (day, member, program)
            members[who] = members.get(who, 0) + packed
        contents[content] += packed
        people[of] += packed
    stats: dict[int, Pair] = defaultdict(int)
    for groups in (contents, people):
        for group, packed in groups.items():
            for number in group.ids:
                stats[number] += packed
    for group, packed in contents.items():
        _count_requests(counts, group, day, "valid", packed >> 32)
    for number, packed in stats.items():
        program, dimension, name, network = cuts[number]
        counts.stats[program, dimension, day, name, network] = packed


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

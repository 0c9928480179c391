"""What clicks add to the roll-ups: from rows of clicks to counts by day and key, and from those to weeks, months, totals."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from vocero.tracking.columns import day_of_number, number_of_day
from vocero.tracking.keys import Cut, Group, Place
from vocero.tracking.store import ClickColumns

type Pair = int  # valid clicks above 32 bits, unique ones below
type Columns = tuple[int, ...]
type Who = int  # a member above 16 bits, a program below: sorts and adds up in half the time of a tuple
type StatKey = tuple[int, int, int, str, str]  # program, dimension, day, key, network
type StatRow = tuple[int, int, int, str, str, int, int, int]  # the same, and valid, unique, visitors

VALID: Final = 1 << 32
UNIQUE: Final = VALID | 1
REASONS: Final = ("head", "preview", "bot", "prefetch", "no_agent", "own")
_READERS: Final = ("valid", "repeat")
_DAY_SHIFT: Final = 48
_WHO_SHIFT: Final = 16
_PROGRAM: Final = (1 << _WHO_SHIFT) - 1
_MASK: Final = VALID - 1


@dataclass(slots=True)
class Counts:
    """Counts of some clicks by each table's key; days are numbers as columns hold them."""

    requests: dict[tuple[int, int, str], dict[str, int]] = field(default_factory=dict)
    stats: dict[StatKey, Pair] = field(default_factory=dict)
    shares: dict[int, dict[int, Pair]] = field(default_factory=dict)
    """By day and share."""
    members: dict[int, dict[Who, Pair]] = field(default_factory=dict)
    """By day, and by member and program in one number."""
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


def count_clicks(rows: Iterable[ClickColumns], places: Mapping[int, Place], cuts: Sequence[Cut]) -> Counts:
    """Count stored clicks under all their keys; `cuts` are what the numbers of places stand for."""
    counts = Counts()
    first: dict[int, int] = {}
    days: dict[int, dict[int, Pair]] = defaultdict(dict)
    others: dict[tuple[int, str, int], int] = {}
    for click_id, link, visitor, verdict, _country, _class, _device, _referrer in rows:
        day = visitor >> _DAY_SHIFT
        if verdict in _READERS:
            links = days[day]
            links[link] = links.get(link, 0) + (UNIQUE if verdict == "valid" else VALID)
            if first.setdefault(link, click_id) > click_id:
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
    shares, members = counts.shares.setdefault(day, {}), counts.members.setdefault(day, {})
    contents: dict[Group, Pair] = {}
    people: dict[Group, Pair] = {}
    for link, packed in links.items():
        share, member, program, _network, content, of = places[link][:6]
        if share is not None and member is not None:
            shares[share] = shares.get(share, 0) + packed
            who = member << _WHO_SHIFT | program
            members[who] = members.get(who, 0) + packed
        contents[content] = contents.get(content, 0) + packed
        people[of] = people.get(of, 0) + packed
    stats: dict[int, Pair] = {}
    for groups in (contents, people):
        for group, packed in groups.items():
            for number in group.ids:
                stats[number] = stats.get(number, 0) + packed
    for group, packed in contents.items():
        _count_requests(counts, group, day, "valid", packed >> 32)
    for number, packed in stats.items():
        program, dimension, name, network = cuts[number]
        counts.stats[program, dimension, day, name, network] = packed


def rows_of_shares(counts: Counts) -> list[tuple[int, int, int, int]]:
    """Give the rows of days of shares, in the order of keys: day, share, valid and unique clicks."""
    return [
        (day, share, packed >> 32, packed & _MASK)
        for day, shares in sorted(counts.shares.items())
        for share, packed in sorted(shares.items())
    ]


def rows_of_totals(counts: Counts) -> list[tuple[int, int, int, int]]:
    """Give the rows of shares over all days, in the order of keys: share, its first click, valid and unique clicks."""
    first = counts.first
    totals = _summed(counts.shares.values())
    return [(share, first[share], packed >> 32, packed & _MASK) for share, packed in sorted(totals.items())]


def rows_of_members(members: Mapping[int, Mapping[Who, Pair]]) -> list[tuple[int, int, int, int, int]]:
    """Give the rows of members by day or month, in the order of keys: day, member, program, valid and unique clicks."""
    return [
        (day, who >> _WHO_SHIFT, who & _PROGRAM, packed >> 32, packed & _MASK)
        for day, found in sorted(members.items())
        for who, packed in sorted(found.items())
    ]


def by_month(members: Mapping[int, Mapping[Who, Pair]]) -> dict[int, Mapping[Who, Pair]]:
    """Give what members have on days by the first day of its month."""
    months: dict[int, list[Mapping[Who, Pair]]] = defaultdict(list)
    for day, found in members.items():
        months[month_of(day)].append(found)
    return {month: _summed(found) for month, found in months.items()}


def rows_of_stats(counts: Counts) -> list[StatRow]:
    """Give the rows of days by key, in the order of keys; visitors are counted later."""
    stats = counts.stats
    return [(*key, (packed := stats[key]) >> 32, packed & _MASK, 0) for key in sorted(stats)]


def rows_of_weeks(days: Sequence[StatRow]) -> list[StatRow]:
    """Give the rows of weeks from those of days, in the order of keys."""
    if len({row[2] for row in days}) == 1:
        monday = week_of(days[0][2])
        return [
            (program, dimension, monday, key, network, valid, unique, 0)
            for program, dimension, _day, key, network, valid, unique, _visitors in days
        ]
    weeks: dict[StatKey, tuple[int, int]] = {}
    for program, dimension, day, key, network, valid, unique, _visitors in days:
        week = (program, dimension, week_of(day), key, network)
        if week in weeks:
            before = weeks[week]
            weeks[week] = (before[0] + valid, before[1] + unique)
        else:
            weeks[week] = (valid, unique)
    return [(*key, *weeks[key], 0) for key in sorted(weeks)]


def _summed(parts: Iterable[Mapping[int, Pair]]) -> Mapping[int, Pair]:
    """Give the sums of several days by what they are counted by; of one day itself."""
    first, *others = parts
    if not others:
        return first
    sums = dict(first)
    for part in others:
        for key, packed in part.items():
            sums[key] = sums.get(key, 0) + packed
    return sums

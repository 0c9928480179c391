"""Whether showing a figure of a group would let somebody work out one of fewer than five people: pure reasoning.

Everything that is shown about groups is a sum over (place, stretch of days). Somebody who adds and subtracts shown sums can
work out every combination of them, and nothing else; by the duality of linear programs that also holds for those who use
that no count is negative. A combination is about the people on whom it is not zero. So a group is safe to show when each
combination that is not zero everywhere is about at least five advocates, and about somebody who was asked and did not
contribute (else it would say of named people that all of them did).
That is so when the advocates can be divided into five sets on each of which the sums are as independent as on everybody:
a combination that is zero on one of the sets is zero altogether, so it must be about somebody in each of the five.
The sums of everybody are known for each stretch, because they are shown from the first share on.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from vocero.lib.periods import Period
from vocero.measurement.contributions import Contribution, Place
from vocero.measurement.definitions import LEAST_PEOPLE

_PRIME: Final = (1 << 61) - 1


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """A sum that is shown, or may be: one key of one cut of people in one period."""

    period: Period
    dimension: str
    key: str


type Segment = tuple[int, ...]
"""A stretch of days: which of the periods, by number, hold it."""

type Element = tuple[Place, Segment]

type Column = frozenset[object]
"""Which shown sums a place in a stretch is part of, and the sum of everybody in that stretch."""


class Ledger:
    """Who stands behind the sums of one measure in some periods, of which each holds another or is apart from it."""

    def __init__(
        self, periods: Sequence[Period], facts: Iterable[Contribution], people: Mapping[Place, set[int]]
    ) -> None:
        self._number = {period: number for number, period in enumerate(periods)}
        self._people = people
        self._contributors: dict[Element, set[int]] = defaultdict(set)
        self._values: dict[Element, int] = defaultdict(int)
        for fact in facts:
            if segment := self._segment(fact.day):
                self._contributors[fact.place, segment].add(fact.member)
                self._values[fact.place, segment] += fact.value
        edges = [day for period in periods for day in (period.first_on, period.last_on)]
        for segment in {self._segment(day) for day in edges}:
            for place in people:
                self._contributors[place, segment].update(())
        self._keys = {place: frozenset(place.keys()) for place, _segment in self._contributors}

    def candidates(self, period: Period) -> list[Cell]:
        """Give every group with facts in a period, the largest first."""
        names = {
            key
            for (place, segment), members in self._contributors.items()
            if members and self._number[period] in segment
            for key in self._keys[place]
        }
        return sorted((Cell(period, *name) for name in names), key=lambda cell: (-self.size_of([cell]), cell))

    def value_of(self, cells: Sequence[Cell]) -> int:
        """Give the sum over those who are in all of the cells."""
        return sum(self._values.get(element, 0) for element in self._elements(cells))

    def size_of(self, cells: Sequence[Cell]) -> int:
        """Give how many different advocates contributed to the same."""
        return len(self._contributors_of(self._elements(cells)))

    def rest_of(self, cells: Sequence[Cell], within: Sequence[Cell] = ()) -> tuple[int, int]:
        """Give sum and number of advocates of everybody in the cells' period, and in `within`, who is in no cell."""
        number = self._number[cells[0].period]
        left = [
            element
            for element in self._elements(within)
            if number in element[1] and not any(self._holds(cell, element) for cell in cells)
        ]
        return sum(self._values.get(element, 0) for element in left), len(self._contributors_of(left))

    def may_show(self, cell: Cell, shown: Collection[Cell]) -> bool:
        """Say whether a cell can join what is shown: five inside, five outside, and nothing small can be worked out."""
        number, inside = self._number[cell.period], self._elements([cell])
        known = set(inside)
        outside = [element for element in self._contributors if number in element[1] and element not in known]
        if self._is_small(inside) or self._is_small(outside):
            return False
        return not self.gives_away([*shown, cell])

    def gives_away(self, cells: Collection[Cell]) -> bool:
        """Say whether some combination of these sums, and of everybody's sums, is about too few."""
        sums = {(self._number[cell.period], cell.dimension, cell.key): cell for cell in cells}
        elements: dict[Column, list[Element]] = defaultdict(list)
        known = self._stretches_of_few()
        for place, segment in self._contributors:
            if segment in known:
                continue
            names = {(number, *key) for number in segment for key in self._keys[place]}
            elements[frozenset({segment, *(names & sums.keys())})].append((place, segment))
        whole = _Basis(elements)
        with_others = _Basis(column for column, there in elements.items() if not self._did_everybody(there))
        if with_others.rank < whole.rank:
            return True
        columns: dict[int, set[Column]] = defaultdict(set)
        for column, there in elements.items():
            for member in self._contributors_of(there):
                columns[member].add(column)
        return not _divides(columns, LEAST_PEOPLE, whole.rank)

    def _stretches_of_few(self) -> set[Segment]:
        """Give the stretches in which fewer than five took part at all.

        Their sum of everybody is shown all the same; so we take it that whoever reads it knows all that happened then.
        """
        people: dict[Segment, set[int]] = defaultdict(set)
        for (_place, segment), members in self._contributors.items():
            people[segment] |= members
        return {segment for segment, members in people.items() if len(members) < LEAST_PEOPLE}

    def _did_everybody(self, elements: Iterable[Element]) -> bool:
        there = list(elements)
        asked = set[int]().union(*(self._people.get(place, ()) for place, _segment in there))
        return bool(asked) and asked <= self._contributors_of(there)

    def _is_small(self, elements: Sequence[Element]) -> bool:
        return len(self._contributors_of(elements)) < LEAST_PEOPLE or self._did_everybody(elements)

    def _contributors_of(self, elements: Iterable[Element]) -> set[int]:
        return set[int]().union(*(self._contributors[element] for element in elements))

    def _elements(self, cells: Sequence[Cell]) -> list[Element]:
        return [element for element in self._contributors if all(self._holds(cell, element) for cell in cells)]

    def _holds(self, cell: Cell, element: Element) -> bool:
        place, segment = element
        return self._number[cell.period] in segment and (cell.dimension, cell.key) in self._keys[place]

    def _segment(self, day: date) -> Segment:
        return tuple(number for period, number in self._number.items() if day in period)


def _divides(columns: Mapping[int, set[Column]], sets: int, rank: int) -> bool:
    """Say whether advocates, each with the columns they stand behind, divide into so many sets of full rank.

    Those who stand alone are placed first. It may miss a division that exists, never find one that does not.
    """
    alike: dict[frozenset[Column], int] = defaultdict(int)
    for there in columns.values():
        alike[frozenset(there)] += 1
    found = [_Basis() for _ in range(sets)]
    for stood_behind, count in sorted(alike.items(), key=lambda pair: (pair[1], sorted(map(repr, pair[0])))):
        for _ in range(min(count, sets)):
            next((basis for basis in sorted(found, key=lambda one: one.rank) if basis.add_all(stood_behind)), None)
    return all(basis.rank == rank for basis in found)


class _Basis:
    """Independent columns of zeros and ones, worked out modulo a large prime, which for such matrices is exact enough."""

    def __init__(self, columns: Iterable[Column] = ()) -> None:
        self._pivots: dict[object, dict[object, int]] = {}
        for column in columns:
            self.add(column)

    @property
    def rank(self) -> int:
        """How many independent columns there are."""
        return len(self._pivots)

    def add_all(self, columns: Iterable[Column]) -> bool:
        """Add columns; gives whether any of them was independent of those before."""
        return max([self.add(column) for column in columns], default=False)

    def add(self, ones: Column) -> bool:
        """Add a column, given by the rows that hold a one; gives whether it was independent of those before."""
        row: dict[object, int] = dict.fromkeys(ones, 1)
        while row:
            place = next((name for name in row if name in self._pivots), None)
            if place is None:
                first = next(iter(row))
                inverse = pow(row[first], -1, _PRIME)
                self._pivots[first] = {name: value * inverse % _PRIME for name, value in row.items()}
                return True
            factor = row[place]
            for name, value in self._pivots[place].items():
                changed = (row.get(name, 0) - factor * value) % _PRIME
                if changed:
                    row[name] = changed
                else:
                    row.pop(name, None)
        return False

"""Whether showing a figure of a group would let somebody work out one of fewer than five people: pure reasoning.

Everything that is shown about groups is a sum over (place, stretch of days). People who cannot be told apart by any shown
sum form a class. Somebody who adds and subtracts shown sums can find out about a set of classes exactly when some
combination of the sums is zero on all other classes. So a group is safe to show when no combination is confined to small
classes: when the matrix of sums keeps its rank after the columns of the small classes are taken out. By the duality of
linear programs the same test covers those who also use that no count is negative.
A class is small when fewer than five advocates contributed to it, or when everybody in it did: both would tell about
named people. The sums of everybody are known for each stretch, because they are shown from the first share on.
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
        """Say whether some combination of these sums, and of everybody's sums, is confined to small classes."""
        numbered = {(self._number[cell.period], cell.dimension, cell.key): cell for cell in cells}
        classes: dict[tuple[frozenset[Cell], Segment], list[Element]] = defaultdict(list)
        for place, segment in self._contributors:
            names = ((number, *key) for number in segment for key in self._keys[place])
            classes[frozenset(numbered[name] for name in names if name in numbered), segment].append((place, segment))
        large = {name for name, elements in classes.items() if not self._is_small(elements)}
        if len(large) == len(classes):
            return False
        rows = [{name for name in classes if cell in name[0]} for cell in numbered.values()]
        rows += [{name for name in classes if name[1] == segment} for segment in {name[1] for name in classes}]
        return rank(rows) != rank([row & large for row in rows])

    def _is_small(self, elements: Sequence[Element]) -> bool:
        contributors = self._contributors_of(elements)
        asked = set[int]().union(*(self._people.get(place, ()) for place, _segment in elements))
        return len(contributors) < LEAST_PEOPLE or bool(asked and asked <= contributors)

    def _contributors_of(self, elements: Iterable[Element]) -> set[int]:
        return set[int]().union(*(self._contributors[element] for element in elements))

    def _elements(self, cells: Sequence[Cell]) -> list[Element]:
        return [element for element in self._contributors if all(self._holds(cell, element) for cell in cells)]

    def _holds(self, cell: Cell, element: Element) -> bool:
        place, segment = element
        return self._number[cell.period] in segment and (cell.dimension, cell.key) in self._keys[place]

    def _segment(self, day: date) -> Segment:
        return tuple(number for period, number in self._number.items() if day in period)


def rank(rows: Iterable[Collection[object]]) -> int:
    """Give the rank of a matrix of zeros and ones, each row given by the columns that hold a one.

    Worked out modulo a large prime, which for such matrices is the true rank.
    """
    pivots: dict[object, dict[object, int]] = {}
    for ones in rows:
        row: dict[object, int] = dict.fromkeys(ones, 1)
        while row:
            column = next((name for name in row if name in pivots), None)
            if column is None:
                first = next(iter(row))
                inverse = pow(row[first], -1, _PRIME)
                pivots[first] = {name: value * inverse % _PRIME for name, value in row.items()}
                break
            factor = row[column]
            for name, value in pivots[column].items():
                changed = (row.get(name, 0) - factor * value) % _PRIME
                if changed:
                    row[name] = changed
                else:
                    row.pop(name, None)
    return len(pivots)

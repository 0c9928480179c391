"""Somebody who knows who works where, sees everything that is shown, and tries to learn about fewer than five people.

It shares no code with the product: plain fractions, Gaussian elimination and a simplex of its own.
"""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

type Atom = Hashable


@dataclass(frozen=True)
class Shown:
    """One number somebody can read: the atoms (place and month) that it is the sum of, and its value."""

    name: str
    atoms: frozenset[Atom]
    value: int


@dataclass(frozen=True)
class Leak:
    """A set of fewer than five advocates, or of named people without any, whose sum can be worked out."""

    atoms: frozenset[Atom]
    advocates: frozenset[int]
    why: str


def leaks(
    shown: Sequence[Shown],
    contributors: Mapping[Atom, frozenset[int]],
    people: Mapping[Atom, frozenset[int]],
    everybody: Sequence[frozenset[Atom]],
) -> list[Leak]:
    """Give what can be learned about too few: from sums and differences, and from nothing being negative.

    Each set of `everybody` is the whole company in some days: its figures are shown from the first one, whoever it was.
    """
    classes: dict[frozenset[int], set[Atom]] = {}
    for atom in sorted(contributors.keys() | people.keys(), key=repr):
        signature = frozenset(number for number, one in enumerate(shown) if atom in one.atoms)
        classes.setdefault(signature, set()).add(atom)
    names = [name for name in classes if name]
    matrix = [[Fraction(int(number in name)) for name in names] for number in range(len(shown))]
    values = [Fraction(one.value) for one in shown]

    def of(which: Iterable[frozenset[int]], table: Mapping[Atom, frozenset[int]]) -> frozenset[int]:
        return frozenset().union(*(table.get(atom, frozenset()) for name in which for atom in classes[name]))

    small = [place for place, name in enumerate(names) if len(of([name], contributors)) < 5]
    in_small = frozenset(atom for place in small for atom in classes[names[place]])
    confined = _confined(matrix, small)
    if len(confined) > sum(days <= in_small for days in everybody):
        for some in sorted(confined, key=len):
            advocates = of([names[place] for place in some], contributors)
            atoms = frozenset(atom for place in some for atom in classes[names[place]])
            company = frozenset().union(*(days for days in everybody if days <= atoms))
            if len(advocates) < 5 and atoms != company:
                return [Leak(atoms, advocates, "their sum is known")]
    found = []
    for place, name in enumerate(names):
        nobody = not of([name], contributors) and of([name], people)
        if nobody and frozenset(classes[name]) not in everybody and _most(matrix, values, place) == 0:
            found.append(Leak(frozenset(classes[name]), frozenset(), "nobody there did"))
    return found


def _confined(matrix: Sequence[Sequence[Fraction]], small: Sequence[int]) -> list[list[int]]:
    """Give the combinations of the sums that are zero outside the small columns, each as the columns that it touches."""
    width = len(matrix[0]) if matrix else 0
    order = [place for place in range(width) if place not in set(small)] + list(small)
    rows = [[row[place] for place in order] for row in matrix]
    done, pivots = 0, []
    for column in range(width):
        pivot = next((number for number in range(done, len(rows)) if rows[number][column]), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        first = rows[done][column]
        rows[done] = [value / first for value in rows[done]]
        for number, row in enumerate(rows):
            if number != done and row[column]:
                factor = row[column]
                rows[number] = [a - factor * b if b else a for a, b in zip(row, rows[done], strict=True)]
        pivots.append(column)
        done += 1
    from_here = width - len(small)
    return [
        [order[place] for place, value in enumerate(rows[number]) if value]
        for number, column in enumerate(pivots)
        if column >= from_here
    ]


def _most(matrix: Sequence[Sequence[Fraction]], values: Sequence[Fraction], place: int) -> Fraction | None:
    """Give the most that one unknown can be when all are at least zero and the sums are as shown; None without a bound.

    The simplex method in two phases with Bland's rule.
    """
    rows, width = len(matrix), len(matrix[0])
    table = [[*matrix[r], *(Fraction(int(r == c)) for c in range(rows)), values[r]] for r in range(rows)]
    basis = list(range(width, width + rows))
    if not _climb(table, basis, [Fraction(0)] * width + [Fraction(-1)] * rows, width + rows):
        raise AssertionError("phase one is bounded")
    goal = [Fraction(int(column == place)) for column in range(width)] + [Fraction(0)] * rows
    if not _climb(table, basis, goal, width):
        return None
    return sum((table[r][-1] for r in range(rows) if basis[r] == place), Fraction(0))


def _climb(table: list[list[Fraction]], basis: list[int], goal: list[Fraction], allowed: int) -> bool:
    while True:
        gain = [goal[c] - sum(goal[basis[r]] * table[r][c] for r in range(len(table))) for c in range(allowed)]
        entering = next((column for column in range(allowed) if gain[column] > 0), None)
        if entering is None:
            return True
        ratios = [(row[-1] / row[entering], basis[r], r) for r, row in enumerate(table) if row[entering] > 0]
        if not ratios:
            return False
        leaving = min(ratios)[2]
        pivot = table[leaving][entering]
        table[leaving] = [value / pivot for value in table[leaving]]
        for r, row in enumerate(table):
            if r != leaving and row[entering]:
                factor = row[entering]
                table[r] = [a - factor * b for a, b in zip(row, table[leaving], strict=True)]
        basis[leaving] = entering

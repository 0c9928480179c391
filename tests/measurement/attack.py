"""Somebody who knows who works where, sees everything that is shown, and tries to learn about fewer than five people.

It shares no code with the product: elimination in random orders, and a simplex of its own in exact fractions.
"""

import random
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

type Atom = Hashable

ATTEMPTS = 15
PRIME = (1 << 31) - 1


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

    weight = [len(of([name], contributors)) for name in names]
    draw = random.Random(1)
    sums = _independent([[int(value) for value in row] for row in matrix])
    for _ in range(ATTEMPTS):
        for some in _combinations(sums, weight, draw):
            advocates = of([names[place] for place in some], contributors)
            atoms = frozenset(atom for place in some for atom in classes[names[place]])
            company = frozenset().union(*(days for days in everybody if days <= atoms))
            if len(advocates) < 5 and atoms != company:
                return [Leak(atoms, advocates, "their sum is known")]
    found: list[Leak] = []
    contributing = [[value for place, value in enumerate(row) if weight[place]] for row in sums]
    if len(_independent(contributing)) == len(sums):
        return found  # whatever nobody's sums were, the others could make up for it
    for place, name in enumerate(names):
        nobody = not of([name], contributors) and of([name], people)
        if nobody and frozenset(classes[name]) not in everybody and _most(matrix, values, place) == 0:
            found.append(Leak(frozenset(classes[name]), frozenset(), "nobody there did"))
    return found


def _combinations(matrix: Sequence[Sequence[int]], weight: Sequence[int], draw: random.Random) -> list[list[int]]:
    """Give combinations of the sums that touch few columns, each as those columns.

    Elimination from the large columns to the small ones, the small ones in a random order: what is left over at the end
    touches small columns only. A combination of few columns comes out after a few attempts (information set decoding).
    """
    order = sorted(range(len(weight)), key=lambda place: (weight[place] < 5, weight[place] == 0, draw.random()))
    rows, pivots = _eliminate([[row[place] for place in order] for row in matrix])
    return [
        [order[place] for place, value in enumerate(row) if value]
        for row, column in zip(rows, pivots, strict=False)
        if weight[order[column]] < 5
    ]


def _independent(matrix: Sequence[Sequence[int]]) -> list[list[int]]:
    rows, pivots = _eliminate(matrix)
    return rows[: len(pivots)]


def _eliminate(matrix: Sequence[Sequence[int]]) -> tuple[list[list[int]], list[int]]:
    """Bring a matrix into reduced row echelon form modulo a prime; gives the rows and their pivots' columns."""
    rows, pivots = [list(row) for row in matrix], []
    for column in range(len(rows[0]) if rows else 0):
        done = len(pivots)
        pivot = next((number for number in range(done, len(rows)) if rows[number][column]), None)
        if pivot is None:
            continue
        rows[done], rows[pivot] = rows[pivot], rows[done]
        inverse = pow(rows[done][column], -1, PRIME)
        above = rows[done] = [value * inverse % PRIME for value in rows[done]]
        for number, row in enumerate(rows):
            if number != done and (factor := row[column]):
                rows[number] = [(a - factor * b) % PRIME for a, b in zip(row, above, strict=True)]
        pivots.append(column)
        if len(pivots) == len(rows):
            break
    return rows, pivots


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

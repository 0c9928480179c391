"""What may be shown about groups of people: decided once for a closed month or quarter, stored, and read only as `Disclosed`.

A cut of people is shown for closed months and quarters. Weeks have none: they cut months apart, so that the days between
would tell about few people. Values stay as they were when it was decided, so that a late fact does not point at anybody.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import InitVar, dataclass
from datetime import timedelta
from typing import Final

from vocero.lib.periods import Period, PeriodKind
from vocero.measurement.audit import Cell, Ledger
from vocero.measurement.contributions import Contribution, Measure, Place
from vocero.measurement.definitions import LEAST_PEOPLE
from vocero.measurement.dimensions import PEOPLE, Dimension
from vocero.measurement.models import DisclosedCell, DisclosureDecision
from vocero.people.models import Team

KINDS: Final = (PeriodKind.MONTH, PeriodKind.QUARTER)
EVERYBODY_ELSE: Final = "*"
SETTLING: Final = timedelta(hours=6)
"""How long after the end of a period it is decided, so that the clicks of its last minutes are in."""

_SEAL: Final = object()


@dataclass(frozen=True, slots=True)
class Group:
    """What is shown of one group, or of everybody else; a measure that is missing appears when enough people take part."""

    key: str
    inside: str
    depth: int
    values: Mapping[str, int]

    @property
    def is_everybody_else(self) -> bool:
        """Whether this is not a group but all the others together."""
        return self.key == EVERYBODY_ELSE


@dataclass(frozen=True)
class Disclosed:
    """The groups of one cut of people in one closed period that may be shown. Only `read` makes one.

    `is_decided` is False while the period runs or settles. Pages, charts, exports and the API accept nothing else.
    """

    period: Period
    dimension: Dimension
    groups: tuple[Group, ...]
    is_decided: bool
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("figures of groups come from disclosure.read alone")

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show, because too few people took part or it is too early."""
        return not self.groups

    def value(self, key: str, measure: str, inside: str = "") -> int | None:
        """Give one figure, None when it is not shown."""
        found = (group for group in self.groups if group.key == key and group.inside == inside)
        return next((group.values.get(measure) for group in found), None)


def read(program: int, period: Period, dimension: Dimension) -> Disclosed:
    """Give what may be shown of a cut of people in a period. Raises ValueError for a cut that is not of people."""
    if dimension not in PEOPLE:
        raise ValueError(f"{dimension} is no cut of people")
    decision = DisclosureDecision.objects.filter(
        program=program, period_kind=period.kind.value, first_on=period.first_on
    ).first()
    if decision is None:
        return Disclosed(period, dimension, (), is_decided=False, seal=_SEAL)
    found: dict[tuple[str, str], dict[str, int]] = {}
    for cell in DisclosedCell.objects.filter(decision=decision, dimension=dimension.value):
        found.setdefault((cell.inside, cell.key), {})[cell.measure] = cell.value
    return Disclosed(period, dimension, tuple(_in_order(found)), is_decided=True, seal=_SEAL)


def decided_parts(program: int, period: Period) -> dict[Measure, list[Cell]]:
    """Give the cells that are shown already for periods within this one: the months of a quarter."""
    cells: dict[Measure, list[Cell]] = {measure: [] for measure in Measure}
    shown = DisclosedCell.objects.filter(
        decision__program=program, decision__first_on__range=(period.first_on, period.last_on)
    ).exclude(key=EVERYBODY_ELSE)
    for cell in shown.select_related("decision"):
        part = Period.of(PeriodKind(cell.decision.period_kind), cell.decision.first_on)
        if part != period:
            cells[Measure(cell.measure)].append(Cell(part, cell.dimension, cell.key))
    return cells


def decide(
    period: Period,
    facts: Mapping[Measure, Collection[Contribution]],
    people: Mapping[Place, set[int]],
    shown: Mapping[Measure, Collection[Cell]],
    parents: Mapping[str, str],
) -> list[DisclosedCell]:
    """Choose the cells of a closed period that can be shown beside what is shown already; gives rows without a decision.

    The largest groups come first; what would single out fewer than five people is merged into everybody else.
    `parents` names the team that a team lies in.
    """
    ledgers: dict[Measure, Ledger] = {}
    chosen: dict[Measure, list[Cell]] = {}
    for measure in Measure:
        before = list(shown.get(measure, ()))
        ledger = Ledger(sorted({period, *(cell.period for cell in before)}), facts.get(measure, ()), people)
        ledgers[measure], chosen[measure] = ledger, []
        for cell in ledger.candidates(period):
            if ledger.may_show(cell, [*before, *chosen[measure]]):
                chosen[measure].append(cell)
    levels = _levels({cell for cells in chosen.values() for cell in cells}, parents)
    return [
        DisclosedCell(dimension=cells[0].dimension, inside=inside, key=key, measure=measure.value, value=value)
        for (_dimension, inside), cells in levels.items()
        for measure in Measure
        for key, value in _values(period, inside, cells, ledgers[measure], chosen[measure]).items()
    ]


def _values(
    period: Period, inside: str, level: Collection[Cell], ledger: Ledger, chosen: Collection[Cell]
) -> dict[str, int]:
    """Give the values of one measure on one level; everybody else only where all the groups beside them are shown."""
    values = {cell.key: ledger.value_of([cell]) for cell in level if cell in chosen}
    around = [Cell(period, cell.dimension, inside) for cell in level][:1] if inside else []
    if len(values) == len(level) and all(cell in chosen for cell in around):
        rest, size = ledger.rest_of(list(level), within=around)
        if size >= LEAST_PEOPLE:
            values[EVERYBODY_ELSE] = rest
    return values


def _levels(listed: Collection[Cell], parents: Mapping[str, str]) -> dict[tuple[str, str], list[Cell]]:
    """Put the groups that are listed below the nearest team around them that is listed too."""
    names = {(cell.dimension, cell.key) for cell in listed}
    levels: dict[tuple[str, str], list[Cell]] = {}
    for cell in sorted(listed):
        above = parents.get(cell.key, "") if cell.dimension == Dimension.TEAM else ""
        while above and (cell.dimension, above) not in names:
            above = parents.get(above, "")
        levels.setdefault((cell.dimension, above), []).append(cell)
    return levels


def _in_order(found: Mapping[tuple[str, str], Mapping[str, int]]) -> Iterable[Group]:
    """Put groups below the one they lie in, the largest first and everybody else last."""

    def below(inside: str, depth: int) -> Iterable[Group]:
        here = [(key, values) for (around, key), values in found.items() if around == inside]
        for key, values in sorted(here, key=lambda pair: (pair[0] == EVERYBODY_ELSE, *_size(pair[1]), pair[0])):
            yield Group(key, inside, depth, values)
            if key != EVERYBODY_ELSE:
                yield from below(key, depth + 1)

    yield from below("", 0)


def _size(values: Mapping[str, int]) -> tuple[int, int]:
    return -values.get(Measure.UNIQUE, 0), -values.get(Measure.SHARES, 0)


def team_parents() -> dict[str, str]:
    """Give the key of the team that each team lies in."""
    pairs = Team.objects.filter(parent__isnull=False).values_list("pk", "parent_id")
    return {str(team): str(parent) for team, parent in pairs}

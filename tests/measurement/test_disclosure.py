"""Groups are shown from five advocates on, and nobody can work out fewer from everything that is shown together."""

import random
from collections import defaultdict
from collections.abc import Collection, Mapping
from datetime import date, timedelta

import pytest

from tests.measurement.attack import Leak, Shown, leaks
from vocero.lib.periods import Period, PeriodKind
from vocero.measurement import audit, disclosure
from vocero.measurement.audit import Cell
from vocero.measurement.contributions import Contribution, Measure, Place
from vocero.measurement.models import DisclosedCell

MONTHS = [Period.of(PeriodKind.MONTH, date(2026, number, 1)) for number in (7, 8, 9)]
QUARTER = Period.of(PeriodKind.QUARTER, date(2026, 7, 1))

type Facts = list[Contribution]
type People = dict[Place, set[int]]


def random_company(seed: int) -> tuple[Facts, People, dict[str, str]]:
    """Give the facts of a quarter, who was asked and where they are, and which team lies in which."""
    draw = random.Random(seed)
    parents = {str(team): str(draw.randint(1, 3)) for team in range(4, 4 + draw.randint(0, 5))}
    teams = [("1",), ("2",), ("3",)][: draw.randint(1, 3)] + [(parents[team], team) for team in parents]
    people: People = defaultdict(set)
    where = {}
    for member in range(draw.randint(6, 90)):
        where[member] = Place(
            draw.choice(teams), draw.choice(["Madrid", "Milano", "Kraków", ""]), draw.choice(["en", "es"])
        )
        people[where[member]].add(member)
    share_rate = draw.choice([0.2, 0.5, 0.9])
    facts = []
    for member, place in where.items():
        if draw.random() < share_rate:
            for _ in range(draw.randint(1, 6)):
                day = date(2026, 7, 1) + timedelta(days=draw.randint(0, 91))
                facts.append(Contribution(member, place, day, draw.randint(1, 3)))
    return facts, people, parents


def run(facts: Facts, people: People, parents: Mapping[str, str]) -> dict[Period, list[DisclosedCell]]:
    """Decide three months and then their quarter, as the worker does."""
    decided: dict[Period, list[DisclosedCell]] = {}
    shown: list[Cell] = []
    for period in [*MONTHS, QUARTER]:
        inside = [cell for cell in shown if cell.period != period and cell.period.first_on in period]
        here = [fact for fact in facts if fact.day in period]
        decided[period] = disclosure.decide(period, {Measure.SHARES: here}, people, {Measure.SHARES: inside}, parents)
        shown += [Cell(period, row.dimension, row.key) for row in decided[period] if row.key != "*"]
    return decided


def what_is_read(facts: Facts, people: People, decided: Mapping[Period, Collection[DisclosedCell]]) -> list[Shown]:
    """Give everything a reader has: each cell, everybody else, and the totals of each month."""
    places = {fact.place for fact in facts} | people.keys()
    month_of = {month: number for number, month in enumerate(MONTHS)}

    def atoms(period: Period, holds: Collection[Place]) -> frozenset[tuple[Place, int]]:
        return frozenset((place, month_of[month]) for month in MONTHS if month.first_on in period for place in holds)

    def having(dimension: str, key: str) -> set[Place]:
        return {place for place in places if (dimension, key) in set(place.keys())}

    read = [
        Shown(month.key, atoms(month, places), sum(fact.value for fact in facts if fact.day in month))
        for month in MONTHS
    ]
    for period, rows in decided.items():
        for row in rows:
            holds = having(row.dimension, row.key)
            if row.key == "*":
                beside = [one.key for one in rows if one.inside == row.inside and one.dimension == row.dimension]
                around = having(row.dimension, row.inside) if row.inside else places
                holds = around - set().union(*(having(row.dimension, key) for key in beside if key != "*"))
            read.append(Shown(f"{period.key} {row.dimension} {row.key}", atoms(period, holds), row.value))
    return read


def attacked(facts: Facts, people: People, decided: Mapping[Period, Collection[DisclosedCell]]) -> list[Leak]:
    contributors: dict[tuple[Place, int], set[int]] = defaultdict(set)
    for fact in facts:
        contributors[fact.place, fact.day.month - 7].add(fact.member)
    asked = {(place, number): frozenset(members) for place, members in people.items() for number in range(3)}
    read = what_is_read(facts, people, decided)
    everybody = [one.atoms for one in read[: len(MONTHS)]]
    return leaks(read, {atom: frozenset(who) for atom, who in contributors.items()}, asked, everybody)


@pytest.mark.parametrize("block", range(2))
def test_nobody_derives_fewer_than_five_from_everything_shown_by_fifty_random_companies(block: int) -> None:
    cells = groups = 0
    for seed in range(block * 50, block * 50 + 50):
        facts, people, parents = random_company(seed)
        decided = run(facts, people, parents)
        assert attacked(facts, people, decided) == [], seed
        cells += sum(len(rows) for rows in decided.values())
        for read in what_is_read(facts, people, decided):
            truth = sum(fact.value for fact in facts if (fact.place, fact.day.month - 7) in read.atoms)
            assert read.value == truth, (seed, read.name)
        groups += len({(row.dimension, row.key) for rows in decided.values() for row in rows})
    assert cells > 300, "the attacker must have something to work with"
    assert groups > 100


def test_the_attacker_finds_the_leak_when_the_differences_are_not_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit.Ledger, "gives_away", lambda *_: False)
    found = 0
    for seed in (0, 3, 5, 8, 10, 11):
        facts, people, parents = random_company(seed)
        found += bool(attacked(facts, people, run(facts, people, parents)))
    assert found >= 3


def facts_of(count: int, place: Place, first: int = 0, day: date = date(2026, 7, 5)) -> Facts:
    return [Contribution(first + number, place, day, 1) for number in range(count)]


def shown_in(facts: Facts, people: People | None = None, parents: Mapping[str, str] | None = None) -> dict[str, int]:
    """Give the cells of July by `inside/key`, with ten more people asked everywhere who did nothing."""
    asked: People = defaultdict(set, people or {})
    for number, fact in enumerate(facts):
        asked[fact.place] |= {fact.member, 1000 + number % 10}
    rows = disclosure.decide(MONTHS[0], {Measure.SHARES: facts}, asked, {}, parents or {})
    return {f"{row.inside}/{row.key}": row.value for row in rows if row.dimension == "team"}


A, B, C = Place(("1",), "", ""), Place(("2",), "", ""), Place(("3",), "", "")


def test_a_group_of_five_is_shown_when_five_stand_outside() -> None:
    assert shown_in(facts_of(5, A) + facts_of(5, B, 50)) == {"/1": 5, "/2": 5}
    assert shown_in(facts_of(5, A) + facts_of(4, B, 50)) == {}
    assert shown_in(facts_of(4, A) + facts_of(50, B, 50)) == {}


def test_small_groups_are_merged_into_everybody_else_with_a_large_one() -> None:
    assert shown_in(facts_of(9, A) + facts_of(6, B, 50) + facts_of(3, C, 90)) == {"/1": 9, "/*": 9}


def test_a_group_within_a_group_is_shown_only_when_five_remain() -> None:
    inner = Place(("1", "4"), "", "")
    outside = facts_of(9, B, 50)
    assert shown_in(facts_of(7, inner) + facts_of(3, A, 20) + outside, parents={"4": "1"}) == {"/1": 10, "/2": 9}
    assert shown_in(facts_of(7, inner) + facts_of(6, A, 20) + outside, parents={"4": "1"}) == {
        "/1": 13,
        "1/4": 7,
        "1/*": 6,
        "/2": 9,
    }


def test_a_group_in_which_nobody_shared_is_not_given_away_by_the_rest() -> None:
    asked: People = {C: {500, 501, 502, 503, 504, 505}}
    assert shown_in(facts_of(9, A) + facts_of(6, B, 50), asked) == {"/1": 9, "/*": 6}


def test_a_group_in_which_everybody_shared_is_not_shown() -> None:
    facts = facts_of(6, A) + facts_of(9, B, 50)
    asked: People = {A: set(range(6)), B: set(range(50, 70))}
    assert disclosure.decide(MONTHS[0], {Measure.SHARES: facts}, asked, {}, {}) == []


def test_a_difference_in_which_everybody_shared_is_not_given_away() -> None:
    inner = Place(("1", "4"), "", "")
    facts = facts_of(6, inner) + facts_of(6, A, 20) + facts_of(9, B, 50)
    asked: People = {inner: {*range(6), 900}, A: set(range(20, 26)), B: set(range(50, 70))}
    rows = disclosure.decide(MONTHS[0], {Measure.SHARES: facts}, asked, {}, {"4": "1"})
    assert {row.key for row in rows} == {"1", "2"}


def test_a_quarter_does_not_give_away_the_month_in_which_few_shared() -> None:
    facts = [
        *facts_of(9, A), *facts_of(9, B, 50),
        *facts_of(9, A, 0, date(2026, 8, 5)), *facts_of(9, B, 50, date(2026, 8, 5)),
        *facts_of(2, A, 0, date(2026, 9, 5)), *facts_of(9, B, 50, date(2026, 9, 5)),
    ]  # fmt: skip
    asked: People = {A: set(range(20)), B: set(range(50, 70))}
    decided = run(facts, asked, {})
    assert {row.key for row in decided[MONTHS[0]]} == {row.key for row in decided[MONTHS[1]]} == {"1", "2"}
    assert decided[MONTHS[2]] == []
    assert decided[QUARTER] == []


def test_the_type_that_pages_accept_cannot_be_made_by_hand() -> None:
    with pytest.raises(TypeError):
        disclosure.Disclosed(MONTHS[0], disclosure.PEOPLE[0], (), is_decided=True, seal=object())

"""The tree of teams and the rules of the segments in memory, to say which a member is in without asking for each."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from vocero.company.models import Installation
from vocero.company.revisions import Kept
from vocero.people.models import Member, Segment, Team

_DEEPEST_TREE: Final = 40


@dataclass(frozen=True, slots=True)
class Rule:
    """Who belongs to a segment beside those picked by hand: everybody in one of the teams AND places AND languages."""

    segment: int
    name: Mapping[str, str]
    teams: frozenset[int]
    locations: frozenset[str]
    languages: frozenset[str]


@dataclass(frozen=True, slots=True)
class Groups:
    """Teams with the one above and the one they were merged into, and the segments that are not archived."""

    above: Mapping[int, int | None]
    merged: Mapping[int, int]
    rules: tuple[Rule, ...]

    def segments_of(self, member: Member, house: Installation | None, *, picked: Collection[int]) -> frozenset[int]:
        """Give the ids of the segments that a member is in, `picked` being those they were picked for by hand."""
        path = self._above(member.team_id)
        spoken = {member.language} if member.language or house is None else {"", house.language}
        return frozenset(
            rule.segment
            for rule in self.rules
            if rule.segment in picked
            or (
                (rule.teams or rule.locations or rule.languages)
                and (not rule.teams or rule.teams & path)
                and (not rule.locations or member.location in rule.locations)
                and (not rule.languages or rule.languages & spoken)
            )
        )

    def path_of(self, team_id: int | None) -> list[int]:
        """Give the ids of a team and its ancestors, the root first; a merged team counts as the one it went into."""
        path: list[int] = []
        for _ in range(_DEEPEST_TREE):
            if team_id is None or team_id in path:
                break
            if team_id in self.merged:
                team_id = self.merged[team_id]
                continue
            path.insert(0, team_id)
            team_id = self.above.get(team_id)
        return path

    def _above(self, team_id: int | None) -> set[int]:
        path: set[int] = set()
        while team_id is not None and team_id not in path:
            path.add(team_id)
            team_id = self.above.get(team_id)
        return path


def read_groups() -> Groups:
    """Read all teams and live segments; three queries."""
    above, merged = {}, {}
    for pk, parent, alias in Team.objects.values_list("pk", "parent_id", "alias_of_id"):
        above[pk] = parent
        if alias is not None:
            merged[pk] = alias
    rules = [
        Rule(
            segment.pk,
            segment.name,
            frozenset(merged.get(team.pk, team.pk) for team in segment.teams.all()),
            frozenset(segment.locations),
            frozenset(segment.languages),
        )
        for segment in Segment.objects.filter(archived_at=None).prefetch_related("teams").order_by("pk")
    ]
    return Groups(above, merged, tuple(rules))


GROUPS: Final = Kept(read_groups)
"""By the state of the company."""

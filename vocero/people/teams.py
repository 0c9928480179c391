"""The tree of teams: make, rename, move, merge. A merged team stays as an alias, because facts point to it."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from vocero.company import audit
from vocero.people.errors import NotAllowed
from vocero.people.models import Member, Segment, Team
from vocero.people.queries import team_path, with_descendants

SEPARATOR = ">"
"""Between the names of a path as people lists write it: `Sales > North`."""
DEEPEST = 8


@transaction.atomic
def create_team(name: str, *, parent: Team | None, actor: str, at: datetime) -> Team:
    """Make a team below another one, or at the top. Raises NotAllowed when the name is empty or taken there."""
    team = Team.objects.create(name=_free_name(name, parent), parent=parent)
    audit.record("people.team_created", actor=actor, at=at, subject=team.public_id)
    return team


@transaction.atomic
def rename_team(team: Team, *, name: str, actor: str, at: datetime) -> Team:
    """Give a team another name. Raises NotAllowed when it is empty or taken beside it."""
    team.name = _free_name(name, team.parent, but=team)
    team.save(update_fields=["name"])
    audit.record("people.team_renamed", actor=actor, at=at, subject=team.public_id)
    return team


@transaction.atomic
def move_team(team: Team, *, parent: Team | None, actor: str, at: datetime) -> Team:
    """Put a team, with everything below it, under another one or at the top.

    Raises NotAllowed for a place inside itself or where its name is taken. What was shared before keeps its old place.
    """
    if parent is not None and parent.pk in with_descendants([team.pk]):
        raise NotAllowed(_("A team cannot stand below itself. Please choose another place."), field="parent")
    _free_name(team.name, parent, but=team)
    team.parent = parent
    team.save(update_fields=["parent"])
    audit.record("people.team_moved", actor=actor, at=at, subject=team.public_id)
    return team


@transaction.atomic
def merge_team(team: Team, *, into: Team, actor: str, at: datetime) -> Team:
    """Make one team of two: people, teams below and segments go over, the old team stays as an alias of the new one.

    Raises NotAllowed when one is inside the other's way or both have a team of the same name below them.
    """
    if into.pk in with_descendants([team.pk]):
        raise NotAllowed(_("Please choose a team that is neither this one nor below it."), field="into")
    if into.archived_at is not None:
        raise NotAllowed(_("This team is no longer there. Please choose another one."), field="into")
    for child in team.children.filter(archived_at=None):
        twin = into.children.filter(archived_at=None, name=child.name).exclude(pk=team.pk).first()
        if twin is not None:
            merge_team(child, into=twin, actor=actor, at=at)
        else:
            child.parent = into
            child.save(update_fields=["parent"])
    Member.objects.filter(team=team).update(team=into)
    Team.objects.filter(alias_of=team).update(alias_of=into)
    for segment in Segment.objects.filter(teams=team):
        segment.teams.remove(team)
        segment.teams.add(into)
    team.alias_of, team.archived_at = into, at
    team.save(update_fields=["alias_of", "archived_at"])
    audit.record("people.team_merged", actor=actor, at=at, subject=team.public_id, detail={"into": into.public_id})
    return into


@transaction.atomic
def archive_team(team: Team, *, actor: str, at: datetime) -> None:
    """Put away a team that nobody is in and that has nothing below it. Raises NotAllowed."""
    if team.members.filter(is_active=True).exists() or team.children.filter(archived_at=None).exists():
        raise NotAllowed(_("There are still people or teams in it. Move them first, or merge it into another team."))
    team.archived_at = at
    team.save(update_fields=["archived_at"])
    audit.record("people.team_archived", actor=actor, at=at, subject=team.public_id)


class TeamFinder:
    """Finds the team that a people list means by a written path, and plans the ones that are missing.

    `find` gives a key: the team's path of names. Nothing is written before `make`.
    """

    def __init__(self) -> None:
        self._teams = {team.pk: team for team in Team.objects.filter(archived_at=None)}
        self._by_path: dict[tuple[str, ...], Team] = {}
        self._by_name: dict[str, list[Team]] = {}
        for team in self._teams.values():
            self._by_path[self._path_of(team)] = team
            self._by_name.setdefault(team.name.casefold(), []).append(team)
        for team in Team.objects.exclude(alias_of=None).select_related("alias_of"):
            if team.alias_of is not None and team.alias_of.archived_at is None:
                self._by_name.setdefault(team.name.casefold(), []).append(team.alias_of)

    def _path_of(self, team: Team) -> tuple[str, ...]:
        names, seen = [team.name.casefold()], {team.pk}
        while team.parent_id is not None and team.parent_id in self._teams and team.parent_id not in seen:
            team = self._teams[team.parent_id]
            seen.add(team.pk)
            names.append(team.name.casefold())
        return tuple(reversed(names))

    @staticmethod
    def split(written: str) -> list[str]:
        """Take a written path apart: `Sales > North` gives both names, without empty ones."""
        return [name for part in written.split(SEPARATOR) if (name := " ".join(part.split())[:120])]

    def find(self, names: list[str]) -> Team | None:
        """Give the team of this path; a single name also finds the only team of that name anywhere in the tree."""
        path = tuple(name.casefold() for name in names)
        if path in self._by_path:
            return self._by_path[path]
        alone = {team.pk: team for team in self._by_name.get(path[0], [])} if len(path) == 1 else {}
        return next(iter(alone.values())) if len(alone) == 1 else None

    def is_ambiguous(self, names: list[str]) -> bool:
        """Whether a single name stands for several teams, none of them at the top."""
        if len(names) != 1 or (names[0].casefold(),) in self._by_path:
            return False
        return len({team.pk for team in self._by_name.get(names[0].casefold(), [])}) > 1

    def make(self, names: list[str]) -> Team:
        """Give the team of this path; what is missing of it is created."""
        found = self.find(names)
        if found is not None:
            return found
        parent: Team | None = None
        for depth in range(len(names)):
            path = tuple(name.casefold() for name in names[: depth + 1])
            team = self._by_path.get(path)
            if team is None:
                team = Team.objects.create(name=names[depth], parent=parent)
                self._teams[team.pk] = self._by_path[path] = team
                self._by_name.setdefault(team.name.casefold(), []).append(team)
            parent = team
        assert parent is not None  # noqa: S101  a path has at least one name
        return parent


def _free_name(name: str, parent: Team | None, *, but: Team | None = None) -> str:
    name = " ".join(name.replace(SEPARATOR, " ").split())[:120]
    if not name:
        raise NotAllowed(_("Please give the team a name."), field="name")
    twins = Team.objects.filter(parent=parent, archived_at=None, name__iexact=name)
    if (twins.exclude(pk=but.pk) if but else twins).exists():
        raise NotAllowed(_("There is already a team of this name in the same place."), field="name")
    if parent is not None and len(team_path(parent.pk)) >= DEEPEST:
        raise NotAllowed(
            _("Teams can stand at most eight levels deep. Please choose a place higher up."), field="parent"
        )
    return name

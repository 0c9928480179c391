"""Who made up what: the facts of some days by advocate and place, for deciding about groups; never for a page."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any, Final

from django.db.models import Q

from vocero.measurement.dimensions import Dimension, counted
from vocero.measurement.folds import engagement_changes
from vocero.people.groups import read_groups
from vocero.people.models import Member
from vocero.sharing.models import Share
from vocero.tracking.models import Conversion, ShareDay

_CHUNK: Final = 500
_PLACE: Final = ("team_path", "location", "language")


class Measure(StrEnum):
    """What is shown of a group. A measure has contributors of its own: a team that shares need not be clicked."""

    SHARES = "shares"
    CLICKS = "clicks"
    UNIQUE = "unique_clicks"
    ENGAGEMENT = "engagement"
    CONVERSIONS = "conversions"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a fact counts in the cuts of people, as frozen on its share."""

    teams: tuple[str, ...]
    location: str
    language: str

    @classmethod
    def of(cls, frozen: Any) -> "Place":
        """Read the place from a share's frozen columns."""
        return cls(tuple(str(team) for team in frozen["team_path"]), frozen["location"], frozen["language"])

    def keys(self) -> Iterator[tuple[str, str]]:
        """Give every (dimension, key) that this place lies in."""
        for team in self.teams:
            yield Dimension.TEAM.value, team
        if self.location:
            yield Dimension.LOCATION.value, self.location
        if self.language:
            yield Dimension.LANGUAGE.value, self.language


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one advocate's facts of one day at one place add to a measure."""

    member: int
    place: Place
    day: date
    value: int


def contributions(program: int, first_on: date, last_on: date) -> dict[Measure, list[Contribution]]:
    """Give all contributions of some days by measure."""
    days = (first_on, last_on)
    found: dict[Measure, list[Contribution]] = defaultdict(list)
    for share in (
        counted().filter(program=program, day_on__range=days).values("member_id", "day_on", *_PLACE).iterator()
    ):
        found[Measure.SHARES].append(Contribution(share["member_id"], Place.of(share), share["day_on"], 1))
    clicked = ShareDay.objects.filter(day_on__range=days, share__program=program)
    stats = list(clicked.values_list("share_id", "day_on", "valid", "unique"))
    shares = _shares({share_id for share_id, *_rest in stats})
    for share_id, day, valid, unique in stats:
        if share := shares.get(share_id):
            found[Measure.CLICKS].append(Contribution(share["member_id"], Place.of(share), day, valid))
            found[Measure.UNIQUE].append(Contribution(share["member_id"], Place.of(share), day, unique))
    for change in engagement_changes(first_on, last_on):
        total = change["reactions"] + change["comments"] + change["reshares"]
        if change["program_id"] == program and total:
            found[Measure.ENGAGEMENT].append(
                Contribution(change["member_id"], Place.of(change), change["day_on"], total)
            )
    credited = Conversion.objects.filter(
        program=program, state=Conversion.State.CREDITED, verified=True, day_on__range=days, share__isnull=False
    )
    places = [f"share__{name}" for name in (*_PLACE, "member_id")]
    for row in credited.values("day_on", *places).iterator():
        share = {name.removeprefix("share__"): row[name] for name in places}
        found[Measure.CONVERSIONS].append(Contribution(share["member_id"], Place.of(share), row["day_on"], 1))
    return found


def asked_people(program: int) -> dict[Place, set[int]]:
    """Give the people who were asked to take part, whatever they answered, by where they are now."""
    asked = Member.objects.filter(Q(invitations__program=program) | Q(enrolments__program=program))
    paths = _team_paths()
    people: dict[Place, set[int]] = defaultdict(set)
    for member, team, location, language in asked.distinct().values_list("pk", "team_id", "location", "language"):
        people[Place(paths.get(team, ()), location, language)].add(member)
    return people


def _team_paths() -> dict[int | None, tuple[str, ...]]:
    groups = read_groups()
    return {pk: tuple(str(step) for step in groups.path_of(pk)) for pk in groups.above}


def _shares(wanted: Iterable[int]) -> dict[int, dict[str, Any]]:
    ids, found = sorted(wanted), {}
    for start in range(0, len(ids), _CHUNK):
        chunk = Share.objects.filter(pk__in=ids[start : start + _CHUNK], day_on__isnull=False)
        for share in chunk.values("pk", "member_id", *_PLACE):
            found[share["pk"]] = share
    return found

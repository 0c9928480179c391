"""Reads members, teams, segments and a member's own answer."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When

from vocero.company.models import Installation, Program
from vocero.company.queries import installation
from vocero.people.models import ConsentText, Enrolment, Invitation, Member, Segment, Team

IMPORTED: Final = "imported"
INVITED: Final = "invited"
BOUNCED: Final = "bounced"
DEACTIVATED: Final = "deactivated"
SEGMENT_PICKED_SHOWN: Final = 200


@dataclass(frozen=True, slots=True)
class TeamRow:
    """A team in the tree as a list: `depth` counts from 0, `members` are active ones of this very team."""

    team: Team
    depth: int
    members: int
    members_below: int


def takes_part(member: Member) -> bool:
    """Whether the member joined (a pause counts as taking part: the pages stay open, nothing is sent)."""
    return member.enrolments.filter(state__in=[Enrolment.State.JOINED, Enrolment.State.PAUSED]).exists()


def enrolment_of(member: Member, program: Program) -> Enrolment | None:
    """Give the member's own answer to a program, or None when there is none yet. For that member's eyes alone."""
    return Enrolment.objects.filter(member=member, program=program).select_related("consent_text").first()


def current_consent_text() -> ConsentText | None:
    """Give the newest version of what joining means."""
    return ConsentText.objects.order_by("-version").first()


def member_by_email(email: str) -> Member | None:
    """Give the active member with this work e-mail, in any case of letters."""
    return Member.objects.filter(email=email.strip().lower(), is_active=True).first() if email.strip() else None


def team_rows(*, at_most: int | None = None) -> list[TeamRow]:
    """Give all teams that are not archived, parents before children, by name; two queries however many there are."""
    teams = list(Team.objects.filter(archived_at=None))
    counted = dict(Member.objects.filter(is_active=True).values_list("team").annotate(n=Count("pk")))
    children: dict[int | None, list[Team]] = defaultdict(list)
    known = {team.pk for team in teams}
    for team in sorted(teams, key=lambda one: one.name.casefold()):
        children[team.parent_id if team.parent_id in known else None].append(team)
    rows: list[TeamRow] = []

    def walk(parent: int | None, depth: int) -> int:
        total = 0
        for team in children[parent]:
            place = len(rows)
            rows.append(TeamRow(team, depth, counted.get(team.pk, 0), 0))
            below = walk(team.pk, depth + 1)
            rows[place] = TeamRow(team, depth, counted.get(team.pk, 0), below)
            total += below + counted.get(team.pk, 0)
        return total

    walk(None, 0)
    return rows[:at_most]


def with_descendants(team_ids: Iterable[int]) -> set[int]:
    """Give the ids of these teams, of all teams below them, and of teams merged into any of them. One query."""
    wanted = set(team_ids)
    return _with_descendants(wanted, _teams_below()) if wanted else set()


def _teams_below() -> dict[int, list[int]]:
    below: dict[int, list[int]] = defaultdict(list)
    for pk, parent, alias in Team.objects.values_list("pk", "parent_id", "alias_of_id"):
        for above in (parent, alias):
            if above is not None:
                below[above].append(pk)
    return below


def _with_descendants(wanted: set[int], below: Mapping[int, list[int]]) -> set[int]:
    found, ahead = set(wanted), list(wanted)
    while ahead:
        for pk in below.get(ahead.pop(), ()):
            if pk not in found:
                found.add(pk)
                ahead.append(pk)
    return found


def team_path(team_id: int | None) -> list[int]:
    """Give the ids of a team and its ancestors, root first; an empty list without a team. One query."""
    if team_id is None:
        return []
    parents = dict(Team.objects.values_list("pk", "parent_id"))
    path = [team_id]
    while (parent := parents.get(path[-1])) is not None and parent not in path:
        path.append(parent)
    return path[::-1]


def members_of(segment: Segment) -> QuerySet[Member]:
    """Give the active members of a segment: its teams (with those below) AND locations AND languages, and those picked.

    A segment without any of the three holds only the people picked by hand.
    """
    return Member.objects.filter(_in_segment(segment, _teams_below(), installation()), is_active=True)


def sizes_of(segments: Sequence[Segment]) -> dict[int, int]:
    """Give how many active members each segment (by its id) holds now. Three queries however many segments there are."""
    below, house = _teams_below(), installation()
    counts = {f"in_{segment.pk}": Count("pk", filter=_in_segment(segment, below, house)) for segment in segments}
    found = Member.objects.filter(is_active=True).aggregate(**counts) if counts else {}
    return {segment.pk: found[f"in_{segment.pk}"] for segment in segments}


def _in_segment(segment: Segment, below: Mapping[int, list[int]], house: Installation | None) -> Q:
    teams = {team.pk for team in segment.teams.all()}
    by_rule = Q()
    if teams:
        by_rule &= Q(team__in=_with_descendants(teams, below))
    if segment.locations:
        by_rule &= Q(location__in=segment.locations)
    if segment.languages:
        by_rule &= Q(language__in=_languages_stored(segment.languages, house))
    picked = Q(pk__in=Segment.picked.through.objects.filter(segment=segment.pk).values("member"))
    return by_rule | picked if by_rule else picked


def segments_of(member: Member) -> list[int]:
    """Give the ids of the segments that a member is in now. Five queries however many segments there are."""
    path, house = set(team_path(member.team_id)), installation()
    picked = set(member.picked_for.values_list("pk", flat=True))
    found = []
    for segment in Segment.objects.filter(archived_at=None).prefetch_related("teams"):
        teams = {team.alias_of_id or team.pk for team in segment.teams.all()}
        rules = [
            not teams or bool(teams & path),
            not segment.locations or member.location in segment.locations,
            not segment.languages or member.language in _languages_stored(segment.languages, house),
        ]
        has_rule = bool(teams or segment.locations or segment.languages)
        if segment.pk in picked or (has_rule and all(rules)):
            found.append(segment.pk)
    return found


def _languages_stored(languages: Iterable[str], house: Installation | None) -> set[str]:
    """Languages as they stand in rows: blank stands for the company's own."""
    wanted = set(languages)
    return wanted | {""} if house and house.language in wanted else wanted


def locations() -> list[str]:
    """Give every place that an active member works at, by name."""
    return list(
        Member.objects.filter(is_active=True)
        .exclude(location="")
        .order_by("location")
        .values_list("location", flat=True)
        .distinct()
    )


def people_list(
    program: Program, *, search: str = "", state: str = "", team_id: int | None = None, role: str = ""
) -> QuerySet[Member]:
    """Give the people list: rows carry `state` (imported, invited, bounced, deactivated) and `invited_at`.

    Nothing in it depends on what a person answered or did: reminders, which go only to those without an answer, and
    links that people renewed themselves are left out.
    """
    latest = Invitation.objects.filter(member=OuterRef("pk"), program=program, reminds=False, renews=False).order_by(
        "-pk"
    )
    people = (
        Member.objects.filter(erased_at=None)
        .select_related("team")
        .annotate(
            invited_at=Subquery(latest.values("created_at")[:1]),
            bounced_at=Subquery(latest.values("bounced_at")[:1]),
        )
        .annotate(
            state=Case(
                When(is_active=False, then=Value(DEACTIVATED)),
                When(bounced_at__isnull=False, then=Value(BOUNCED)),
                When(invited_at__isnull=False, then=Value(INVITED)),
                default=Value(IMPORTED),
                output_field=CharField(),
            )
        )
    )
    for word in search.split()[:5]:
        people = people.filter(Q(name__icontains=word) | Q(email__icontains=word) | Q(job_title__icontains=word))
    if state in {IMPORTED, INVITED, BOUNCED, DEACTIVATED}:
        people = people.filter(state=state)
    if team_id is not None:
        people = people.filter(team__in=with_descendants([team_id]))
    if role in Member.Role.values:
        people = people.filter(role=role)
    return people


def can_remind(program: Program) -> bool:
    """Whether somebody was invited since the last reminder. Asks invitations alone, never anybody's answer."""
    since = Q(created_at__gt=program.reminded_at) if program.reminded_at else Q()
    return Invitation.objects.filter(since, program=program, reminds=False).exists()


def unanswered(program: Program) -> QuerySet[Member]:
    """Give the active members who were invited, are reachable, gave no answer and were not reminded yet.

    Only for the one who sends the reminder: no page may list, count or compare these people.
    """
    asked = Invitation.objects.filter(member=OuterRef("pk"), program=program, reminds=False)
    latest_bounced = asked.order_by("-pk").values("bounced_at")[:1]
    return (
        Member.objects.filter(is_active=True, email__isnull=False)
        .filter(Exists(asked))
        .annotate(last_bounced_at=Subquery(latest_bounced))
        .filter(last_bounced_at=None)
        .exclude(Exists(Enrolment.objects.filter(member=OuterRef("pk"), program=program)))
        .exclude(Exists(Invitation.objects.filter(member=OuterRef("pk"), program=program, reminds=True)))
    )


def program_team() -> QuerySet[Member]:
    """Give the owners and managers, owners first."""
    return Member.objects.filter(is_active=True, role__in=[Member.Role.OWNER, Member.Role.MANAGER]).order_by(
        F("role").desc(), "name"
    )


def due_invitations(at: datetime, *, at_most: int) -> list[Invitation]:
    """Give the invitations whose mail is to leave now, the oldest first."""
    waiting = Invitation.objects.filter(due_at__lte=at, sent_at=None, bounced_at=None)
    free = waiting.filter(Q(lease_until=None) | Q(lease_until__lte=at))
    return list(free.select_related("member", "program").order_by("due_at", "pk")[:at_most])

"""What is frozen on a share at the moment of sharing, so that later moves of people and posts change no past figure."""

from typing import Any

from vocero.content.models import Post
from vocero.people.models import Member, Team

_DEEPEST_TREE = 20


def dimensions(member: Member, post: Post, *, language: str) -> dict[str, Any]:
    """Give the frozen columns of a share: who they belong to, where, and what the post was at this moment."""
    path = team_path(member.team)
    return {
        "program_id": post.program_id,
        "team_id": path[-1] if path else None,
        "team_path": path,
        "location": member.location,
        "country": member.country,
        "language": language,
        "campaign_id": post.campaign_id,
        "origin": post.origin,
        "kind": post.kind,
        "purposes": list(post.purposes),
        "topics": sorted({topic.alias_of_id or topic.pk for topic in post.topics.all()}),
    }


def team_path(team: Team | None) -> list[int]:
    """Give the ids of a team and its ancestors, the root first; a merged team counts as the one it went into."""
    path: list[int] = []
    while team is not None and team.pk not in path and len(path) < _DEEPEST_TREE:
        if team.alias_of is not None:
            team = team.alias_of
            continue
        path.insert(0, team.pk)
        team = team.parent
    return path

"""What is frozen on a share at the moment of sharing, so that later moves of people and posts change no past figure."""

from typing import Any

from vocero.company.revisions import Token
from vocero.content.models import Post
from vocero.content.shelf import TOPICS
from vocero.people.groups import GROUPS
from vocero.people.models import Member


def dimensions(member: Member, post: Post, *, language: str, company: Token = None) -> dict[str, Any]:
    """Give the frozen columns of a share: who they belong to, where, and what the post was at this moment.

    `company` is the state of the company as it was read with the request; without it teams and topics are read now.
    """
    path = GROUPS.at(company).path_of(member.team_id)
    topics = TOPICS.at(company)
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
        "topics": sorted({topics[one.pk].alias_of_id or one.pk for one in post.topics.all()}),
    }

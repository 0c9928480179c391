"""The tables whose changes every process sees at its next request; what is kept of them is read again then."""

from typing import Final

from django.db import connections

from vocero.company.revisions import COMPANY, POSTS, Watch, watch

_OFFERED: Final = "{row}.state = 'offered'"
_OF_OFFERED: Final = "EXISTS (SELECT 1 FROM content_post p WHERE p.id = {row}.post_id AND p.state = 'offered')"

WATCHED: Final = (
    Watch("company_installation", COMPANY),
    Watch("company_program", COMPANY),
    Watch("people_team", COMPANY),
    Watch("people_segment", COMPANY),
    Watch("people_segment_teams", COMPANY),
    Watch("content_topic", COMPANY),
    Watch("content_campaign", COMPANY),
    Watch("policy_guideline", COMPANY),
    Watch("policy_stopswitch", COMPANY),
    Watch("policy_term", COMPANY),
    Watch("policy_disclosurewording", COMPANY),
    Watch("content_post", POSTS, _OFFERED),
    Watch("content_caption", POSTS, _OF_OFFERED),
    Watch("content_postimage", POSTS, _OF_OFFERED),
    Watch("content_post_topics", POSTS, _OF_OFFERED),
    Watch("content_post_segments", POSTS, _OF_OFFERED),
)


def put_in_place(using: str) -> None:
    """Let the triggers be as they should, in a database that may not have the tables yet."""
    connection = connections[using]
    if "company_revision" in connection.introspection.table_names():
        watch(connection, WATCHED)

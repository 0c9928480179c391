"""Changes where the links of a post lead, also of what was shared long ago: taken down, ended, corrected, or open again."""

from datetime import datetime
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.db.models import Case, F, URLField, Value, When
from django.db.models.expressions import Combinable

from vocero.company import audit
from vocero.content.models import Post
from vocero.sharing.models import Link

_is_web_address: Final = URLValidator(schemes=["http", "https"])


class NotAnAddress(ValueError):
    """No visitor can be sent there."""


@transaction.atomic
def reroute_links(post: Post, *, state: Link.State, to: str = "", at: datetime) -> int:
    """Let all links of a post say that it was withdrawn, has ended or was replaced by `to`, or lead to it again.

    Gives how many changed; links processes hear of it within about a second. Clicks that were counted stay. Raises
    NotAnAddress when `to` is missing or is no web address.
    """
    links = Link.objects.filter(post=post)
    target: Combinable
    if state == Link.State.REROUTED:
        try:
            _is_web_address(to)
        except ValidationError as error:
            raise NotAnAddress(to) from error
        different, target = links.exclude(state=state, target_url=to), Value(to)
    else:  # what leads to a correction leads to the post again; others keep the address that they were shared with
        corrected = When(state=Link.State.REROUTED, then=Value(post.url, output_field=URLField()))
        different, target = links.exclude(state=state), Case(corrected, default=F("target_url"))
    changed = different.update(state=state, target_url=target, version=F("version") + 1, changed_at=at)
    if changed:
        audit.record("sharing.links_rerouted", actor="", at=at, subject=post.public_id, detail={"state": state})
    return changed

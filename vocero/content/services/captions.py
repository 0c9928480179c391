"""Writes captions: the ready texts of a post, which a share may point to and which are therefore never deleted."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from vocero.content.models import Caption, Post
from vocero.lib.text import tidy

MOST_CHARACTERS = 5000
MOST_CAPTIONS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptionText:
    """A caption as it shall be: `network` blank is for any; `public_id` names the one it replaces, blank is a new one."""

    language: str
    text: str
    network: str = ""
    public_id: str = ""


def set_captions(post: Post, captions: Iterable[CaptionText], *, at: datetime) -> None:
    """Make a post's captions these, in this order; those without text go.

    While a post was never offered they change in place. Afterwards a changed text becomes a new caption and the old one
    is archived, so that what was shared keeps pointing to what was shared.
    """
    standing = {caption.public_id: caption for caption in post.captions.filter(archived_at=None)}
    kept: set[str] = set()
    wanted = [one for one in captions if one.text.strip()][:MOST_CAPTIONS]
    for position, one in enumerate(wanted):
        text = tidy(one.text)[:MOST_CHARACTERS]
        old = standing.get(one.public_id)
        same = old is not None and (old.text, old.language, old.network) == (text, one.language, one.network)
        if old is not None and (same or post.offered_at is None):
            old.text, old.language, old.network, old.position = text, one.language, one.network, position
            old.save(update_fields=["text", "language", "network", "position"])
            kept.add(old.public_id)
        else:
            Caption.objects.create(
                post=post, language=one.language, network=one.network, text=text, position=position, created_at=at
            )
    gone = [caption.pk for key, caption in standing.items() if key not in kept]
    if post.offered_at is None:
        Caption.objects.filter(pk__in=gone).delete()
    else:
        Caption.objects.filter(pk__in=gone).update(archived_at=at)

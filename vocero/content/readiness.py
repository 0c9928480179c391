"""What a post still lacks before it can be offered, as one sentence for each field."""

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vocero.content.models import Kind, Origin, Post, Purpose
from vocero.people.models import Segment
from vocero.people.queries import members_of

FEWEST_ASKED: Final = 5
"""A post is offered to at least as many people as stand behind any figure about people."""

type Problems = dict[str, str | Promise]


def problems_of(post: Post, *, at: datetime) -> Problems:
    """Give for each field of a stored post what to do before it can be offered; empty when it is ready."""
    problems: Problems = {}
    if not post.captions.filter(archived_at=None).exists():
        problems["captions"] = _("Write at least one caption: the text that colleagues can share as it is.")
    if post.kind not in Kind.values:
        problems["kind"] = _("Choose what the post is about.")
    if post.origin not in Origin.values:
        problems["origin"] = _("Choose where the post comes from, so that the mix can be counted.")
    if not 1 <= len(set(post.purposes) & set(Purpose.values)) <= 3:
        problems["purposes"] = _("Choose what it does for the reader: one to three of entertain, enlighten, educate.")
    if any(not image.alt.strip() for image in post.images.all()):
        problems["images"] = _("Describe each picture in a few words, for people who cannot see it.")
    if post.expires_at is not None and post.expires_at <= at:
        problems["expires_at"] = _("This moment is over. Choose a later one, or none.")
    if (chosen := list(post.segments.all())) and _reaches_few(chosen):
        problems["segments"] = _(
            "Offer it to everybody, or to groups that hold at least five people together. With fewer, the figures of the "
            "post would tell who shared it."
        )
    if post.self_check_at is None:
        problems["would_post_myself"] = _(
            "Would you post this on your own profile? If you would not, do not ask your colleagues to."
        )
    return problems


def _reaches_few(segments: Sequence[Segment]) -> bool:
    """Whether fewer than five people are in these segments together."""
    reached: set[int] = set()
    for segment in segments:
        reached.update(members_of(segment).values_list("pk", flat=True)[:FEWEST_ASKED])
        if len(reached) >= FEWEST_ASKED:
            return False
    return True

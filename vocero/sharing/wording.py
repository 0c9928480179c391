"""The words of a share: what the composer begins with, and whether a person made them their own."""

import re
from typing import Final

from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein

from vocero.content.models import Caption, Post
from vocero.lib.text import folded, urls

PERSONAL_DISTANCE: Final = 0.20
"""Above this share of changed letters a text counts as personalized (BEHAVIORS 1.7)."""
_SAME_SENTENCE: Final = 60.0
_SHORTEST_SENTENCE: Final = 3
_END = re.compile(r"(?<=[.!?…])\s+|\n+")
_WORD = re.compile(r"\w+")


def opening_text(post: Post, caption: Caption | None) -> str:
    """Give the text that the composer begins with: the variant, and the post's hashtags that are not in it yet."""
    text = caption.text.strip() if caption else ""
    tags = [f"#{tag}" for tag in post.hashtags if f"#{tag}".casefold() not in text.casefold()]
    return "\n\n".join(part for part in (text, " ".join(tags)) if part)


def is_personalized(text: str, opening: str, *, disclosure: str = "") -> bool:
    """Say whether a text is somebody's own: more than a fifth of it changed, or at least one sentence added.

    `opening` is what the composer began with; the disclosure in front counts as nobody's words.
    """
    own = _bare(text.removeprefix(disclosure))
    ready = _bare(opening)
    if not own or own == ready:
        return False
    if not ready or Levenshtein.normalized_distance(own, ready) > PERSONAL_DISTANCE:
        return True
    known = _sentences(ready)
    return any(all(fuzz.ratio(one, other) < _SAME_SENTENCE for other in known) for one in _sentences(own))


def _bare(text: str) -> str:
    """Fold a text and take addresses out."""
    for start, end, _url in reversed(list(urls(text))):
        text = text[:start] + text[end:]
    return " ".join(line for line in (" ".join(part.split()) for part in folded(text).split("\n")) if line)


def _sentences(text: str) -> list[str]:
    return [part for part in _END.split(text) if len(_WORD.findall(part)) >= _SHORTEST_SENTENCE]

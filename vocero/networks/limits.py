"""What a network takes: how long, how counted, which images; and what a draft would have to change."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from vocero.lib.text import count_graphemes, graphemes, urls

# Code points that weigh one unit of two in X's count; all others weigh two, an emoji sequence two in all
# (twitter-text 3.1.0, configuration version 3).
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
_EMOJI_JOINERS = {0x200D, 0xFE0F, 0x20E3}


class Counting(StrEnum):
    """How a network counts characters."""

    GRAPHEMES = "graphemes"  # as people count
    CODE_POINTS = "code_points"
    WEIGHTED = "weighted"  # X: Latin letters one, most others and emoji two


class Problem(StrEnum):
    """What keeps a draft from a network."""

    TOO_LONG = "too_long"
    TOO_MANY_BYTES = "too_many_bytes"
    NEEDS_IMAGE = "needs_image"
    NEEDS_LINK = "needs_link"
    TOO_MANY_IMAGES = "too_many_images"
    IMAGE_TYPE = "image_type"
    ALT_TOO_LONG = "alt_too_long"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Objection:
    """A problem with the numbers that go into its sentence: what it is and how much there may be at most."""

    problem: Problem
    actual: int = 0
    most: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What a network takes. None: no limit that we know of.

    `link_length`: every address counts that many (None: as long as it is). `link_in_text`: the link stands in the text
    and counts there. `card`: it shows a preview of the link. `takes_text`: a text can be handed over (else the member
    pastes it). `link_works`: people can click it there. `images`: how many we send at most (None: the member adds them).
    `image_bytes`: larger ones are made smaller before sending.
    """

    characters: int | None = None
    bytes: int | None = None
    counting: Counting = Counting.CODE_POINTS
    link_length: int | None = None
    link_in_text: bool = True
    card: bool = True
    takes_text: bool = True
    link_works: bool = True
    images: int | None = None
    image_bytes: int | None = None
    image_types: tuple[str, ...] = ("image/jpeg", "image/png", "image/webp", "image/gif")
    alt_characters: int | None = None
    needs_image: bool = False
    needs_link: bool = False

    def count(self, text: str) -> int:
        """Count a text as the network does; every address in it counts `link_length`."""
        if self.link_length is None:
            return self._count(text)
        total, end = 0, 0
        for start, stop, _ in urls(text):
            total += self._count(text[end:start]) + self.link_length
            end = stop
        return total + self._count(text[end:])

    def objections(self, composed: str, media: tuple[tuple[str, str], ...], *, has_link: bool) -> list[Objection]:
        """Say what would have to change; `composed` is the text as it will stand, `media` pairs of MIME type and alt."""
        found = [*self._text_objections(composed), *self._media_objections(media)]
        if self.needs_link and not has_link:
            found.append(Objection(Problem.NEEDS_LINK))
        if not composed.strip() and not media and not has_link:
            found.append(Objection(Problem.EMPTY))
        return found

    def _text_objections(self, composed: str) -> list[Objection]:
        found = []
        counted, weight = self.count(composed), len(composed.encode())
        if self.characters is not None and counted > self.characters:
            found.append(Objection(Problem.TOO_LONG, counted, self.characters))
        if self.bytes is not None and weight > self.bytes:
            found.append(Objection(Problem.TOO_MANY_BYTES, weight, self.bytes))
        return found

    def _media_objections(self, media: tuple[tuple[str, str], ...]) -> list[Objection]:
        found = []
        if self.needs_image and not media:
            found.append(Objection(Problem.NEEDS_IMAGE))
        if self.images is not None and len(media) > self.images:
            found.append(Objection(Problem.TOO_MANY_IMAGES, len(media), self.images))
        if any(content_type not in self.image_types for content_type, _ in media):
            found.append(Objection(Problem.IMAGE_TYPE))
        longest = max((len(alt) for _, alt in media), default=0)
        if self.alt_characters is not None and longest > self.alt_characters:
            found.append(Objection(Problem.ALT_TOO_LONG, longest, self.alt_characters))
        return found

    def _count(self, text: str) -> int:
        if self.counting is Counting.GRAPHEMES:
            return count_graphemes(text)
        return weighted_length(text) if self.counting is Counting.WEIGHTED else len(text)


def weighted_length(text: str) -> int:
    """Count a text without addresses as X does: composed letters of the lighter blocks one, others and whole emoji two."""
    clusters = graphemes(unicodedata.normalize("NFC", text))
    return sum(2 if _is_emoji(cluster) else sum(_weight(character) for character in cluster) for cluster in clusters)


def _weight(character: str) -> int:
    point = ord(character)
    return 1 if any(low <= point <= high for low, high in _LIGHT) else 2


def _is_emoji(cluster: str) -> bool:
    points = [ord(character) for character in cluster]
    flag = 0x1F1E6 <= points[0] <= 0x1F1FF
    return flag or points[0] >= 0x1F300 or (len(points) > 1 and bool(_EMOJI_JOINERS & set(points)))

"""The balance of what is offered: six curated, three of the company's own, one promotional in ten; and the three E."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vocero.company.models import Program
from vocero.content.models import Origin, Post, Purpose

TARGET: Final[dict[str, int]] = {Origin.CURATED: 6, Origin.COMPANY: 3, Origin.PROMOTIONAL: 1}
"""Of every ten posts sent to employees (requirement 001.31, the 6-3-1 rule)."""
WINDOW: Final = 10

_WHY: Final[dict[str, Promise]] = {
    Origin.CURATED: _("Six in ten should be curated: something from elsewhere that is worth reading."),
    Origin.COMPANY: _("Three in ten should be the company’s own: stories, people, jobs."),
    Origin.PROMOTIONAL: _("One in ten may be promotional: this is its turn."),
}
_NEXT: Final[dict[str, Promise]] = {
    Origin.CURATED: _("Next, something curated."),
    Origin.COMPANY: _("Next, something of the company’s own."),
    Origin.PROMOTIONAL: _("Next, something promotional."),
}
_TOO_MUCH: Final[dict[str, Promise]] = {
    Origin.CURATED: _("With this one, more than six of the last ten are curated."),
    Origin.COMPANY: _("With this one, more than three of the last ten are the company’s own."),
    Origin.PROMOTIONAL: _("With this one, more than one of the last ten is promotional. People tire of advertising."),
}
_MISSING: Final[dict[str, Promise]] = {
    Purpose.ENTERTAIN: _("None of the last ten entertains."),
    Purpose.ENLIGHTEN: _("None of the last ten enlightens."),
    Purpose.EDUCATE: _("None of the last ten educates."),
}


@dataclass(frozen=True, slots=True)
class Mix:
    """The last ten offered posts (fewer at the start), and what the next one should be.

    `counts` is by origin, `purposes` by purpose; both name every value. `next_origin` is the origin that is furthest
    below its share once the oldest of ten makes room; `missing_purposes` are in none of them.
    """

    counts: dict[str, int]
    purposes: dict[str, int]
    considered: int
    next_origin: str
    nine: dict[str, int]

    @property
    def curated(self) -> int:
        """How many are curated."""
        return self.counts[Origin.CURATED]

    @property
    def company(self) -> int:
        """How many are the company's own."""
        return self.counts[Origin.COMPANY]

    @property
    def promotional(self) -> int:
        """How many are promotional."""
        return self.counts[Origin.PROMOTIONAL]

    @property
    def next_text(self) -> str:
        """What the next one should be, as a sentence."""
        return str(_NEXT[self.next_origin])

    @property
    def why(self) -> str:
        """Why, as a sentence."""
        return str(_WHY[self.next_origin])

    @property
    def missing_purposes(self) -> list[str]:
        """The purposes that none of them has; empty before the first post."""
        return [purpose for purpose, count in self.purposes.items() if not count] if self.considered else []

    @property
    def missing_texts(self) -> list[str]:
        """One sentence for each missing purpose."""
        return [str(_MISSING[purpose]) for purpose in self.missing_purposes]

    def warning_for(self, origin: str) -> str:
        """Give a sentence when offering one more of an origin would go over its share of ten; else nothing."""
        over = origin in TARGET and self.nine[origin] + 1 > TARGET[origin]
        return str(_TOO_MUCH[origin]) if over else ""


def mix_of(program: Program) -> Mix:
    """Give the balance of the last ten posts that were offered, whether still live or not; one query."""
    offered = Post.objects.filter(program=program, offered_at__isnull=False).order_by("-offered_at", "-pk")
    return mix_from(list(offered.values_list("origin", "purposes")[:WINDOW]))


def mix_from(newest_first: Sequence[tuple[str, Sequence[str]]]) -> Mix:
    """Work the balance out of (origin, purposes) of posts, the newest first.

    The next post is judged with the nine before it. The origin with the largest distance below its target is next; at a
    tie the larger share wins, so an empty library begins with something curated.
    """
    last = newest_first[:WINDOW]
    counts, nine = _by_origin(last), _by_origin(last[: WINDOW - 1])
    purposes = Counter(purpose for _origin, all_of_one in last for purpose in set(all_of_one))
    return Mix(
        counts=counts,
        purposes={purpose: purposes[purpose] for purpose in Purpose.values},
        considered=len(last),
        next_origin=max(TARGET, key=lambda origin: TARGET[origin] - nine[origin]),
        nine=nine,
    )


def _by_origin(posts: Sequence[tuple[str, Sequence[str]]]) -> dict[str, int]:
    found = Counter(origin for origin, _purposes in posts)
    return {origin: found[origin] for origin in TARGET}

"""May this share leave now? Asked when it is claimed and again immediately before it is sent."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from vocero.company.models import Installation
from vocero.content.models import Post
from vocero.lib.prepared import Prepared
from vocero.networks.models import Account
from vocero.networks.registry import UnknownNetwork, get_network
from vocero.people.models import Enrolment
from vocero.policy import checks
from vocero.policy.checks import Candidate, Image
from vocero.policy.models import Acknowledgement, StopSwitch
from vocero.policy.queries import current_guideline
from vocero.policy.rules import Rules, load_rules
from vocero.sharing.links import link_address
from vocero.sharing.models import Link, Share
from vocero.sharing.outgoing import Parcel


class Verdict(StrEnum):
    """What the gate says."""

    GO = "go"
    HOLD = "hold"  # not now: somebody has to do something first
    CANCEL = "cancel"  # its advocate does not take part any more
    FAIL = "fail"  # it must not leave as it is


@dataclass(frozen=True, slots=True)
class Word:
    """The gate's verdict with its reason, a code that the page puts into words."""

    verdict: Verdict
    reason: str = ""


GO = Word(Verdict.GO)
BATCH: Final = 32
"""How many shares are asked about in one query."""


@dataclass(frozen=True, slots=True)
class Book:
    """What holds for all shares: the house, its rules and the guideline in force; good for about a second."""

    house: Installation
    rules: Rules
    guideline_id: int | None
    posts: dict[int, Post] = field(default_factory=dict)
    """The words of posts as they were read for this book; whether one may leave is asked for every single share."""
    checked: dict[Candidate, bool] = field(default_factory=dict)
    """Whether a text stands the checks of these rules: many share the words that were suggested to them."""


def open_book(house: Installation) -> Book:
    """Read what holds for all shares at this moment."""
    guideline = current_guideline()
    return Book(house, load_rules(house), guideline.pk if guideline else None)


class Facts(NamedTuple):
    """What the gate looks at in a share: everything that may change before it is sent, as it is at this moment."""

    share_id: int
    state: str
    attempt: int
    lease_until: datetime | None
    due_at: datetime | None
    is_active: bool
    enrolled: str | None
    post_state: str
    post_expires_at: datetime | None
    account_state: str | None
    accepted: bool
    stopped: bool


def facts_of(shares: Sequence[int], book: Book) -> list[Facts]:
    """Read what the gate looks at in these shares, at most BATCH, in one query."""
    if not shares:
        return []
    rows = _FACTS.rows(guideline=book.guideline_id or 0, **places(shares))
    return [Facts(*row) for row in rows]


def places(shares: Sequence[int]) -> dict[str, int]:
    """Give keys as the values of a prepared query that has a place for each of BATCH."""
    padded = [*shares, *[shares[0]] * (BATCH - len(shares))]
    return {f"share_{place}": pk for place, pk in enumerate(padded)}


def ask(
    facts: Facts, book: Book, *, claimed: Parcel, at: datetime, latest: timedelta, text_passed: bool = False
) -> Word:
    """Say whether a share may leave at this moment, cheapest questions first.

    `facts` were read just now; `claimed` is the share with its text and images, which do not change once it is claimed;
    `text_passed` says that they were found good by this very book.
    """
    word = _people(facts) or _moment(facts, book, at, latest) or _account(facts)
    return word or (None if text_passed else _text(claimed, book)) or GO


def _people(facts: Facts) -> Word | None:
    if not facts.is_active:
        return Word(Verdict.CANCEL, "deactivated")
    if facts.enrolled == Enrolment.State.PAUSED:
        return Word(Verdict.CANCEL, "paused")
    if facts.enrolled != Enrolment.State.JOINED:
        return Word(Verdict.CANCEL, "left")
    return None


def _moment(facts: Facts, book: Book, at: datetime, latest: timedelta) -> Word | None:
    if facts.post_state != Post.State.OFFERED:
        return Word(Verdict.FAIL, "post_gone")
    if facts.post_expires_at is not None and facts.post_expires_at <= at:
        return Word(Verdict.FAIL, "post_ended")
    if facts.due_at is not None and at - facts.due_at > latest:
        return Word(Verdict.FAIL, "too_late")
    if facts.stopped:
        return Word(Verdict.HOLD, "stopped")
    if book.guideline_id is not None and not facts.accepted:
        return Word(Verdict.HOLD, "guideline")
    return None


def _account(facts: Facts) -> Word | None:
    if facts.account_state is None or facts.account_state == Account.State.DISCONNECTED:
        return Word(Verdict.FAIL, "disconnected")
    return Word(Verdict.HOLD, "reconnect") if facts.account_state == Account.State.RECONNECT else None


def _text(claimed: Parcel, book: Book) -> Word | None:
    share = claimed.share
    try:
        network = get_network(share.network)
    except UnknownNetwork:
        return Word(Verdict.FAIL, "no_network")
    account = share.account
    link = getattr(share, "link", None)
    candidate = Candidate(
        text=share.text,
        network=share.network,
        language=share.language,
        origin=share.post.origin,
        disclosed=False,  # nothing is added at this point
        settled=share.disclosed,
        link=_as_long(link, book.house) if link else "",
        images=tuple(Image(image.file.content_type, image.alt) for image in claimed.images),
        limits=network.limits_for(account.limits) if account else network.limits,
    )
    if candidate not in book.checked:
        book.checked[candidate] = not any(finding.blocks for finding in checks.findings(candidate, book.rules))
    return None if book.checked[candidate] else Word(Verdict.FAIL, "check")


def _as_long(link: Link, house: Installation) -> str:
    """Give an address as long as that of a link: the checks count it, and it is the same for everybody."""
    return link_address(link, house).removesuffix(link.token) + "x" * len(link.token)


def _facts(guideline: int, **shares: int) -> QuerySet[Share, Any]:
    enrolment = Enrolment.objects.filter(member=OuterRef("member"), program=OuterRef("program"))
    return Share.objects.filter(pk__in=list(shares.values())).values_list(
        "pk",
        "state",
        "attempt",
        "lease_until",
        "due_at",
        "member__is_active",
        Subquery(enrolment.values("state")[:1]),
        "post__state",
        "post__expires_at",
        "account__state",
        Exists(Acknowledgement.objects.filter(member=OuterRef("member"), guideline=guideline)),
        Exists(StopSwitch.objects.filter(released_at=None)),
    )


_FACTS: Final = Prepared(_facts, "guideline", *(f"share_{place}" for place in range(BATCH)), typed=True)

"""May this share leave now? Asked when it is claimed and again immediately before it is sent."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db.models import Exists, OuterRef, QuerySet, Subquery, Value

from vocero.company.models import Installation
from vocero.content.models import Post
from vocero.networks.models import Account
from vocero.networks.registry import UnknownNetwork, get_network
from vocero.people.models import Enrolment
from vocero.policy import checks
from vocero.policy.checks import Candidate, Image
from vocero.policy.models import Acknowledgement, StopSwitch
from vocero.policy.queries import current_guideline
from vocero.policy.rules import Rules, load_rules
from vocero.sharing.links import link_address
from vocero.sharing.models import Share


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
_CHANGES = (
    "state", "attempt", "lease_until", "due_at", "member__is_active", "post__state", "post__expires_at", "account__state",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Book:
    """What holds for all shares: the house, its rules and the guideline in force; good for about a second."""

    house: Installation
    rules: Rules
    guideline_id: int | None


def open_book(house: Installation) -> Book:
    """Read what holds for all shares at this moment."""
    guideline = current_guideline()
    return Book(house, load_rules(house), guideline.pk if guideline else None)


def with_gate(book: Book) -> QuerySet[Share]:
    """Give shares with everything that the gate looks at, read in one query."""
    accepted = (
        Exists(Acknowledgement.objects.filter(member=OuterRef("member"), guideline=book.guideline_id))
        if book.guideline_id
        else Value(value=True)
    )
    enrolment = Enrolment.objects.filter(member=OuterRef("member"), program=OuterRef("program"))
    return Share.objects.select_related("member", "post", "post__card_image", "account", "link").annotate(
        enrolled=Subquery(enrolment.values("state")[:1]),
        accepted=accepted,
        stopped=Exists(StopSwitch.objects.filter(released_at=None)),
    )


def read_again(book: Book) -> QuerySet[Share]:
    """Give shares with only what may have changed since they were claimed: people, post, account, stop, the claim itself."""
    return with_gate(book).select_related(None).select_related("member", "post", "account").only(*_CHANGES)


def ask(
    share: Share, book: Book, *, claimed: Share, at: datetime, latest: timedelta, text_passed: bool = False
) -> Word:
    """Say whether a share may leave at this moment, cheapest questions first.

    `share` was read by `with_gate` or `read_again`; `claimed` is the same one with its text and images, which do not
    change once it is claimed; `text_passed` says that they were found good by this very book.
    """
    word = _people(share) or _moment(share, at, latest) or _account(share)
    return word or (None if text_passed else _text(claimed, book)) or GO


def _people(share: Share) -> Word | None:
    if not share.member.is_active:
        return Word(Verdict.CANCEL, "deactivated")
    enrolled = getattr(share, "enrolled", None)
    if enrolled == Enrolment.State.PAUSED:
        return Word(Verdict.CANCEL, "paused")
    if enrolled != Enrolment.State.JOINED:
        return Word(Verdict.CANCEL, "left")
    return None


def _moment(share: Share, at: datetime, latest: timedelta) -> Word | None:
    post = share.post
    if post.state != Post.State.OFFERED:
        return Word(Verdict.FAIL, "post_gone")
    if post.expires_at is not None and post.expires_at <= at:
        return Word(Verdict.FAIL, "post_ended")
    if share.due_at is not None and at - share.due_at > latest:
        return Word(Verdict.FAIL, "too_late")
    if getattr(share, "stopped", False):
        return Word(Verdict.HOLD, "stopped")
    if not getattr(share, "accepted", True):
        return Word(Verdict.HOLD, "guideline")
    return None


def _account(share: Share) -> Word | None:
    account = share.account
    if account is None or account.state == Account.State.DISCONNECTED:
        return Word(Verdict.FAIL, "disconnected")
    return Word(Verdict.HOLD, "reconnect") if account.state == Account.State.RECONNECT else None


def _text(share: Share, book: Book) -> Word | None:
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
        link=link_address(link, book.house) if link else "",
        images=[Image(image.file.content_type, image.alt) for image in share.images.all()],
        limits=network.limits_for(account.limits) if account else network.limits,
    )
    found = checks.findings(candidate, book.rules)
    return Word(Verdict.FAIL, "check") if any(finding.blocks for finding in found) else None

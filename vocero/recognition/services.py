"""Writes points and thanks: a ledger that only grows, notes of colleagues, and the program team's thanks for a post."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime, timedelta
from itertools import batched
from typing import Final

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from vocero.company import audit
from vocero.company.models import Installation, Program
from vocero.company.queries import house
from vocero.content.models import Post
from vocero.lib.errors import Refusal
from vocero.lib.text import one_line
from vocero.people.models import Enrolment, Member
from vocero.recognition.eligibility import Slot, may_earn, qualifies, within_cap
from vocero.recognition.models import LedgerEntry, Note, PostThanks, ScoreLock
from vocero.recognition.period_points import bring_up_to_date, lacks_points, rebuild_points
from vocero.recognition.rules.base import Facts
from vocero.recognition.rules.registry import RULES
from vocero.recognition.rules.shared import SHARED
from vocero.recognition.unsettled import unsettled
from vocero.sharing.models import Share
from vocero.tracking.models import ShareTotal

RECENT: Final = timedelta(days=40)
"""How far back a share still earns by late clicks."""
_CHUNK: Final = 500
_LONGEST_NOTE: Final = 280


class NotThanked(Refusal):
    """The thanks could not be kept as they are."""


def score(*, at: datetime, since: datetime | None = None) -> int:
    """Give the points that are missing, and take back visibly what is not earned any more; gives how many entries.

    Looks at shares that came out since `since` (40 days ago by default), as far as their points may have to change. Safe
    to run at any time, twice, and on two machines at once: a fact earns once by the ledger's own constraint, and a
    program is scored under its lock, some hundred members of a day at once.
    """
    installation = house()
    written = 0
    for program in Program.objects.filter(archived_at=None):
        if lacks_points(program):
            rebuild_points(program)
        for day_on, members in unsettled(installation, program, since or at - RECENT).items():
            for some in batched(members, _CHUNK, strict=False):
                with transaction.atomic():
                    ScoreLock.objects.get_or_create(program=program)
                    ScoreLock.objects.select_for_update().get(program=program)
                    written += _score_day(installation, program, day_on, some, at=at)
    return written


def _score_day(
    installation: Installation, program: Program, day_on: date, members: Collection[int], *, at: datetime
) -> int:
    shares = list(Share.objects.filter(program=program, day_on=day_on, member__in=members, out_at__isnull=False))
    clicks = _clicks(shares)
    earned = _earned(shares)
    earning = {share_id for (share_id, rule), (points, _number) in earned.items() if rule == SHARED.name and points > 0}
    taken: dict[int, set[Slot]] = defaultdict(set)
    for share in shares:
        if share.pk in earning:
            taken[share.member_id].add((share.post_id, share.network))
    fit = [
        share
        for share in shares
        if share.pk in earning or qualifies(share, installation, valid_clicks=clicks.get(share.pk, (0, 0))[0])
    ]
    within = within_cap(fit, taken, earning)
    entries = [
        entry
        for share in fit
        for entry in _missing(
            share, Facts(share.pk in within, share.personalized, clicks.get(share.pk, (0, 0))[1]), earned, at=at
        )
    ]
    LedgerEntry.objects.bulk_create(entries, batch_size=_CHUNK, ignore_conflicts=True)
    if entries:
        bring_up_to_date(program.pk, {entry.member_id for entry in entries}, [day_on])
    return len(entries)


def _missing(
    share: Share, facts: Facts, earned: dict[tuple[int, str], tuple[int, int]], *, at: datetime
) -> Iterable[LedgerEntry]:
    """Give the entries that bring a share's points to what the rules say now."""
    if share.day_on is None:
        return
    for rule in RULES:
        before, number = earned.get((share.pk, rule.name), (0, 0))
        difference = rule.total(facts) - before
        if difference:
            yield LedgerEntry(
                program_id=share.program_id,
                member_id=share.member_id,
                share=share,
                rule=rule.name,
                rule_version=rule.version,
                fact=f"share:{share.pk}:{number + 1}",
                points=difference,
                at=at,
                day_on=share.day_on,
            )


def _clicks(shares: list[Share]) -> dict[int, tuple[int, int]]:
    """Give the valid and unique clicks of shares by id, from the roll-ups."""
    found: dict[int, tuple[int, int]] = {}
    for begin in range(0, len(shares), _CHUNK):
        ids = [share.pk for share in shares[begin : begin + _CHUNK]]
        for share_id, valid, unique in ShareTotal.objects.filter(share__in=ids).values_list(
            "share_id", "valid", "unique"
        ):
            found[share_id] = (valid, unique)
    return found


def _earned(shares: list[Share]) -> dict[tuple[int, str], tuple[int, int]]:
    """Give by share and rule the points so far and how many entries made them."""
    found: dict[tuple[int, str], tuple[int, int]] = {}
    for begin in range(0, len(shares), _CHUNK):
        ids = [share.pk for share in shares[begin : begin + _CHUNK]]
        for share_id, rule, points in LedgerEntry.objects.filter(share__in=ids).values_list("share", "rule", "points"):
            before, number = found.get((share_id, rule), (0, 0))
            found[share_id, rule] = (before + points, number + 1)
    return found


def write_note(share: Share, *, author: Member, text: str, at: datetime) -> Note:
    """Keep a colleague's note on a share whose author chose to be named. Raises NotThanked."""
    text = one_line(text)
    named = Enrolment.objects.filter(
        member=share.member_id, program=share.program_id, shows_name=True, state=Enrolment.State.JOINED
    )
    if author.pk == share.member_id or not may_earn(share) or not named.exists():
        raise NotThanked(_("This share cannot be thanked for."))
    _check_text(text)
    try:
        with transaction.atomic():
            return Note.objects.create(share=share, author=author, text=text, at=at)
    except IntegrityError as error:
        raise NotThanked(_("You have thanked for this share already."), field="text") from error


@transaction.atomic
def thank_for_post(post: Post, *, by: Member, text: str, at: datetime) -> PostThanks:
    """Thank everybody who has shared a post so far, without learning who they are. Raises NotThanked."""
    text = one_line(text)
    _check_text(text)
    if PostThanks.objects.filter(post=post, text=text, at__gt=at - timedelta(days=1)).exists():
        raise NotThanked(_("You have sent these words today already."), field="text")
    thanks = PostThanks.objects.create(post=post, author=by, text=text, at=at)
    audit.record("recognition.post_thanked", actor=by.public_id, at=at, subject=post.public_id)
    return thanks


def _check_text(text: str) -> None:
    if not text:
        raise NotThanked(_("Please write a few words."), field="text")
    if len(text) > _LONGEST_NOTE:
        raise NotThanked(_("Please keep it to %(most)s characters."), field="text", most=_LONGEST_NOTE)

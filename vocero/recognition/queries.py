"""Reads points and thanks: for the advocate whose they are, and for nobody else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum
from django.utils.functional import Promise

from vocero.company.models import Installation, Program
from vocero.company.queries import company_day, house
from vocero.people.models import Enrolment, Member
from vocero.recognition.eligibility import MOST_EARNING_A_DAY, may_earn, slots_taken
from vocero.recognition.models import LedgerEntry, Note, PostThanks
from vocero.recognition.rules.personalized import POINTS as PERSONALIZED_POINTS
from vocero.recognition.rules.registry import RULES
from vocero.recognition.rules.shared import POINTS as SHARED_POINTS
from vocero.sharing.models import Share
from vocero.tracking.queries import credited_at, first_clicks


@dataclass(frozen=True, slots=True)
class Worth:
    """What a share being written would earn: `now` when it is out, `own_words` more in own words, `clicks` at most.

    `reason` is a code when it earns nothing: "capped", "again", "undisclosed", "practice".
    """

    now: int
    own_words: int
    clicks: int
    reason: str = ""
    by_click: bool = False


@dataclass(frozen=True, slots=True)
class Earned:
    """One line of a share's points: why, and how many."""

    label: str | Promise
    points: int


@dataclass(frozen=True, slots=True)
class Thanks:
    """The good moments of one share: its first counted click, its first conversion, and what people wrote."""

    first_click_at: datetime | None = None
    first_conversion_at: datetime | None = None
    notes: tuple[Note, ...] = ()
    from_team: tuple[PostThanks, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nothing has happened yet."""
        return not (self.first_click_at or self.first_conversion_at or self.notes or self.from_team)


def points_on(member: Member, installation: Installation | None = None) -> bool:
    """Whether this member sees points at all: they can be off for the company and for single countries."""
    installation = installation or house()
    return installation.points_enabled and member.country not in installation.points_off_countries


def total_points(member: Member, program: Program) -> int:
    """Give all points that a member ever earned in a program, corrections included."""
    row = LedgerEntry.objects.filter(member=member, program=program).aggregate(all=Sum("points"))
    return row["all"] or 0


def points_of(shares: Sequence[Share]) -> dict[int, int]:
    """Give the points of shares by id, in one query; shares without any are left out."""
    rows = LedgerEntry.objects.filter(share__in=[share.pk for share in shares]).values_list("share")
    return {share_id: points for share_id, points in rows.annotate(all=Sum("points")) if points}


def earned_by(share: Share) -> list[Earned]:
    """Give a share's points rule by rule, in the order of the rules; corrections are taken off."""
    rows = dict(LedgerEntry.objects.filter(share=share).values_list("rule").annotate(Sum("points")))
    return [Earned(rule.label, rows[rule.name]) for rule in RULES if rows.get(rule.name)]


def worth(
    member: Member, *, post_id: int, network: str, by_api: bool, disclosed: bool, program: Program, at: datetime
) -> Worth:
    """Say what sharing a post on a network now would earn, and why nothing when it would not."""
    installation = house()
    if network == "practice":
        return Worth(0, 0, 0, "practice")
    if not disclosed:
        return Worth(0, 0, 0, "undisclosed")
    taken = slots_taken(member.pk, program.pk, company_day(installation, at))
    if (post_id, network) in taken:
        return Worth(0, 0, 0, "again")
    if len(taken) >= MOST_EARNING_A_DAY:
        return Worth(0, 0, 0, "capped")
    clicks = next(rule.most for rule in RULES if rule.name == "clicked")
    return Worth(SHARED_POINTS, PERSONALIZED_POINTS, clicks, by_click=not by_api)


def thanks_for(shares: Sequence[Share]) -> dict[int, Thanks]:
    """Give the good moments of shares by id; four queries however many shares there are."""
    ids = [share.pk for share in shares]
    clicks = first_clicks(ids)
    conversions = {share: min(moments) for share, moments in credited_at(ids).items()}
    notes: dict[int, list[Note]] = {}
    for note in Note.objects.filter(share__in=ids).select_related("author").order_by("at"):
        notes.setdefault(note.share_id, []).append(note)
    team: dict[int, list[PostThanks]] = {}
    for thanks in PostThanks.objects.filter(post__in=[share.post_id for share in shares]).order_by("at"):
        team.setdefault(thanks.post_id, []).append(thanks)
    return {
        share.pk: Thanks(
            first_click_at=clicks.get(share.pk),
            first_conversion_at=conversions.get(share.pk),
            notes=tuple(notes.get(share.pk, ())),
            from_team=tuple(
                one
                for one in team.get(share.post_id, ())
                if may_earn(share) and share.out_at and share.out_at <= one.at
            ),
        )
        for share in shares
    }


def named_sharers(post_ids: Sequence[int], program: Program, *, but: Member, most: int = 3) -> dict[int, list[Share]]:
    """Give by post the newest shares of colleagues who chose that their name may stand beside their results."""
    named = Enrolment.objects.filter(program=program, shows_name=True, state=Enrolment.State.JOINED).values("member")
    shares = (
        Share.objects.filter(post__in=post_ids, member__in=named, state=Share.State.SENT, out_at__isnull=False)
        .exclude(member=but)
        .exclude(channel=Share.Channel.PRACTICE)
        .select_related("member")
        .order_by("-out_at")[:200]
    )
    found: dict[int, list[Share]] = {}
    for share in shares:
        several = found.setdefault(share.post_id, [])
        if len(several) < most and all(share.member_id != other.member_id for other in several):
            several.append(share)
    return found

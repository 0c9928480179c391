"""Writes shares before they are out: share, keep a draft, schedule and edit."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from vocero.company.models import Installation
from vocero.company.queries import house
from vocero.company.revisions import seen
from vocero.content.models import Caption, Post, PostImage
from vocero.lib.periods import moment_of
from vocero.networks.models import Account
from vocero.networks.registry import get_network
from vocero.people.models import Enrolment, Member
from vocero.policy import checks
from vocero.policy.checks import Candidate, Finding, Image
from vocero.policy.rules import load_rules
from vocero.sharing import frozen, links, wording
from vocero.sharing.models import Draft, Share
from vocero.sharing.refusals import NotNow, NotShared
from vocero.sharing.standing import Standing, standing_of

UNDO = timedelta(seconds=10)
MOST_DAYS_AHEAD = 31
PRACTICE = "practice"
LONGEST_DRAFT = 70_000
WALL = "%Y-%m-%dT%H:%M"

State = Share.State
Channel = Share.Channel


class GuidelineFirst(NotShared):
    """The guideline in force has yet to be accepted; the text is kept."""


class Blocked(NotShared):
    """A check stops the share; `findings` say what to mend."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(_("Something has to be mended first. Your text is kept."))
        self.findings = list(findings)


@dataclass(frozen=True, slots=True)
class Later:
    """When a share is meant to go out: the clock on the wall (without zone) and the zone's name."""

    wall: datetime
    zone: str

    @property
    def moment(self) -> datetime:
        """The moment in UTC: a skipped hour gives the first moment after it, a doubled one counts once."""
        return moment_of(self.wall, ZoneInfo(self.zone))


def share_post(
    member: Member,
    post: Post,
    *,
    network: str,
    text: str,
    at: datetime,
    language: str = "",
    caption: Caption | None = None,
    account: Account | None = None,
    images: Sequence[PostImage] = (),
    later: Later | None = None,
    disclosure: str = "",
    disclosed: bool = True,
    personalized: bool | None = None,
    standing: Standing | None = None,
) -> Share:
    """Make a share with its frozen columns and its link, and put it in the queue or begin the handoff.

    `text` holds the member's words; the disclosure (`disclosure`, or the first wording) is put in front unless they say
    it themselves or `disclosed` is off. All checks run here. With an account the share is planned: `at` plus ten seconds
    to undo, or `later` (at most 31 days ahead, in the member's zone, before the post expires). Without one it is a
    handoff, `started`. On the practice network it is done at once, without a link and without a day, so that no figure
    ever counts it. `personalized` is worked out unless given. `standing` is where the member stands before this post if the
    caller has just read it, in the transaction that this is to be part of; otherwise it is read here.
    Raises NotShared: GuidelineFirst, Blocked with its findings, or with a sentence for the person.
    """
    standing = standing or standing_of(member, seen(), post=post.pk, program=post.program_id)
    _refuse_outsiders(standing)
    _refuse_gone(post, at)
    if not standing.reader.accepted:
        raise GuidelineFirst(_("The guideline has changed. Please read it first; your text is kept."))
    company, rules = standing.house, standing.rules
    channel = _channel(network, account)
    due_at = _due_at(post, later, at=at) if channel == Channel.API else None
    language = language or (caption.language if caption else post.language) or company.language
    candidate = candidate_for(
        post,
        network=network,
        text=text,
        language=language,
        company=company,
        account=account,
        images=images,
        disclosure=disclosure,
        disclosed=disclosed,
    )
    found = checks.findings(candidate, rules)
    if any(finding.blocks for finding in found):
        raise Blocked(found)
    full = checks.full_text(candidate, rules)
    if personalized is None:
        personalized = wording.is_personalized(
            text, wording.opening_text(post, caption), disclosure=disclosure or rules.wordings_in(language)[0]
        )
    with transaction.atomic(savepoint=False):
        share = Share.objects.create(
            **frozen.dimensions(member, post, language=language, company=standing.seen.company),
            member=member,
            post=post,
            caption=caption,
            account=account if channel == Channel.API else None,
            network=network,
            channel=channel,
            state={Channel.API: State.PLANNED, Channel.HANDOFF: State.STARTED, Channel.PRACTICE: State.SENT}[channel],
            text=full,
            personalized=personalized,
            disclosed=checks.says_employment(candidate, rules),
            created_at=at,
            due_at=due_at,
            due_wall=later.wall.strftime(WALL) if later and due_at else "",
            due_zone=later.zone if later and due_at else "",
            key=get_network(network).new_key(at) if channel == Channel.API else "",
        )
        if images:
            through = Share.images.through
            through.objects.bulk_create(through(share=share, postimage=image) for image in images)
        if post.url and channel != Channel.PRACTICE:
            links.make_link(share, at=at)
    return share


def candidate_for(
    post: Post,
    *,
    network: str,
    text: str,
    language: str,
    company: Installation,
    account: Account | None = None,
    images: Sequence[PostImage] = (),
    disclosure: str = "",
    disclosed: bool = True,
) -> Candidate:
    """Give what the checks look at for a text that somebody is about to share; the link is one of the right length."""
    return Candidate(
        text=text,
        network=network,
        language=language,
        origin=post.origin,
        disclosure=disclosure,
        disclosed=disclosed,
        link=links.sample_address(company) if post.url else "",
        post_url=post.url,
        images=[Image(image.file.content_type, image.alt) for image in images],
        limits=get_network(network).limits_for(account.limits if account else {}),
    )


def keep_draft(
    member: Member,
    post: Post,
    *,
    network: str,
    text: str,
    at: datetime,
    caption: Caption | None = None,
    disclosure: str = "",
    disclosed: bool = True,
) -> None:
    """Keep what an advocate has typed for a post; theirs alone, gone once it is shared."""
    values = {
        "text": text[:LONGEST_DRAFT],
        "caption": caption,
        "disclosure": disclosure[:160],
        "disclosure_on": disclosed,
    }
    Draft.objects.update_or_create(member=member, post=post, network=network, defaults={**values, "updated_at": at})


def edit_text(share: Share, *, text: str, at: datetime) -> None:
    """Change the words of a planned share; the checks run again. Raises Blocked, or NotNow when it is on its way."""
    company = house()
    rules = load_rules(company)
    candidate = candidate_for(
        share.post,
        network=share.network,
        text=text,
        language=share.language,
        company=company,
        account=share.account,
        images=list(share.images.select_related("file")),
        disclosed=share.disclosed,
    )
    found = checks.findings(candidate, rules)
    if any(finding.blocks for finding in found):
        raise Blocked(found)
    personalized = wording.is_personalized(
        text, wording.opening_text(share.post, share.caption), disclosure=rules.wordings_in(share.language)[0]
    )
    changed = Share.objects.filter(pk=share.pk, state=State.PLANNED).update(
        text=checks.full_text(candidate, rules), personalized=personalized
    )
    if not changed:
        raise NotNow(_("It is already on its way, so its text cannot be changed any more."))
    share.refresh_from_db()


def schedule(share: Share, *, later: Later, at: datetime) -> None:
    """Move a planned share to another time. Raises NotShared for a time that cannot be, NotNow when it is on its way."""
    due_at = _due_at(share.post, later, at=at)
    moved = Share.objects.filter(pk=share.pk, state=State.PLANNED).update(
        due_at=due_at, due_wall=later.wall.strftime(WALL), due_zone=later.zone
    )
    if not moved:
        raise NotNow(_("It is already on its way, so its time cannot be changed any more."))
    share.refresh_from_db()


def _channel(network: str, account: Account | None) -> Share.Channel:
    if network == PRACTICE:
        return Channel.PRACTICE
    return Channel.API if account is not None else Channel.HANDOFF


def _refuse_outsiders(standing: Standing) -> None:
    enrolment = standing.reader.enrolment
    if enrolment not in {Enrolment.State.JOINED, Enrolment.State.PAUSED}:
        raise NotShared(_("Join first, then you can share."))
    if enrolment == Enrolment.State.PAUSED:
        raise NotShared(_("You are taking a break. End it under Me, then share. Your text is kept."))
    if not standing.reader.member.is_active:
        raise NotShared(_("This account is closed."))


def _refuse_gone(post: Post, at: datetime) -> None:
    if post.state != Post.State.OFFERED or (post.expires_at is not None and post.expires_at <= at):
        raise NotShared(_("This post is not offered any more. Your text is kept in case it returns."))


def _due_at(post: Post, later: Later | None, *, at: datetime) -> datetime:
    if later is None:
        return at + UNDO
    if later.moment <= at:
        raise NotShared(_("This moment is over. Choose a later one, or share it now."), field="when")
    if later.moment > at + timedelta(days=MOST_DAYS_AHEAD):
        raise NotShared(_("Choose a moment within the next %(days)s days."), field="when", days=MOST_DAYS_AHEAD)
    if post.expires_at is not None and later.moment >= post.expires_at:
        raise NotShared(_("This post ends before that. Choose an earlier moment."), field="when")
    return later.moment

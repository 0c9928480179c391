"""The weekly mail: at most five new posts and what one's own shares did, in words; nothing when there is nothing new."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import IntegrityError, transaction
from django.db.models import Q

from vocero.company.models import Program
from vocero.company.queries import house, main_program
from vocero.lib.tokens import BadToken, sign, unsign
from vocero.notices import mail
from vocero.notices.models import WeeklyChoice, WeeklyMail
from vocero.people.models import Enrolment, Member
from vocero.sharing.feed import first_posts
from vocero.sharing.models import Share
from vocero.tracking.models import Conversion
from vocero.tracking.queries import clicks_of_advocate_on

WEEKDAY: Final = 1
"""Tuesday: after the pile of Monday morning."""
HOUR: Final = 9
MOST_POSTS: Final = 5
_STOP: Final = "notices.stop_weekly"
_WEEK: Final = timedelta(days=7)
_LOOKED_THROUGH: Final = 40


@dataclass(frozen=True, slots=True)
class Offered:
    """A post as the mail shows it."""

    title: str
    site_name: str
    path: str


@dataclass(frozen=True, slots=True)
class Week:
    """What a member's mail would say; it is empty when nothing is new, and then no mail is sent."""

    posts: tuple[Offered, ...]
    clicks: int
    conversions: int

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to say."""
        return not (self.posts or self.clicks or self.conversions)


def choose(member: Member, *, wanted: bool, at: datetime) -> None:
    """Keep whether the member wants the weekly mail."""
    WeeklyChoice.objects.update_or_create(member=member, defaults={"wanted": wanted, "changed_at": at})


def wants(member: Member) -> bool | None:
    """Whether the member wants the weekly mail; None when they were never asked."""
    choice = WeeklyChoice.objects.filter(member=member).first()
    return choice.wanted if choice else None


def stop_token(member: Member, *, at: datetime) -> str:
    """Give the word in the mail's own link that ends it without signing in; worth nothing for anything else."""
    return sign(_STOP, member.public_id, at=at)


def stop(token: str, *, at: datetime) -> bool:
    """End the weekly mail of the token's member; gives whether the token was ours. The moment of its making is no limit."""
    try:
        public_id = unsign(_STOP, token, at=at)
    except BadToken:
        return False
    member = Member.objects.filter(public_id=public_id).first()
    if member is not None:
        choose(member, wanted=False, at=at)
    return member is not None


def is_ours(token: str, *, at: datetime) -> bool:
    """Whether a stop token is one of ours; changes nothing."""
    try:
        unsign(_STOP, token, at=at)
    except BadToken:
        return False
    return True


def due(at: datetime) -> Iterator[tuple[Member, date]]:
    """Give every member whose local Tuesday, nine o'clock has come and whose week has no mail yet, with the week's Monday."""
    program = main_program()
    taking_part = Enrolment.objects.filter(program=program, state=Enrolment.State.JOINED).values("member")
    members = Member.objects.filter(
        pk__in=taking_part, is_active=True, weekly_choice__wanted=True, email__isnull=False
    ).exclude(Q(email=""))
    done = dict(
        WeeklyMail.objects.filter(at__gte=at - 2 * _WEEK).order_by("week_on").values_list("member_id", "week_on")
    )
    fallback = house().time_zone
    for member in members.iterator(chunk_size=500):
        local = at.astimezone(_zone(member.time_zone or fallback))
        monday = local.date() - timedelta(days=local.weekday())
        if (local.weekday(), local.hour) >= (WEEKDAY, HOUR) and done.get(member.pk) != monday:
            yield member, monday


def send_weekly(member: Member, *, week_on: date, at: datetime) -> str:
    """Write and send one member's mail of a week, once however many workers try; gives its state, "" when taken.

    The row is there before the mail leaves, so that a crash costs one mail rather than sending two.
    """
    try:
        with transaction.atomic():
            row = WeeklyMail.objects.create(member=member, week_on=week_on, at=at)
    except IntegrityError:
        return ""
    week = week_of(member, main_program(), at=at)
    if week.is_empty:
        state: str = WeeklyMail.State.NOTHING
    else:
        outcome = mail.send(
            member, kind="weekly", at=at, context=_context(member, week, at), unsubscribe_url=_stop_url(member, at)
        )
        state = WeeklyMail.State.SENT if outcome.sent else WeeklyMail.State.NOT_SENT
    WeeklyMail.objects.filter(pk=row.pk).update(state=state)
    return state


def week_of(member: Member, program: Program, *, at: datetime) -> Week:
    """Give what is new for a member since their last mail, at most a week back: posts to share, and their own results.

    A post that they shared already is not new to them. Whether they shared at all is never said.
    """
    last = WeeklyMail.objects.filter(member=member, state=WeeklyMail.State.SENT, at__lt=at).order_by("-at").first()
    since = max(last.at, at - _WEEK) if last else at - _WEEK
    first = first_posts(member, at=at, most=_LOOKED_THROUGH)
    fresh = [post for post, shared in first if post.offered_at and post.offered_at > since and not shared][:MOST_POSTS]
    posts = tuple(Offered(post.title or post.why_share, post.site_name, f"/share/{post.public_id}") for post in fresh)
    clicks = clicks_of_advocate_on(member.pk, program.pk, since.date(), at.date() - timedelta(days=1))
    conversions = Conversion.objects.filter(
        share__in=Share.objects.filter(member=member, program=program),
        state=Conversion.State.CREDITED, verified=True, at__gt=since, at__lte=at,
    )  # fmt: skip
    return Week(posts, clicks, conversions.count())


def _context(member: Member, week: Week, at: datetime) -> dict[str, Any]:
    return {
        "week": week,
        "first": week.posts[0].title if week.posts else "",
        "stop_url": _stop_url(member, at),
        "today_url": f"{mail.base_url()}/today",
        "shares_url": f"{mail.base_url()}/shares",
    }


def _stop_url(member: Member, at: datetime) -> str:
    return f"{mail.base_url()}/weekly/stop/{stop_token(member, at=at)}"


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")

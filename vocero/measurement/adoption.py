"""How many people were invited, had joined and were active at a moment: three numbers, never a list."""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import accumulate, groupby
from operator import itemgetter
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from vocero.measurement.models import AdvocateDay
from vocero.people.models import ConsentEvent, Enrolment, Invitation, Member

ACTIVE_DAYS: Final = 30
_FEW_DAYS: Final = 3
TAKING_PART: Final = (Enrolment.State.JOINED, Enrolment.State.PAUSED)


@dataclass(frozen=True, slots=True)
class Adoption:
    """Three numbers at one moment: people invited, people who had joined, people who shared in the last 30 days."""

    invited: int
    joined: int
    active: int


def adoption_at(program_id: int, moment: datetime, last_on: date) -> Adoption:
    """Count the people at a moment, which lies at the end of or within the company's day `last_on`.

    Invited: a mail was sent, a link or a code was made, or they joined. Joined: their last answer before the moment
    (a pause counts). Both only while their account was open. Active: a counted share in the 30 days to `last_on`.
    """
    since = last_on - timedelta(days=ACTIVE_DAYS - 1)
    return Adoption(
        invited=invited_before(program_id, moment).count(),
        joined=_joined_before(program_id, moment).count(),
        active=advocates_in(program_id, since, last_on),
    )


def adoption_at_ends(program_id: int, ends: Sequence[tuple[date, datetime]]) -> list[Adoption]:
    """Count the people at the end of each of some days: of a few day by day, of many in one pass."""
    if len(ends) <= _FEW_DAYS:
        return [adoption_at(program_id, moment, day) for day, moment in ends]
    return adoption_over(program_id, ends)


def adoption_over(program_id: int, ends: Sequence[tuple[date, datetime]]) -> list[Adoption]:
    """Count the same for many days at once, each with the moment at which it ends, in their order: people are read once."""
    days, moments = [day for day, _moment in ends], [moment for _day, moment in ends]
    accounts = _Accounts(moments)
    return [
        Adoption(*three)
        for three in zip(
            accounts.count(_invited_since(program_id)),
            accounts.count(_joined_between(program_id)),
            _active_on(program_id, days),
            strict=True,
        )
    ]


class _Accounts:
    """Counts people by the end of each of some days, from the stretches in which they are something."""

    def __init__(self, moments: Sequence[datetime]) -> None:
        self._moments = moments
        accounts = Member.objects.values_list("pk", "created_at", "deactivated_at")
        self._open = {member: (created, gone) for member, created, gone in accounts.iterator()}

    def count(self, stretches: Iterable[tuple[int, datetime, datetime | None]]) -> list[int]:
        """Count the people of each day; a stretch begins before a moment that it holds, and never holds one after its end.

        Stretches of one person lie apart; only while the account is open they hold anything.
        """
        moments = self._moments
        steps = [0] * (len(moments) + 1)
        for member, since, until in stretches:
            created, gone = self._open[member]
            first = bisect_right(moments, max(since, created))
            past = len(moments) if until is None else bisect_right(moments, until)
            if gone is not None:
                past = min(past, bisect_right(moments, gone))
            if first < past:
                steps[first] += 1
                steps[past] -= 1
        return list(accumulate(steps[:-1]))


def _invited_since(program_id: int) -> list[tuple[int, datetime, None]]:
    """Give since when each member is invited: the first mail, link or code, or the first time that they joined."""
    invitations = Invitation.objects.filter(program=program_id)
    by_other = invitations.exclude(channel=Invitation.Channel.MAIL).values_list("member", "created_at")
    joined = ConsentEvent.objects.filter(enrolment__program=program_id, state__in=TAKING_PART)
    first: dict[int, datetime] = {}
    for found in (
        invitations.exclude(sent_at=None).values_list("member", "sent_at"),
        by_other,
        joined.values_list("enrolment__member", "at"),
    ):
        for member, at in found.order_by().iterator():
            known = first.get(member)
            if at is not None and (known is None or at < known):
                first[member] = at
    return [(member, since, None) for member, since in first.items()]


def _joined_between(program_id: int) -> Iterable[tuple[int, datetime, datetime | None]]:
    """Give the stretches between answers in which members took part."""
    answers = ConsentEvent.objects.filter(enrolment__program=program_id).order_by("enrolment__member", "at", "pk")
    rows = answers.values_list("enrolment__member", "at", "state").iterator()
    for _member, found in groupby(rows, key=itemgetter(0)):
        given = list(found)
        for place, (member, at, state) in enumerate(given):
            if state in TAKING_PART:
                yield member, at, given[place + 1][1] if place + 1 < len(given) else None


def _active_on(program_id: int, days: Sequence[date]) -> list[int]:
    """Count for each of some days the advocates who shared in the 30 days that it ends: each where they shared last."""
    if not days:
        return []
    wanted, found = set(days), dict[date, int]()
    last: dict[int, int] = {}
    counts: deque[int] = deque([0] * ACTIVE_DAYS, ACTIVE_DAYS)
    day = min(days) - timedelta(days=ACTIVE_DAYS - 1)
    number = 0
    while day <= max(days):
        shared = AdvocateDay.objects.filter(program=program_id, day_on=day).order_by()
        counts.append(0)
        for member in set(shared.values_list("member", flat=True).iterator()):
            age = number - last.get(member, -ACTIVE_DAYS)
            if age < ACTIVE_DAYS:
                counts[-1 - age] -= 1
            counts[-1] += 1
            last[member] = number
        if day in wanted:
            found[day] = sum(counts)
        day, number = day + timedelta(days=1), number + 1
    return [found[day] for day in days]


def advocates_in(program_id: int, first_on: date, last_on: date) -> int:
    """Count the different advocates who shared on some days."""
    shared = AdvocateDay.objects.filter(program=program_id, day_on__range=(first_on, last_on))
    return shared.order_by().values("member").distinct().count()


def invited_before(program_id: int, moment: datetime) -> QuerySet[Member]:
    """Give the members who had been invited before a moment and whose account was open then."""
    sent = Q(sent_at__lt=moment) | (~Q(channel=Invitation.Channel.MAIL) & Q(created_at__lt=moment))
    invitations = Invitation.objects.filter(sent, member=OuterRef("pk"), program=program_id)
    joined = ConsentEvent.objects.filter(
        enrolment__member=OuterRef("pk"), enrolment__program=program_id, state__in=TAKING_PART, at__lt=moment
    )
    return _open_accounts(moment).filter(Exists(invitations) | Exists(joined))


def _joined_before(program_id: int, moment: datetime) -> QuerySet[Member]:
    last_answer = ConsentEvent.objects.filter(
        enrolment__member=OuterRef("pk"), enrolment__program=program_id, at__lt=moment
    ).order_by("-at", "-pk")
    return (
        _open_accounts(moment).annotate(answer=Subquery(last_answer.values("state")[:1])).filter(answer__in=TAKING_PART)
    )


def _open_accounts(moment: datetime) -> QuerySet[Member]:
    return Member.objects.filter(Q(deactivated_at=None) | Q(deactivated_at__gte=moment), created_at__lt=moment)

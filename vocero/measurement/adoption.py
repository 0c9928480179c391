"""How many people were invited, had joined and were active at a moment: three numbers, never a list."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from vocero.measurement.models import AdvocateDay
from vocero.people.models import ConsentEvent, Enrolment, Invitation, Member

ACTIVE_DAYS: Final = 30
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

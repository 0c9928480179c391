"""Reads members, teams and their own enrolment."""

from vocero.people.models import Enrolment, Member


def takes_part(member: Member) -> bool:
    """Whether the member joined (a pause counts as taking part: the pages stay open, nothing is sent)."""
    return member.enrolments.filter(state__in=[Enrolment.State.JOINED, Enrolment.State.PAUSED]).exists()

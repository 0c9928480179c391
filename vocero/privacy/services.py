"""Leaving and deactivating a person everywhere: each package below stops what is its own."""

from datetime import datetime

from django.db import transaction

from vocero.company.models import Program
from vocero.networks import services as networks
from vocero.people import services as people
from vocero.people.models import Enrolment, Member
from vocero.sharing import services as sharing


def leave(member: Member, program: Program, *, language: str, at: datetime) -> Enrolment:
    """Let a member leave: the answer is recorded and everything planned is cancelled in one step; links go on working.

    Afterwards the tokens of connected accounts are destroyed. What is on its way at this moment is asked again before it
    is sent. Raises people's NotAllowed when the member does not take part.
    """
    with transaction.atomic():
        enrolment = people.leave(member, program, language=language, at=at)
        sharing.cancel_planned(member, at=at, reason="left")
    networks.disconnect_member(member, at=at)
    return enrolment


def deactivate_member(member: Member, *, actor: str, at: datetime) -> None:
    """Close a member's account: sign-in, invitations and everything planned at once, then the tokens of their accounts.

    Links of earlier shares go on working. Raises people's NotAllowed for the last owner.
    """
    with transaction.atomic():
        people.deactivate(member, actor=actor, at=at)
        sharing.cancel_planned(member, at=at, reason="deactivated")
    networks.disconnect_member(member, at=at)

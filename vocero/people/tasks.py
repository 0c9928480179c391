"""Due work of people: pauses that are over."""

from datetime import datetime

from vocero.company.queries import company_day, installation
from vocero.people import services
from vocero.people.models import Enrolment


def end_pauses(at: datetime) -> int:
    """Let those go on whose pause was to last until today (company's day) or earlier; gives how many."""
    house = installation()
    if house is None:
        return 0
    over = Enrolment.objects.filter(state=Enrolment.State.PAUSED, paused_until_on__lte=company_day(house, at))
    ended = 0
    for enrolment in over.select_related("member", "program").iterator(chunk_size=500):
        services.resume(
            enrolment.member, enrolment.program, language=enrolment.member.language or house.language, at=at
        )
        ended += 1
    return ended

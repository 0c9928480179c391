"""Whose shares of which day may have other points than the rules say: found by the database, so that few are looked at."""

from collections import defaultdict
from datetime import date, datetime
from typing import Any

from django.db.models import Case, F, IntegerField, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Least

from vocero.company.models import Installation, Program
from vocero.recognition.models import LedgerEntry
from vocero.recognition.rules import clicked, personalized, shared
from vocero.sharing.models import Share
from vocero.tracking.models import ShareTotal


def unsettled(installation: Installation, program: Program, since: datetime) -> dict[date, list[int]]:
    """Give by day the members with a share, out since a moment, whose points may have to change; more rather than fewer.

    Such are shares that earn and whose entries do not add up to what all rules give, and those that earn nothing and
    might. One that the day's cap keeps out is among them each time.
    """
    clicks = ShareTotal.objects.filter(share=OuterRef("pk"))
    entries = LedgerEntry.objects.filter(share=OuterRef("pk")).order_by().values("share").annotate(all=Sum("points"))
    shares = (
        Share.objects.filter(program=program, out_at__gte=since, day_on__isnull=False)
        .exclude(channel=Share.Channel.PRACTICE)
        .annotate(earned=_number(entries.values("all")))
        .annotate(valid=_number(clicks.values("valid")), unique=_number(clicks.values("unique")))
        .filter(Q(earned__gt=0) & ~Q(earned=_whole()) | Q(earned__lte=0) & _might(installation))
    )
    found: dict[date, list[int]] = defaultdict(list)
    for day_on, member in shares.order_by("day_on", "member").values_list("day_on", "member").distinct():
        if day_on is not None:
            found[day_on].append(member)
    return found


def _number(of: Any) -> Coalesce:
    return Coalesce(Subquery(of, output_field=IntegerField()), 0)


def _whole() -> Any:
    """Give what all rules give to a share that earns; a new rule has to be added here."""
    own_words = Case(When(personalized=True, then=Value(personalized.POINTS)), default=Value(0))
    return Value(shared.POINTS) + own_words + Least(F("unique"), Value(clicked.MOST))


def _might(installation: Installation) -> Q:
    """Give the condition under which a share might earn; see `eligibility.qualifies`."""
    if not installation.points_enabled:
        return Q(pk__in=[])
    off = Q(country__in=installation.points_off_countries or [])
    return Q(disclosed=True) & (Q(channel=Share.Channel.API) | Q(valid__gt=0)) & ~off

"""Keeps slices: takes a question in, works it out some days at a time by due work, and forgets it when its facts change."""

import time
from datetime import date, datetime, timedelta
from typing import Final

from django.db import DEFAULT_DB_ALIAS
from django.db.models import F, Q

from vocero.company.queries import company_day, house
from vocero.lib.periods import Period
from vocero.lib.processes import ENDING
from vocero.measurement import slices
from vocero.measurement.dimensions import Dimension
from vocero.measurement.models import Slice
from vocero.measurement.slices import Question
from vocero.measurement.spans import Span

KEPT: Final = timedelta(days=7)
MOST: Final = 200
"""So many slices are kept; a new one pushes the oldest out."""
TODAY_HOLDS: Final = timedelta(minutes=10)
"""How long an answer with today in it is shown: its clicks go on coming."""
LEASE: Final = timedelta(minutes=2)
ATTEMPTS: Final = 3
AGAIN_AFTER: Final = timedelta(minutes=10)
"""After this long a slice that failed is tried once more when somebody asks."""
STEP: Final = 7
"""So many days are counted at a time: readings of engagement are found day by day no faster than week by week."""
_SECONDS: Final = 4.0


def ask(question: Question, *, at: datetime) -> Slice:
    """Give the slice of a question: as it was made if its facts are the same, else one that waits to be made."""
    today = company_day(house(), at)
    slice_, is_new = Slice.objects.using(DEFAULT_DB_ALIAS).get_or_create(**_named(question), defaults={"asked_at": at})
    if is_new:
        _make_room(slice_)
    elif _is_over(slice_, question, today, at):
        same = Slice.objects.filter(pk=slice_.pk, made_at=slice_.made_at, asked_at=slice_.asked_at)
        same.update(asked_at=at, made_at=None, lease_until=None, attempts=0, days_done=0, answer={}, facts="")
        slice_.refresh_from_db(using=DEFAULT_DB_ALIAS)
    return slice_


def has_failed(slice_: Slice, *, at: datetime) -> bool:
    """Say whether it was given up; somebody who asks later has it tried again."""
    held = slice_.lease_until is not None and slice_.lease_until > at
    return slice_.made_at is None and slice_.attempts >= ATTEMPTS and not held


def work(*, at: datetime, seconds: float = _SECONDS) -> bool:
    """Work on the slice that was asked for first, for about so many seconds; gives whether there was one.

    It is claimed by compare-and-set, and each step is written only by who still holds it: however many workers there are,
    each day is counted once. What was counted stays when a worker is killed.
    """
    slice_ = _claim(at)
    if slice_ is None:
        return False
    question = question_of(slice_)
    days = question.days()
    if slice_.days_done == 0:
        slice_.facts, slice_.answer = slices.facts_of(question, company_day(house(), at)), {}
    currency, ends = house().currency, time.monotonic() + seconds
    step = len(days) if slices.is_small(question) else STEP
    while slice_.days_done < len(days):
        chunk = days[slice_.days_done : slice_.days_done + step]
        slices.add_days(slice_.answer, question, chunk, currency=currency)
        slice_.days_done += len(chunk)
        if time.monotonic() >= ends or ENDING.is_set():
            break
    return _keep(slice_, len(days), at=at)


def forget(*, at: datetime) -> int:
    """Forget slices that were asked for a week ago; gives how many."""
    return Slice.objects.filter(asked_at__lt=at - KEPT).delete()[0]


def question_of(slice_: Slice) -> Question:
    """Give the question that a slice answers."""
    period = Period.parse(slice_.period)
    span = Span(period, period.first_on, slice_.last_on)
    return Question(slice_.program_id, Dimension(slice_.what), Dimension(slice_.within), slice_.key, span)


def _named(question: Question) -> dict[str, object]:
    return {
        "program_id": question.program,
        "what": question.what.value,
        "within": question.within.value,
        "key": question.key,
        "period": question.span.period.key,
        "last_on": question.span.last_on,
    }


def _is_over(slice_: Slice, question: Question, today: date, at: datetime) -> bool:
    if slice_.made_at is None:
        return has_failed(slice_, at=at) and slice_.asked_at <= at - AGAIN_AFTER
    if question.span.holds(today) and slice_.made_at <= at - TODAY_HOLDS:
        return True
    return slice_.facts != slices.facts_of(question, today)


def _claim(at: datetime) -> Slice | None:
    """Take the slice that was asked for first and that nobody is at, by compare-and-set; None when there is none."""
    free = Q(lease_until=None) | Q(lease_until__lte=at)
    for slice_ in Slice.objects.filter(free, made_at=None, attempts__lt=ATTEMPTS).order_by("asked_at", "pk")[:5]:
        same = Slice.objects.filter(
            pk=slice_.pk, made_at=None, lease_until=slice_.lease_until, days_done=slice_.days_done
        )
        if same.update(lease_until=at + LEASE, attempts=F("attempts") + 1):
            slice_.lease_until = at + LEASE
            return slice_
    return None


def _keep(slice_: Slice, days: int, *, at: datetime) -> bool:
    """Write how far it came, unless the time to do so ran out and another holds it; gives whether it did."""
    mine = Slice.objects.filter(pk=slice_.pk, made_at=None, lease_until=slice_.lease_until)
    return bool(
        mine.update(
            facts=slice_.facts,
            answer=slice_.answer,
            days=days,
            days_done=slice_.days_done,
            made_at=at if slice_.days_done == days else None,
            lease_until=None,
            attempts=0,
        )
    )


def _make_room(new: Slice) -> None:
    kept = Slice.objects.using(DEFAULT_DB_ALIAS).order_by("-asked_at", "-pk").values_list("pk", flat=True)[:MOST]
    Slice.objects.exclude(pk__in=list(kept)).exclude(pk=new.pk).delete()

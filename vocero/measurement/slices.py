"""Works out cuts of content within one content from what each share has by day: what no roll-up holds, and no person."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS
from django.db.models import Count, Sum

from vocero.lib.periods import days_between
from vocero.measurement.dimensions import Dimension, counted
from vocero.measurement.folds import engagement_changes
from vocero.measurement.models import FoldedDay
from vocero.measurement.plain import ask, between, marked
from vocero.measurement.queries import Row
from vocero.measurement.spans import Span
from vocero.tracking.models import ClickStat, Conversion, ShareDay

CONTENT: Final = (Dimension.POST, Dimension.CAMPAIGN, Dimension.TOPIC, Dimension.ORIGIN)
"""What may be cut and narrowed here. Cuts of people never are."""
SMALL: Final = 5_000
"""So many rows of shares, and of shares by day, are worked out while the page waits."""

_COLUMNS: Final = {
    Dimension.POST: "post_id",
    Dimension.CAMPAIGN: "campaign_id",
    Dimension.TOPIC: "topics",
    Dimension.ORIGIN: "origin",
}
_SHARES, _CLICKS, _UNIQUE, _BEFORE, _ENGAGEMENT, _CONVERSIONS, _VALUE = range(7)

type Answer = dict[str, list[int]]
"""By key: shares, clicks, unique clicks, unique clicks of the stretch before, engagement, conversions, value."""


@dataclass(frozen=True, slots=True)
class Question:
    """The cut by `what` within one `key` of `within`, of the shares of one program over a stretch of days."""

    program: int
    what: Dimension
    within: Dimension
    key: str
    span: Span

    def __post_init__(self) -> None:
        if {self.what, self.within} - set(CONTENT):
            raise ValueError(f"no slice of {self.what} within {self.within}")

    def days(self) -> list[date]:
        """Give each day that has to be looked at in order: those of the stretch before come first."""
        return [*days_between(*self.span.before().days), *days_between(*self.span.days)]


def add_days(answer: Answer, question: Question, days: Iterable[date], *, currency: str) -> None:
    """Add what some days brought to an answer; of the days before the stretch only unique clicks are wanted."""
    span, before = question.span, question.span.before()
    groups = (
        (before, [day for day in days if before.holds(day)]),
        (span, [day for day in days if span.holds(day)]),
    )
    for stretch, own in groups:
        if own:
            _add(answer, question, (own[0], own[-1]), currency=currency, is_before=stretch == before)


def rows_of(answer: Mapping[str, list[int]]) -> tuple[dict[str, Row], dict[str, int]]:
    """Give an answer as the cuts of roll-ups have it: the rows, and by key the unique clicks before."""
    rows = {
        key: Row(
            key,
            shares=one[_SHARES],
            clicks=one[_CLICKS],
            unique=one[_UNIQUE],
            engagement=one[_ENGAGEMENT],
            conversions=one[_CONVERSIONS],
            value=one[_VALUE],
        )
        for key, one in answer.items()
        if any(count for place, count in enumerate(one) if place != _BEFORE)
    }
    return rows, {key: one[_BEFORE] for key, one in answer.items()}


def is_small(question: Question) -> bool:
    """Say whether there is so little to look at that a page can wait for it."""
    spans = (question.span.before().days, question.span.days)
    left = SMALL
    for days in spans:
        left -= ShareDay.objects.filter(day_on__range=days).order_by().values("share")[: left + 1].count()
        if left < 0:
            return False
    shares = counted().filter(program=question.program, day_on__range=question.span.days).order_by()
    return bool(shares.values("pk")[: SMALL + 1].count() <= SMALL)


def facts_of(question: Question, today: date) -> str:
    """Give one short text that changes when facts of the days before today do; of today they change all the time.

    It is worked out where what is kept is written, whoever asks, so that both see the same.
    """
    days = (question.span.before().first_on, min(question.span.last_on, today - timedelta(days=1)))
    values: list[Any] = []
    program = marked(ClickStat, "program", question.program, values)
    everybody = marked(ClickStat, "dimension", Dimension.ALL.value, values)
    clicks = (
        f'SELECT day_on, SUM(valid), SUM("unique") FROM {ClickStat._meta.db_table}'  # noqa: S608
        f" WHERE program_id = {program} AND dimension = {everybody} AND {between(ClickStat, 'day_on', *days, values)}"
        " GROUP BY day_on ORDER BY day_on"
    )
    of_folds: list[Any] = []
    folded = (
        f"SELECT source, day_on, fingerprint FROM {FoldedDay._meta.db_table}"  # noqa: S608
        f" WHERE {between(FoldedDay, 'day_on', *days, of_folds)} ORDER BY source, day_on"
    )
    seen = [ask(clicks, values, using=DEFAULT_DB_ALIAS), ask(folded, of_folds, using=DEFAULT_DB_ALIAS)]
    return hashlib.sha256(repr(seen).encode()).hexdigest()


def _add(answer: Answer, question: Question, days: tuple[date, date], *, currency: str, is_before: bool) -> None:
    clicks = ShareDay.objects.filter(day_on__range=days, share__program=question.program)
    sums = {"sum_valid": Sum("valid"), "sum_unique": Sum("unique")}
    for keys, row in _grouped(question, clicks, "share__", sums):
        if is_before:
            _count(answer, keys, _BEFORE, row["sum_unique"])
        else:
            _count(answer, keys, _CLICKS, row["sum_valid"])
            _count(answer, keys, _UNIQUE, row["sum_unique"])
    if is_before:
        return
    shares = counted().filter(program=question.program, day_on__range=days)
    for keys, row in _grouped(question, shares, "", {"many": Count("pk")}):
        _count(answer, keys, _SHARES, row["many"])
    for change in engagement_changes(*days, program_id=question.program, **_narrowed(question)):
        if _lies_within(question, change):
            growth = change["reactions"] + change["comments"] + change["reshares"]
            _count(answer, _keys(question.what, change), _ENGAGEMENT, growth)
    found = Conversion.objects.filter(
        program=question.program,
        day_on__range=days,
        state=Conversion.State.CREDITED,
        verified=True,
        share__isnull=False,
    )
    for keys, row in _grouped(question, found, "share__", {"many": Count("pk"), "amounts": Sum("company_amount")}):
        _count(answer, keys, _CONVERSIONS, row["many"])
        _count(answer, keys, _VALUE, row["amounts"] or 0)


def _grouped(
    question: Question, facts: Any, to_share: str, sums: Mapping[str, Any]
) -> Iterable[tuple[list[str], dict[str, Any]]]:
    """Add facts up by the content of their shares, as far as it lies within; gives the keys that each sum counts under."""
    narrowed = {f"{to_share}{column}": value for column, value in _narrowed(question).items()}
    columns = sorted({_COLUMNS[question.what], _COLUMNS[question.within]})
    names = [f"{to_share}{column}" for column in columns]
    for row in facts.filter(**narrowed).order_by().values(*names).annotate(**sums):
        content = {column: row[name] for column, name in zip(columns, names, strict=True)}
        if _lies_within(question, content):
            yield _keys(question.what, content), row


def _narrowed(question: Question) -> dict[str, Any]:
    """Give what the database can narrow by itself; the list of topics is looked at here."""
    if question.within == Dimension.TOPIC:
        return {}
    return {_COLUMNS[question.within]: question.key if question.within == Dimension.ORIGIN else int(question.key)}


def _lies_within(question: Question, content: Mapping[str, Any]) -> bool:
    return question.key in _keys(question.within, content)


def _keys(dimension: Dimension, content: Mapping[str, Any]) -> list[str]:
    value = content[_COLUMNS[dimension]]
    if dimension == Dimension.TOPIC:
        return [str(one) for one in dict.fromkeys(value)]
    return [str(value)] if value else []


def _count(answer: Answer, keys: Iterable[str], place: int, number: int) -> None:
    for key in keys:
        answer.setdefault(key, [0] * 7)[place] += int(number)

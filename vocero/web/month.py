"""The month on one page, composed for the program team and for those who were sent a read-only address of it."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vocero.company.models import Installation, Program
from vocero.company.queries import company_day
from vocero.content import queries as content
from vocero.content.mix import mix_of
from vocero.content.models import Post
from vocero.lib.periods import Period
from vocero.lib.replica import from_replica
from vocero.lib.words import pick
from vocero.measurement import kpis, queries
from vocero.measurement.definitions import Value
from vocero.measurement.dimensions import Dimension
from vocero.measurement.kpis import Kpi
from vocero.measurement.models import MonthPlan
from vocero.measurement.services import first_day
from vocero.measurement.spans import Span
from vocero.web import charts
from vocero.web.manager.figures import day_label, period_name, span_name, tile, written

FIGURES: Final = ("conversions", "credited_value", "unique_clicks", "participation")
MOST_POSTS: Final = 3


@dataclass(frozen=True, slots=True)
class BestPost:
    """A post and what it brought."""

    title: str
    shares: str
    clicks: str


def month_context(
    program: Program, house: Installation, month: Period, *, at: datetime, languages: tuple[str, ...]
) -> dict[str, Any]:
    """Give everything that stands on the page of a month."""
    span = Span.until(month, company_day(house, at))
    plan = MonthPlan.objects.filter(program=program, first_on=month.first_on).first()
    return {
        "month": month,
        "name": period_name(month),
        "days": span_name(span),
        "is_whole": span.is_whole,
        "plan": plan.text if plan else "",
        "next": _suggestions(program, languages, at),
        **_figures(program, house, span, first_day(at, house)),
    }


@from_replica
def _figures(program: Program, house: Installation, span: Span, begins_on: date) -> dict[str, Any]:
    """What the month brought; nothing of it is changed on the page."""
    days = kpis.days_of(program.pk, span)
    found = kpis.compute(program.pk, span, house.currency, days, begins_on=begins_on)
    return {
        "sentence": _sentence(found, span),
        "figures": [tile(found[code], linked=False) for code in FIGURES],
        "chart": _chart(days.daily(span)),
        "posts": _best_posts(program, house, span),
        "media": found["emv"],
        "media_value": written(found["emv"].value),
    }


def _sentence(found: dict[str, Kpi], span: Span) -> str:
    shares, clicks, conversions = (int(found[code].value or 0) for code in ("shares", "unique_clicks", "conversions"))  # type: ignore[arg-type]
    if not (shares or clicks or conversions):
        return _("Nothing was shared yet in this month.")
    return in_a_sentence(shares, clicks, conversions, found["credited_value"].value)


def in_a_sentence(shares: int, clicks: int, conversions: int, value: Value | None) -> str:
    """Say what so many shares brought: unique clicks, conversions and their credited value (money, or nothing)."""
    parts = {
        "shares": _counted(ngettext("%(many)s share", "%(many)s shares", shares), shares),
        "clicks": _counted(ngettext("%(many)s click", "%(many)s clicks", clicks), clicks),
        "conversions": _counted(ngettext("%(many)s result", "%(many)s results", conversions), conversions),
        "value": written(value),
    }
    if not conversions:
        return _("%(shares)s brought %(clicks)s.") % parts
    if not getattr(value, "minor", 0):
        return _("%(shares)s brought %(clicks)s and %(conversions)s.") % parts
    return _("%(shares)s brought %(clicks)s and %(conversions)s worth %(value)s.") % parts


def _counted(text: str, many: int) -> str:
    return text % {"many": number_format(many, use_l10n=True, force_grouping=True)}


def _chart(series: queries.Series) -> charts.Chart:
    labels = [day_label(day) for day in series.days]
    return charts.bars(
        _("Unique clicks by day"), _("clicks"), labels, [charts.Series(_("Unique clicks"), series.unique)]
    )


def _best_posts(program: Program, house: Installation, span: Span) -> list[BestPost]:
    [rows] = queries.breakdown(program.pk, Dimension.POST, span, currency=house.currency)
    best = sorted(rows.values(), key=lambda row: (-row.unique, -row.shares, row.key))[:MOST_POSTS]
    posts = Post.objects.in_bulk([int(row.key) for row in best])
    return [
        BestPost(
            title=posts[int(row.key)].title or posts[int(row.key)].url or _("Without title"),
            shares=_counted(ngettext("%(many)s share", "%(many)s shares", row.shares), row.shares),
            clicks=_counted(ngettext("%(many)s click", "%(many)s clicks", row.unique), row.unique),
        )
        for row in best
        if int(row.key) in posts
    ]


def _suggestions(program: Program, languages: tuple[str, ...], at: datetime) -> list[str]:
    """What to do next, from what is there: the balance of the last ten, and topics that run dry."""
    mix = mix_of(program)
    said = [f"{mix.next_text} {mix.why}"]
    few = content.topics_with_few_posts(program, at)[:3]
    if few:
        names = ", ".join(pick(stock.topic.name, languages) for stock in few)
        said.append(_("Find posts for topics that have few: %(names)s.") % {"names": names})
    return said

"""Results: what a period brought against the one before, each figure to be opened, cut by cut, and as a file."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property, lru_cache
from typing import Any, Final
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from vocero.company.models import Installation, Program
from vocero.company.queries import company_day, house
from vocero.company.revisions import Token, program_of
from vocero.lib.clock import now
from vocero.lib.money import Money
from vocero.lib.periods import Period, PeriodKind
from vocero.lib.replica import from_replica
from vocero.lib.tabular import Cell, to_csv
from vocero.measurement import kpis, queries
from vocero.measurement.alldays import AllDays
from vocero.measurement.definitions import DEFINITIONS, Text
from vocero.measurement.details import Detail, detail_of
from vocero.measurement.kpis import Kpi
from vocero.measurement.services import first_day
from vocero.measurement.spans import Span
from vocero.networks.queries import label_of
from vocero.web import charts
from vocero.web.access import manager
from vocero.web.context import seen_by
from vocero.web.manager import cuts, narrowing
from vocero.web.manager.figure_charts import figure_chart
from vocero.web.manager.figures import (
    day_label,
    difference,
    left_out,
    no_comparison,
    period_name,
    sides,
    span_name,
    tile,
    written,
)
from vocero.web.manager.narrowing import Choice, Narrowing, Slicing
from vocero.web.tables import Column, Table

FIRST: Final = ("shares", "unique_clicks", "conversions", "credited_value")
PEOPLE: Final = ("invited", "joined", "active", "participation")
MORE: Final = ("clicks", "daily_visitors", "engagement", "potential_reach", "plain_reach", "emv")
"""What clicks would have cost as ads stands last."""

KINDS: Final = {
    PeriodKind.WEEK: gettext_lazy("Week"),
    PeriodKind.MONTH: gettext_lazy("Month"),
    PeriodKind.QUARTER: gettext_lazy("Quarter"),
}
MOST_LINES: Final = 20
FIGURES: Final = "figures"
"""What the file of all figures is asked for by, in the place of a cut."""


@dataclass(frozen=True)
class Asked:
    """What a page of results was asked for: whose, which days, and cut by what."""

    program: Program
    house: Installation
    today: date
    span: Span
    by: str
    languages: tuple[str, ...]
    within: str = ""
    state: Token = None

    @classmethod
    def read(cls, request: HttpRequest, *, by: str | None = None) -> "Asked":
        """Read the question from the address; raises Http404 for a period or a cut that there is not."""
        seen = seen_by(request)
        company = seen.installation or house()
        today = company_day(company, now())
        by = by or request.GET.get("by", queries.NETWORK)
        if by not in cuts.CUTS:
            raise Http404
        return cls(
            program=program_of(seen),
            house=company,
            today=today,
            span=Span.until(_period(request.GET.get("period", ""), today), today),
            by=by,
            languages=(request.LANGUAGE_CODE or "en", company.language),
            within=request.GET.get("within", ""),
            state=seen.company,
        )

    def address(self, name: str = "manager:results", *args: str, **changes: str) -> str:
        """Give the address of a page about the same days; `changes` replace parts of the question."""
        query = {"period": self.span.period.key, "by": self.by, "within": self.within} | changes
        return f"{reverse(name, args=args)}?{urlencode({key: value for key, value in query.items() if value})}"

    def narrowed(self) -> Narrowing:
        """Give what this cut can be narrowed to, and what it is narrowed to."""
        return narrowing.read(self.program, self.by, self.within, self.languages, self.state)

    def days(self) -> AllDays:
        """Give everybody's days of the stretch and the one before."""
        return kpis.days_of(self.program.pk, self.span, today=self.today)

    @cached_property
    def begins_on(self) -> date:
        """The first day that there are figures for."""
        return first_day(now(), self.house)

    @property
    def is_first(self) -> bool:
        """Whether there were no figures yet in the stretch before."""
        return kpis.is_first(self.span, self.begins_on)

    def kpis(self, days: AllDays | None = None, *, opened: str = "") -> dict[str, kpis.Kpi]:
        """Give every figure of the stretch, said against the one before if there was one; see `kpis.compute`."""
        return kpis.compute(
            self.program.pk, self.span, self.house.currency, days, opened=opened, begins_on=self.begins_on
        )

    def sliced(self, chosen: Choice | None, first: cuts.First | None = None, days: AllDays | None = None) -> Slicing:
        """Give the table that was asked for, or only its first rows, or how far the work on it is."""
        return narrowing.table(
            self.program,
            self.house,
            self.span,
            by=self.by,
            chosen=chosen,
            languages=self.languages,
            at=now(),
            today_lies_in=self.span.holds(self.today),
            first=first,
            days=days,
            state=self.state,
        )


def _period(key: str, today: date) -> Period:
    if not key:
        month = Period.of(PeriodKind.MONTH, today)
        return month if today.day > 3 else month.previous()
    try:
        period = Period.parse(key)
    except ValueError as error:
        raise Http404 from error
    if period.kind is PeriodKind.DAY or period.first_on > today or period.first_on.year < 2000:
        raise Http404
    return period


@manager
@require_safe
@from_replica
def results(request: HttpRequest) -> HttpResponse:
    """The page."""
    asked = Asked.read(request)
    days = asked.days()
    found = asked.kpis(days)
    context = {
        "asked": asked,
        "title": span_name(asked.span),
        "against": "" if asked.is_first else span_name(asked.span.before()),
        "kinds": _kinds(asked),
        "earlier": asked.address(period=asked.span.period.previous().key)
        if asked.span.period.first_on > asked.begins_on
        else "",
        "later": asked.address(period=asked.span.period.next().key) if asked.span.period.last_on < asked.today else "",
        "first": [tile(found[code]) for code in FIRST],
        "people": [tile(found[code]) for code in PEOPLE],
        "more": [tile(found[code]) for code in MORE],
        "charts": daily_charts(days.daily(asked.span)),
        "cuts": [(name, asked.address(by=by), by == asked.by) for by, name in cuts.CUTS.items()],
        "file": asked.address("manager:results-file"),
        "figures_file": asked.address("manager:results-file", by=FIGURES),
        "month": reverse("manager:month", args=[_month_of(asked).key]),
        "unpriced": not days.rates,
        **_where_it_came_from(request, asked, days),
    }
    return render(request, "manager/results.html", context)


@manager
@require_safe
@from_replica
def slice_progress(request: HttpRequest) -> HttpResponse:
    """How far a table is that is being worked out; once it is there, the page that shows it."""
    asked = Asked.read(request)
    sliced = asked.sliced(asked.narrowed().chosen)
    if sliced.cut:
        is_polling = bool(request.headers.get("HX-Request"))
        return HttpResponse(headers={"HX-Refresh": "true"}) if is_polling else redirect(asked.address() + "#cut")
    return render(request, "manager/results_slice.html", {"sliced": sliced, "asked": asked, **_progress(asked)})


def _where_it_came_from(request: HttpRequest, asked: Asked, days: AllDays) -> dict[str, Any]:
    """Give the table of the cut and what it can be narrowed to, or how far the work on it is."""
    narrowed, table = asked.narrowed(), _table(request, asked.by)
    if asked.by == queries.NETWORK and not narrowed.chosen:
        sliced = Slicing(cuts.by_network(days, asked.span, asked.house.currency))
    else:
        sliced = asked.sliced(narrowed.chosen, cuts.First(table.order, MOST_LINES), days)
    context = {"narrowing": narrowed, "sliced": sliced, "cut_name": cuts.CUTS[asked.by], **_progress(asked)}
    if sliced.cut is None:
        return context
    cut = sliced.cut.without_before() if asked.is_first else sliced.cut
    return context | {
        "cut": cut,
        "table": table,
        "lines": _lines(cut, table, asked.house.currency),
        "hidden_lines": cut.left_out + max(len(cut.lines) - MOST_LINES, 0),
    }


def _progress(asked: Asked) -> dict[str, str]:
    return {
        "slice_address": asked.address("manager:results-slice"),
        "here": asked.address() + "#cut",
        "unnarrowed": asked.address(within="") + "#cut",
    }


@manager
@require_safe
@from_replica
def figure(request: HttpRequest, code: str) -> HttpResponse:
    """One figure, opened: how it is made, how sure it is, what is not in it, and its table."""
    if code not in DEFINITIONS:
        raise Http404
    asked = Asked.read(request)
    kpi = asked.kpis(opened=code)[code]
    detail = detail_of(asked.program.pk, asked.span, code, currency=asked.house.currency)
    context = {
        "asked": asked,
        "kpi": kpi,
        "value": written(kpi.value, kpi.definition.unit),
        "difference": difference(kpi),
        "no_comparison": no_comparison(kpi),
        "band": (written(kpi.low), written(kpi.high)) if kpi.low is not None and kpi.low != kpi.high else None,
        "title": span_name(asked.span),
        "parts": sides(kpi.parts),
        "left_out": left_out(kpi.exclusions),
        "detail": _detail(detail),
        "chart": figure_chart(kpi.definition, detail, asked.house.currency, asked.span.all_days()),
        "back": asked.address(),
    }
    return render(request, "manager/results_figure.html", context)


@manager
@require_safe
@from_replica
def file(request: HttpRequest) -> HttpResponse:
    """The table of a cut, or with `by=figures` all figures, as CSV: no person and no share stands in it."""
    wants_figures = request.GET.get("by") == FIGURES
    asked = Asked.read(request, by=queries.NETWORK if wants_figures else None)
    if wants_figures:
        found = asked.kpis()
        head, rows = _figures_file([found[code] for code in (*FIRST, *PEOPLE, *MORE)])
    else:
        cut = asked.sliced(asked.narrowed().chosen).cut
        if cut is None:
            return redirect(asked.address() + "#cut")  # it is not worked out yet
        head = [str(cuts.CUTS[asked.by]), *(_head(column, asked.house.currency) for column in cut.columns)]
        rows = (cut.without_before() if asked.is_first else cut).rows(asked.house.currency)
    name = f"{asked.span.period.key}-{FIGURES if wants_figures else asked.by}.csv"
    response = HttpResponse(to_csv(head, rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _figures_file(found: list[Kpi]) -> tuple[list[str], list[list[Cell]]]:
    head = [_("Figure"), _("Value"), _("Unit"), _("Before"), _("Certainty"), _("How it is made"), _("Note")]
    return head, [
        [
            str(kpi.definition.name),
            _bare(kpi.value),
            kpi.value.currency if isinstance(kpi.value, Money) else kpi.definition.unit.value,
            _bare(kpi.previous),
            kpi.certainty.value,
            str(kpi.definition.formula),
            str(kpi.withheld or kpi.note),
        ]
        for kpi in found
    ]


def _bare(value: Any) -> Cell:
    cell: Cell = value.amount if isinstance(value, Money) else value
    return cell


def _head(column: str, currency: str) -> str:
    return f"{cuts.HEADS[column]} ({currency})" if column == "value" else str(cuts.HEADS[column])


def _kinds(asked: Asked) -> list[tuple[Text, str, bool]]:
    """The same days as a week, a month or a quarter: the one that the last of these days lies in."""
    last = asked.span.last_on
    return [
        (name, asked.address(period=Period.of(kind, last).key), kind is asked.span.period.kind)
        for kind, name in KINDS.items()
    ]


def _month_of(asked: Asked) -> Period:
    return Period.of(PeriodKind.MONTH, asked.span.last_on)


def daily_charts(series: queries.Series) -> tuple[charts.Chart, ...]:
    """Draw shares and unique clicks day by day, once for as long as these are the same, whatever the page is cut by."""
    return _drawn(series, get_language())


@lru_cache(maxsize=16)
def _drawn(series: queries.Series, _language: str | None) -> tuple[charts.Chart, ...]:
    labels = [day_label(day) for day in series.days]
    return (
        charts.bars(_("Shares by day"), _("shares"), labels, [charts.Series(_("Shares"), series.shares)]),
        charts.bars(_("Unique clicks by day"), _("clicks"), labels, [charts.Series(_("Unique clicks"), series.unique)]),
    )


forget: Final = _drawn.cache_clear
"""For measuring what it takes to draw for the first time."""


def _table(request: HttpRequest, by: str) -> Table:
    people = by in cuts.PEOPLE_CUTS
    columns = [
        Column("name", cuts.CUTS[by], sort="" if people else "name"),
        *(Column(name, cuts.HEADS[name], sort="" if people else name, number=True) for name in cuts.columns_of(by)),
    ]
    if people:
        columns[1] = Column("shares", cuts.HEADS["shares"], sort="shares", number=True)
    return Table(request.GET, columns, default="-shares" if people else "-unique")


def _lines(cut: cuts.Cut, table: Table, currency: str) -> list[tuple[cuts.Line, list[tuple[str, str]]]]:
    lines = list(cut.lines)
    if cut.by not in cuts.PEOPLE_CUTS and not cut.left_out:
        field = table.order.lstrip("-")
        lines.sort(key=lambda line: sorting(line, field), reverse=table.is_descending)
    heads = {name: str(head) for name, head in cuts.HEADS.items()}
    return [(line, [(heads[name], value) for name, value in line.cells(currency)]) for line in lines[:MOST_LINES]]


def sorting(line: cuts.Line, field: str) -> Any:
    """Give what a line is put in order by; a figure that is not shown counts as nothing."""
    value = getattr(line, field)
    return value.casefold() if isinstance(value, str) else value or 0


def _detail(detail: Detail) -> dict[str, Any]:
    """Write a figure's table: days, networks and kinds in the reader's language."""

    def name(row: Any) -> str:
        if isinstance(row, date):
            return date_format(row, "SHORT_DATE_FORMAT")
        if isinstance(row, Period):
            return period_name(row)
        return label_of(row) if detail.by_network else str(row)

    rows = [
        (
            name(row),
            [
                (head, cell if isinstance(cell, str) else written(cell, unit))
                for head, (cell, unit) in zip(detail.head[1:], cells, strict=True)
            ],
        )
        for row, cells in detail.rows
    ]
    return {"head": detail.head, "rows": rows, "note": detail.note}

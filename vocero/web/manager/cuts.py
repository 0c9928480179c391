"""The results cut by network, post, campaign, topic, origin or people: the same rows for the table and for the CSV file."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from heapq import nsmallest
from typing import Any, Final

from django.db.models import Model
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from vocero.company.models import Installation, Program
from vocero.company.revisions import Token
from vocero.content.models import Campaign, Origin, Post, Topic
from vocero.lib.money import Money
from vocero.lib.tabular import Cell
from vocero.lib.words import pick
from vocero.measurement import disclosure, queries, tops
from vocero.measurement.alldays import AllDays
from vocero.measurement.contributions import Measure
from vocero.measurement.definitions import Text
from vocero.measurement.dimensions import OVERLAPPING, PEOPLE, Dimension
from vocero.measurement.disclosure import Disclosed, Group
from vocero.measurement.spans import Span
from vocero.networks.queries import label_of
from vocero.networks.registry import networks
from vocero.people.models import Team
from vocero.web.manager.figures import written

CUTS: Final[Mapping[str, Text]] = {
    queries.NETWORK: gettext_lazy("Network"),
    Dimension.POST.value: gettext_lazy("Post"),
    Dimension.CAMPAIGN.value: gettext_lazy("Campaign"),
    Dimension.TOPIC.value: gettext_lazy("Topic"),
    Dimension.ORIGIN.value: gettext_lazy("Origin"),
    Dimension.TEAM.value: gettext_lazy("Team"),
    Dimension.LOCATION.value: gettext_lazy("Location"),
    Dimension.LANGUAGE.value: gettext_lazy("Language"),
}

_BLOCK: Final = 10_000
PEOPLE_CUTS: Final = frozenset(dimension.value for dimension in PEOPLE)

HEADS: Final[Mapping[str, Text]] = {
    "shares": gettext_lazy("Shares"),
    "unique": gettext_lazy("Unique clicks"),
    "before": gettext_lazy("Before"),
    "clicks": gettext_lazy("Valid clicks"),
    "engagement": gettext_lazy("Engagement"),
    "conversions": gettext_lazy("Conversions"),
    "value": gettext_lazy("Credited value"),
}


@dataclass(frozen=True, slots=True)
class First:
    """Which rows of a table are enough: so many in an order, a column's name with "-" for the largest first."""

    order: str
    most: int

    @property
    def is_by_figure(self) -> bool:
        """Whether the order can be told without the rows' names."""
        return self.order.lstrip("-") in tops.ORDERS


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a cut; a figure that is None is not shown because too few people stand behind it."""

    key: str
    name: str
    depth: int = 0
    shares: int | None = 0
    unique: int | None = 0
    before: int | None = 0
    clicks: int | None = 0
    engagement: int | None = 0
    conversions: int | None = 0
    value: int | None = 0
    public_id: str = ""

    def cells(self, currency: str) -> list[tuple[str, str]]:
        """Give the figures as they are written, each with its column."""
        return [
            (
                name,
                written(Money(getattr(self, name) or 0, currency), exactly=True)
                if name == "value" and getattr(self, name) is not None
                else written(getattr(self, name)),
            )
            for name in HEADS
            if name != "value" or self.value is not None
        ]


@dataclass(frozen=True)
class Cut:
    """A table of results by one cut; `why_empty` says why there are no rows, `note` how to read them."""

    by: str
    lines: tuple[Line, ...]
    columns: tuple[str, ...]
    note: Text = ""
    why_empty: Text = ""
    left_out: int = 0
    """How many rows there are beyond these."""

    def rows(self, currency: str) -> list[list[Cell]]:
        """Give the rows for a file: numbers plain, money in major units."""
        return [[line.name, *(_cell(line, column, currency) for column in self.columns)] for line in self.lines]

    def without_before(self) -> "Cut":
        """Give the same table for the first stretch of all: where nothing was before, no figure stands, not a nought."""
        return replace(self, lines=tuple(replace(line, before=None) for line in self.lines))


def columns_of(by: str) -> tuple[str, ...]:
    """Give the figures of a cut: groups of people have no value."""
    return tuple(name for name in HEADS if name != "value" or by not in PEOPLE_CUTS)


def read(
    program: Program,
    house: Installation,
    span: Span,
    by: str,
    languages: tuple[str, ...],
    *,
    within: tuple[str, str] | None = None,
) -> Cut:
    """Give the results of a stretch by one cut, if wished within one network, or by network within one content.

    Cuts of people come through `disclosure` alone, and never within anything.
    """
    if by in PEOPLE_CUTS:
        dimension = Dimension(by)
        return _people(
            disclosure.read(program.pk, span.period, dimension),
            disclosure.read(program.pk, span.period.previous(), dimension),
            names=_people_names(dimension),
        )
    now, then = queries.breakdown(program.pk, by, span, span.before(), currency=house.currency, within=within)
    return lay_out(by, now, {key: row.unique for key, row in then.items()}, languages)


def by_network(days: AllDays, span: Span, currency: str) -> Cut:
    """Give the results of a stretch by network from days that are read already."""
    before = {key: row.unique for key, row in days.by_network(span.before(), currency).items()}
    return lay_out(queries.NETWORK, days.by_network(span, currency), before, ())


def read_first(
    program: Program,
    house: Installation,
    span: Span,
    by: str,
    languages: tuple[str, ...],
    *,
    first: First,
    network: str = "",
    days: AllDays | None = None,
    state: Token = None,
) -> Cut:
    """Give the first rows of a cut of content in the order of one of its figures, if wished within one network."""
    found = tops.top(
        program.pk,
        Dimension(by),
        span,
        currency=house.currency,
        order=first.order,
        most=first.most,
        network=network,
        days=days,
        state=state,
    )
    cut = lay_out(by, {row.key: row for row in found.rows}, found.before, languages)
    lines = _in_order(cut.lines, [row.key for row in found.rows])
    return replace(cut, lines=lines, left_out=found.total - len(found.rows))


def lay_out(
    by: str,
    now: Mapping[str, queries.Row],
    before: Mapping[str, int],
    languages: tuple[str, ...],
    *,
    note: str = "",
    first: First | None = None,
) -> Cut:
    """Write the rows of a cut of content with their names; `before` are the unique clicks of the stretch before.

    Of `first` only so many rows are written, and only their names are looked up; ordered by name all are.
    """
    if first and first.is_by_figure and len(now) > first.most:
        keys = _first_keys(now, before, first)
        cut = lay_out(by, {key: now[key] for key in keys}, before, languages, note=note)
        return replace(cut, lines=_in_order(cut.lines, keys), left_out=len(now) - len(keys))
    names, public_ids = _names(by, now.keys(), languages)
    silent = silent_networks() if by == queries.NETWORK else frozenset()
    lines = [
        Line(
            key=key,
            name=names.get(key, key),
            shares=row.shares,
            unique=row.unique,
            before=before.get(key, 0),
            clicks=row.clicks,
            engagement=row.engagement if row.engagement or key not in silent else None,
            conversions=row.conversions,
            value=row.value,
            public_id=public_ids.get(key, ""),
        )
        for key, row in now.items()
    ]
    return Cut(
        by,
        tuple(sorted(lines, key=lambda line: (-(line.unique or 0), -(line.shares or 0), line.name))),
        columns_of(by),
        note=" ".join(filter(None, [_reading(by), note])),
        why_empty=_("Nothing was shared and nobody clicked in this period."),
    )


def silent_networks() -> frozenset[str]:
    """Give the networks that do not tell engagement: a zero there would be a claim."""
    return frozenset(one.name for one in networks() if not one.tells_engagement)


def _first_keys(now: Mapping[str, queries.Row], before: Mapping[str, int], first: First) -> list[str]:
    """Give the keys of the first rows in the order of a figure; the same figure in the order of the keys."""
    field, sign = first.order.lstrip("-"), -1 if first.order.startswith("-") else 1

    def place(key: str) -> tuple[int, str]:
        figure = before.get(key, 0) if field == tops.BEFORE else getattr(now[key], field)
        return sign * int(figure), key

    return nsmallest(first.most, now, key=place)


def _in_order(lines: Iterable[Line], keys: Sequence[str]) -> tuple[Line, ...]:
    places = {key: number for number, key in enumerate(keys)}
    return tuple(sorted(lines, key=lambda line: places[line.key]))


def _reading(by: str) -> str:
    """Say why the rows of a cut do not make up the whole, where they do not."""
    if by == Dimension.CAMPAIGN:
        return _("Posts without a campaign are not in this table.")
    if by not in {dimension.value for dimension in OVERLAPPING}:
        return ""
    return _("Topics overlap: a post may have several, so these rows do not add up.")


def _people(now: Disclosed, then: Disclosed, *, names: Mapping[str, str]) -> Cut:
    """Lay out groups of people; it takes nothing but what disclosure gives."""
    lines = tuple(_line(group, then, names) for group in now.groups)
    return Cut(
        now.dimension.value, lines, columns_of(now.dimension.value), note=_people_note(now), why_empty=_why_empty(now)
    )


def _line(group: Group, then: Disclosed, names: Mapping[str, str]) -> Line:
    values = group.values
    return Line(
        key=group.key,
        name=_("Everybody else") if group.is_everybody_else else names.get(group.key, group.key),
        depth=group.depth,
        shares=values.get(Measure.SHARES),
        unique=values.get(Measure.UNIQUE),
        before=None if group.is_everybody_else else then.value(group.key, Measure.UNIQUE, group.inside),
        clicks=values.get(Measure.CLICKS),
        engagement=values.get(Measure.ENGAGEMENT),
        conversions=values.get(Measure.CONVERSIONS),
        value=None,
    )


def _people_note(now: Disclosed) -> str:
    return _(
        "A group appears from five people on, and only where nobody can work out fewer from the rest. "
        "The figures are those of the day on which the period was closed."
    )


def _why_empty(now: Disclosed) -> str:
    if now.period.kind not in disclosure.KINDS:
        return _("Groups of people appear for months and quarters. A week would tell about few people.")
    if not now.is_decided:
        return _("Groups of people appear once the period is over.")
    return _("Appears when enough people take part.")


def _names(by: str, keys: Iterable[str], languages: tuple[str, ...]) -> tuple[dict[str, str], dict[str, str]]:
    """Give the names of keys, and of posts their public ids, in one query at most."""
    if by == queries.NETWORK:
        return {key: label_of(key) if key else _("Links of posts, not of shares") for key in keys}, {}
    if by == Dimension.ORIGIN:
        return {key: str(Origin(key).label) if key in Origin.values else key for key in keys}, {}
    ids = [int(key) for key in keys if key.isdigit()]
    if by == Dimension.POST:
        posts = list(_in_blocks(Post, ids, "title", "url", "public_id"))
        return (
            {str(pk): title or url or _("Without title") for pk, title, url, _public_id in posts},
            {str(pk): public_id for pk, _title, _url, public_id in posts},
        )
    if by == Dimension.CAMPAIGN:
        return {str(pk): name for pk, name in _in_blocks(Campaign, ids, "name")}, {}
    return {str(pk): pick(name, languages) for pk, name in _in_blocks(Topic, ids, "name")}, {}


def _in_blocks(table: type[Model], ids: list[int], *columns: str) -> Iterator[tuple[Any, ...]]:
    """Give columns of rows by their ids, in blocks that any database takes as one list."""
    for begin in range(0, len(ids), _BLOCK):
        rows = table._default_manager.filter(pk__in=ids[begin : begin + _BLOCK])
        yield from rows.values_list("pk", *columns)


def _people_names(dimension: Dimension) -> dict[str, str]:
    if dimension == Dimension.TEAM:
        return {str(pk): name for pk, name in Team.objects.values_list("pk", "name")}
    if dimension == Dimension.LANGUAGE:
        from vocero.content.languages import NAMES

        return {code: str(name) for code, name in NAMES.items()}
    return {}


def _cell(line: Line, column: str, currency: str) -> Cell:
    figure: int | None = getattr(line, column)
    return Money(figure, currency).amount if column == "value" and figure is not None else figure

"""Charts drawn on the server as SVG: pure functions from numbers to a `Chart` with its drawing, legend and table.

A drawing has no viewBox: widths are per cent and heights are pixels, so that it fills its panel and its numbers keep their
size on a phone. Lines are stretched in a nested drawing whose strokes do not scale. Bars start at zero.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from html import escape
from math import floor, log10
from typing import Final

from django.utils.formats import number_format
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

type Text = str | Promise

HEIGHT: Final = 240
TOP: Final = 26
FOOT: Final = 26
FLOOR: Final = HEIGHT - FOOT
STRETCH: Final = 1000
GAP: Final = 1.5
MOST_SERIES: Final = 3


@dataclass(frozen=True)
class Series:
    """One named row of values; None is a gap. `low` and `high` give a band of uncertainty around a line."""

    name: Text
    values: Sequence[float | None]
    low: Sequence[float | None] | None = None
    high: Sequence[float | None] | None = None


@dataclass(frozen=True)
class Key:
    """One entry of the legend: the name of a series and how it is drawn; a ring also says how much."""

    name: Text
    place: int
    shape: str
    amount: str = ""


@dataclass(frozen=True)
class Chart:
    """A finished chart: what it is called, in which unit, how it looks, and the same as a table."""

    title: Text
    unit: Text
    drawing: SafeString
    legend: Sequence[Key] = ()
    head: Sequence[Text] = ()
    rows: Sequence[tuple[Text, Sequence[str]]] = ()
    kind: str = "plot"
    note: Text = ""
    gutter: int = 1

    @property
    def is_empty(self) -> bool:
        return not self.rows

    @cached_property
    def body(self) -> SafeString:
        """The rows of its table as HTML: there is one for each day, too many for a loop of a template."""
        return SafeString("".join(_row(str(label), cells) for label, cells in self.rows))


def number(value: float | None) -> str:
    """Write a number as the reader's language does: grouped, at most one decimal; a gap is a dash."""
    return "–" if value is None else _written(value, get_language() or "")


@lru_cache(maxsize=4096)
def _written(value: float, _language: str) -> str:
    """A chart of a quarter has hundreds of numbers, and the same ones come again with every reader."""
    shown = round(float(value), 1)
    return number_format(int(shown) if shown == int(shown) else shown, use_l10n=True, force_grouping=True)


def nice_top(highest: float, *, steps: int = 5) -> tuple[float, float]:
    """Give the top of an axis that starts at zero and the distance of its grid lines: 1, 2, 2.5 or 5 times a power of ten.

    From one to ten it is whole: nothing is counted in halves.
    """
    if highest <= 0:
        return float(steps), 1.0
    rough = highest / steps
    power = 10.0 ** floor(log10(rough))
    factors = (1, 2, 5, 10) if power == 1 else (1, 2, 2.5, 5, 10)
    step = next(power * factor for factor in factors if power * factor >= rough * 0.999)
    if highest >= 1 and step < 1:
        step = 1.0
    top = step
    while top < highest * 0.999:
        top += step
    return top, step


def line(title: Text, unit: Text, labels: Sequence[Text], series: Sequence[Series], *, note: Text = "") -> Chart:
    """Draw up to three lines over the same labels; the axis starts at zero."""
    _check(labels, series)
    top, step = nice_top(_highest(series))
    across = _places(len(labels))
    parts = [_grid(top, step), '<g class="lines">']
    for place, one in enumerate(series, 1):
        parts.append(_line(one, place, across, top))
    parts.append("</g>")
    parts.append(_labels(labels, across, edges=True))
    parts.append(_points(labels, series, across, top, dots=True))
    return _chart(title, unit, labels, series, parts=parts, shape="line", top=top, note=note)


def bars(title: Text, unit: Text, labels: Sequence[Text], series: Sequence[Series], *, note: Text = "") -> Chart:
    """Draw bars from zero, up to three side by side per label."""
    _check(labels, series)
    top, step = nice_top(_highest(series))
    slot = 100 / max(len(labels), 1)
    wide = slot * (0.62 if len(labels) < 16 else 0.76) / len(series)
    across = [slot * (at + 0.5) for at in range(len(labels))]
    parts = [_grid(top, step)]
    for place, one in enumerate(series, 1):
        for at, value in enumerate(one.values):
            left = across[at] + wide * (place - 1 - len(series) / 2)
            parts.append(_bar(left, wide * 0.94, 0, value or 0, top=top, place=place))
    parts += [_labels(labels, across, edges=False), _points(labels, series, across, top)]
    return _chart(title, unit, labels, series, parts=parts, shape="box", top=top, note=note)


def stacked(title: Text, unit: Text, labels: Sequence[Text], series: Sequence[Series], *, note: Text = "") -> Chart:
    """Draw bars from zero whose parts stand on one another; the table has their sum too."""
    _check(labels, series)
    sums = [sum(one.values[at] or 0 for one in series) for at in range(len(labels))]
    top, step = nice_top(max(sums, default=0))
    slot = 100 / max(len(labels), 1)
    wide = slot * (0.56 if len(labels) < 16 else 0.76)
    across = [slot * (at + 0.5) for at in range(len(labels))]
    parts = [_grid(top, step)]
    for at in range(len(labels)):
        base = 0.0
        for place, one in enumerate(series, 1):
            value = one.values[at] or 0
            parts.append(_bar(across[at] - wide / 2, wide, base, value, top=top, place=place))
            base += value
    parts += [_labels(labels, across, edges=False), _points(labels, series, across, top)]
    chart = _chart(title, unit, labels, series, parts=parts, shape="box", top=top, note=note)
    rows = [(label, [*cells, number(total)]) for (label, cells), total in zip(chart.rows, sums, strict=True)]
    return Chart(
        title, unit, chart.drawing, chart.legend, [*chart.head, _("Together")], rows, note=note, gutter=chart.gutter
    )


def ranked(title: Text, unit: Text, parts: Sequence[tuple[Text, float]], *, note: Text = "") -> Chart:
    """Draw one lying bar per name, names and numbers written out; in the order given."""
    highest = max((value for _name, value in parts), default=0) or 1
    drawn = [
        f"<li><span>{escape(str(name))}</span><b>{escape(number(value))}</b>"
        '<svg class="c1" aria-hidden="true" focusable="false"><rect class="track" width="100%" height="8" rx="4"/>'
        f'<rect class="mark" width="{max(value, 0) / highest * 100:.2f}%" height="8" rx="4"/></svg></li>'
        for name, value in parts
    ]
    drawing = SafeString(f'<ul class="ranked">{"".join(drawn)}</ul>')
    rows = [(name, [number(value)]) for name, value in parts]
    return Chart(title, unit, drawing, head=["", unit], rows=rows, kind="ranked", note=note)


def ring(title: Text, unit: Text, parts: Sequence[tuple[Text, float]], *, middle: Text = "", goal: Sequence[float] = (),
         note: Text = "") -> Chart:  # fmt: skip
    """Draw at most three parts of a whole; `goal` draws how they should be as a thin ring inside."""
    if len(parts) > MOST_SERIES:
        raise ValueError("A ring has at most three parts; draw ranked bars instead.")
    drawn = ['<circle class="rest" cx="60" cy="60" r="48"/>', _arcs([value for _name, value in parts], 48, "part")]
    if goal:
        drawn.append(_arcs(list(goal), 37, "goal"))
    if middle:
        drawn.append(f'<text class="middle" x="60" y="67">{escape(str(middle))}</text>')
    drawing = SafeString(f'<svg viewBox="0 0 120 120" aria-hidden="true" focusable="false">{"".join(drawn)}</svg>')
    legend = [Key(name, place, "box", number(value)) for place, (name, value) in enumerate(parts, 1)]
    rows = [(name, [number(value)]) for name, value in parts]
    return Chart(title, unit, drawing, legend, ["", unit], rows, kind="ring", note=note)


def mix_ring(curated: int, company: int, promotional: int, *, title: Text = "", note: Text = "") -> Chart:
    """Draw the 6-3-1 balance of the last posts beside the balance it should have (source: the 6-3-1 rule)."""
    return ring(
        title or _("Balance of the last ten posts"),
        _("posts"),
        [(_("Curated"), curated), (_("From us"), company), (_("Promotional"), promotional)],
        middle=f"{curated}·{company}·{promotional}",
        goal=(6, 3, 1),
        note=note,
    )


def sparkline(values: Sequence[float | None]) -> SafeString:
    """Draw a small line without axis; it decorates a figure that stands beside it in words."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return SafeString("")
    low, high = min(known), max(known)
    spread = (high - low) or 1
    spots = [
        (at / (len(values) - 1) * 100, 29 - (value - low) / spread * 26)
        for at, value in enumerate(values)
        if value is not None
    ]
    path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)
    x, y = spots[-1]
    return format_html(
        '<svg class="spark" aria-hidden="true" focusable="false"><svg viewBox="0 0 100 32" width="100%" height="100%" '
        'preserveAspectRatio="none"><path class="area" d="{}L{} 32L{} 32Z"/><path class="line" d="{}"/></svg>'
        '<circle class="last" cx="{}%" cy="{}%" r="3"/></svg>',
        path,
        f"{x:.1f}",
        f"{spots[0][0]:.1f}",
        path,
        f"{x:.1f}",
        f"{y / 32 * 100:.1f}",
    )


# the pieces of a drawing


def _row(label: str, cells: Sequence[str]) -> str:
    return f'<tr><th scope="row">{escape(label)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in cells)}</tr>'


def _check(labels: Sequence[Text], series: Sequence[Series]) -> None:
    if not 1 <= len(series) <= MOST_SERIES:
        raise ValueError("A chart shows one to three series; more cannot be told apart.")
    if any(len(one.values) != len(labels) for one in series):
        raise ValueError("Each series has one value per label.")


def _highest(series: Sequence[Series]) -> float:
    known = [value for one in series for value in (*one.values, *(one.high or ())) if value is not None]
    return max(known, default=0)


def _places(amount: int) -> list[float]:
    return [50.0] if amount == 1 else [at / (amount - 1) * 100 for at in range(amount)]


def _height(value: float, top: float) -> float:
    return FLOOR - value / top * (FLOOR - TOP)


def _svg(title: Text, inside: str, height: int, desc: str = "") -> SafeString:
    return SafeString(
        f'<svg class="drawing" width="100%" height="{height}" role="group" aria-label="{escape(str(title))}">'
        f"<desc>{escape(desc)}</desc>{inside}</svg>"
    )


def _in_words(labels: Sequence[Text], one: Series) -> str:
    known = [(value, label) for value, label in zip(one.values, labels, strict=True) if value is not None]
    if not known:
        return ""
    highest, at = max(known, key=lambda pair: pair[0])
    return _("%(name)s: from %(first)s to %(last)s; the highest is %(highest)s (%(at)s).") % {
        "name": one.name,
        "first": number(known[0][0]),
        "last": number(known[-1][0]),
        "highest": number(highest),
        "at": at,
    }


def _grid(top: float, step: float) -> str:
    drawn = []
    value = 0.0
    while value <= top * 1.001:
        y = _height(value, top)
        kind = "zero" if value == 0 else "gridline"
        drawn.append(f'<line class="{kind}" x1="0" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>')
        drawn.append(f'<text class="tick" x="-8" y="{y + 4:.1f}" text-anchor="end">{escape(number(value))}</text>')
        value += step
    return f'<g class="axis" aria-hidden="true">{"".join(drawn)}</g>'


def _labels(labels: Sequence[Text], across: Sequence[float], *, edges: bool) -> str:
    """Write so many labels that they never touch: seven where it is wide, four where it is narrow; the last one always."""
    stride = max(-(-len(labels) // 7), 1)
    shown = list(range(len(labels) - 1, -1, -stride))
    drawn = []
    for order, at in enumerate(shown):
        anchor = "middle"
        if edges and at == 0 and len(labels) > 1:
            anchor = "start"
        elif edges and at == len(labels) - 1 and len(labels) > 1:
            anchor = "end"
        kind = "tick" if order % 2 == 0 or len(shown) <= 4 else "tick wide-only"
        drawn.append(
            f'<text class="{kind}" x="{across[at]:.2f}%" y="{HEIGHT - 6}" text-anchor="{anchor}">{escape(str(labels[at]))}</text>'
        )
    return f'<g class="axis" aria-hidden="true">{"".join(drawn)}</g>'


def _runs(values: Sequence[float | None], across: Sequence[float], top: float) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for at, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((across[at] * STRETCH / 100, _height(value, top)))
    return [run for run in runs if run]


def _line(one: Series, place: int, across: Sequence[float], top: float) -> str:
    drawn = []
    if one.low is not None and one.high is not None:
        upper = [spot for run in _runs(one.high, across, top) for spot in run]
        lower = [spot for run in _runs(one.low, across, top) for spot in run]
        drawn.append(f'<path class="band" d="{_path([*upper, *reversed(lower)])}Z"/>')
    for run in _runs(one.values, across, top):
        path = _path(run if len(run) > 1 else [run[0], (run[0][0] + 0.1, run[0][1])])
        if place == 1 and one.low is None:
            drawn.append(f'<path class="area" d="{path}L{run[-1][0]:.1f} {FLOOR}L{run[0][0]:.1f} {FLOOR}Z"/>')
        drawn.append(f'<path class="line s{place}" d="{path}" vector-effect="non-scaling-stroke"/>')
    return (
        f'<svg class="c{place}" viewBox="0 0 {STRETCH} {HEIGHT}" width="100%" height="{HEIGHT}" '
        f'preserveAspectRatio="none" aria-hidden="true">{"".join(drawn)}</svg>'
    )


def _path(spots: Sequence[tuple[float, float]]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in spots)


def _bar(left: float, wide: float, base: float, value: float, *, top: float, place: int) -> str:
    high, low = _height(base + value, top), _height(base, top) - (GAP if base else 0)
    if low - high < 0.05:
        return ""
    return f'<rect class="mark c{place}" x="{left:.2f}%" y="{high:.1f}" width="{wide:.2f}%" height="{low - high:.1f}" rx="2"/>'


def _points(labels: Sequence[Text], series: Sequence[Series], across: Sequence[float], top: float, *,
            dots: bool = False) -> str:  # fmt: skip
    """One place per label that pointer and keyboard reach; it says all values there."""
    slot = 100 / max(len(labels), 1)
    drawn = []
    for at, label in enumerate(labels):
        said = [f"{one.name}: {number(one.values[at])}" for one in series]
        spots = "".join(
            f'<circle class="dot c{place}" cx="{across[at]:.2f}%" cy="{_height(value, top):.1f}" r="4"/>'
            for place, one in enumerate(series, 1)
            if dots and (value := one.values[at]) is not None
        )
        drawn.append(
            f'<g class="point" role="img" tabindex="{0 if at == 0 else -1}" aria-label="{escape(f"{label}. " + ", ".join(said))}">'
            f'<rect class="hit" x="{max(across[at] - slot / 2, 0):.2f}%" y="0" width="{slot:.2f}%" height="{FLOOR}"/>'
            f'<line class="rule" x1="{across[at]:.2f}%" x2="{across[at]:.2f}%" y1="{TOP - 6}" y2="{FLOOR}"/>'
            f"{spots}{_tip(str(label), said, across[at])}</g>"
        )
    return f'<g class="points">{"".join(drawn)}</g>'


def _tip(label: str, said: Sequence[str], x: float) -> str:
    wide = max(len(text) for text in (label, *said)) * 6.7 + 22
    shift = -wide * x / 100
    lines = "".join(
        f'<text class="{"strong" if row == 0 else ""}" x="{x:.2f}%" y="{row * 17 + 17}" dx="11">{escape(text)}</text>'
        for row, text in enumerate((label, *said))
    )
    return (
        f'<g class="tip" aria-hidden="true" transform="translate({shift:.1f} 0)">'
        f'<rect x="{x:.2f}%" y="0" width="{wide:.0f}" height="{len(said) * 17 + 26}" rx="6"/>{lines}</g>'
    )


def _arcs(values: Sequence[float], radius: int, kind: str) -> str:
    whole = sum(values)
    drawn, done = [], 0.0
    for place, value in enumerate(values, 1):
        share = value / whole * 100 if whole else 0
        if share:
            gap = 1.2 if share < 99.9 else 0
            drawn.append(
                f'<circle class="{kind} c{place}" cx="60" cy="60" r="{radius}" pathLength="100" transform="rotate(-90 60 60)" '
                f'stroke-dasharray="{max(share - gap, 0.5):.2f} 100" stroke-dashoffset="{-done:.2f}"/>'
            )
        done += share
    return "".join(drawn)


def _gutter(top: float) -> int:
    """Give how many characters the widest number of the axis needs, one to seven."""
    return min(max(len(number(top)), len(number(nice_top(top)[1])), 1), 7)


def _chart(title: Text, unit: Text, labels: Sequence[Text], series: Sequence[Series], *, parts: Sequence[str],
           shape: str, top: float, note: Text) -> Chart:  # fmt: skip
    legend = [Key(one.name, place, shape) for place, one in enumerate(series, 1)] if len(series) > 1 else []
    rows = [(label, [number(one.values[at]) for one in series]) for at, label in enumerate(labels)]
    desc = " ".join(_in_words(labels, one) for one in series)
    drawing = _svg(title, "".join(parts), HEIGHT, desc)
    head = ["", *(one.name for one in series)]
    return Chart(title, unit, drawing, legend, head, rows, note=note, gutter=_gutter(top))

"""Charts tell the truth: axes from zero, each value in the table and within reach of the keyboard."""

import re
from xml.etree import ElementTree as ET

import pytest
from django.utils import translation

from vocero.web import charts
from vocero.web.charts import Series

DAYS = ["Mon", "Tue", "Wed"]


def drawn(chart: charts.Chart) -> ET.Element:
    return ET.fromstring(chart.drawing)


def of_class(chart: charts.Chart, name: str) -> list[ET.Element]:
    return [one for one in drawn(chart).iter() if name in one.get("class", "").split()]


@pytest.mark.parametrize(
    ("highest", "top", "step"),
    [(0, 5, 1), (3, 3, 1), (7, 8, 2), (23, 25, 5), (412, 500, 100), (999, 1000, 200), (0.4, 0.4, 0.1)],
)
def test_an_axis_starts_at_zero_and_has_round_steps(highest: float, top: float, step: float) -> None:
    assert charts.nice_top(highest) == (pytest.approx(top), pytest.approx(step))


def test_a_bar_twice_as_large_is_drawn_twice_as_high() -> None:
    small, large = of_class(charts.bars("Shares", "per day", ["a", "b"], [Series("Shares", [5, 10])]), "mark")
    assert float(large.get("height", "")) == pytest.approx(2 * float(small.get("height", "")), abs=0.2)


def test_bars_stand_on_the_line_of_zero_and_reach_the_line_of_their_value() -> None:
    chart = charts.bars("Shares", "per day", ["a"], [Series("Shares", [5])])
    (bar,), (zero,) = of_class(chart, "mark"), of_class(chart, "zero")
    top = float(bar.get("y", ""))
    assert top + float(bar.get("height", "")) == pytest.approx(float(zero.get("y1", "")), abs=0.2)
    assert top == pytest.approx(float(of_class(chart, "gridline")[-1].get("y1", "")), abs=0.2)
    assert [one.text for one in of_class(chart, "tick")][:6] == ["0", "1", "2", "3", "4", "5"]


def test_the_parts_of_a_stack_are_as_high_as_their_values() -> None:
    parts = [Series("Measured", [6]), Series("Reported", [3])]
    lower, upper = of_class(charts.stacked("Shares", "per day", ["Mon"], parts), "mark")
    assert float(lower.get("height", "")) == pytest.approx(2 * float(upper.get("height", "")), abs=2 * charts.GAP + 0.2)
    assert float(upper.get("y", "")) < float(lower.get("y", ""))


def test_the_table_holds_every_value_and_the_sum_of_a_stack() -> None:
    chart = charts.stacked(
        "Shares", "per day", DAYS, [Series("Measured", [1, 2, 1200]), Series("Reported", [4, None, 6])]
    )
    assert list(chart.head) == ["", "Measured", "Reported", "Together"]
    assert chart.rows[1] == ("Tue", ["2", "–", "2"])
    assert chart.rows[2] == ("Wed", ["1,200", "6", "1,206"])
    assert chart.body.endswith('<tr><th scope="row">Wed</th><td>1,200</td><td>6</td><td>1,206</td></tr>')


def test_numbers_follow_the_language_of_the_reader() -> None:
    with translation.override("pl"):
        assert charts.number(12345.5) == "12\xa0345,5"


def test_each_point_says_its_values_and_one_is_in_the_tab_order() -> None:
    chart = charts.line("Clicks", "per day", DAYS, [Series("Clicks", [1, 2, 3]), Series("Visitors", [1, 1, 2])])
    points = of_class(chart, "point")
    assert [one.get("aria-label") for one in points][1] == "Tue. Clicks: 2, Visitors: 1"
    assert [one.get("tabindex") for one in points] == ["0", "-1", "-1"]


def test_a_gap_breaks_the_line() -> None:
    chart = charts.line("Clicks", "per day", ["a", "b", "c", "d"], [Series("Clicks", [1, None, 3, 4])])
    assert len(of_class(chart, "line")) == 2


def test_uncertainty_is_a_band() -> None:
    series = Series("Clicks", [1, 2, 3], low=[None, 1, 2], high=[None, 3, 5])
    assert len(of_class(charts.line("Clicks", "per day", DAYS, [series]), "band")) == 1


def test_what_it_shows_is_also_said_in_words() -> None:
    chart = charts.line("Clicks", "per day", DAYS, [Series("Clicks", [3, 9, 4])])
    assert drawn(chart).get("aria-label") == "Clicks"
    assert "from 3 to 4; the highest is 9 (Tue)" in (drawn(chart).findtext("desc") or "")


def test_names_cannot_break_out_of_the_drawing() -> None:
    evil = '"><script>alert(1)</script>'
    for chart in (
        charts.line(evil, evil, [evil], [Series(evil, [1])]),
        charts.bars(evil, evil, [evil], [Series(evil, [1])]),
        charts.ranked(evil, evil, [(evil, 1)]),
        charts.ring(evil, evil, [(evil, 1)], middle=evil),
    ):
        assert "<script" not in chart.drawing + chart.body
        drawn(chart)


def test_more_than_three_parts_are_refused() -> None:
    with pytest.raises(ValueError, match="three"):
        charts.ring("", "", [("a", 1)] * 4)
    with pytest.raises(ValueError, match="three"):
        charts.line("", "", ["a"], [Series("a", [1])] * 4)


def test_the_ring_shares_out_the_whole() -> None:
    chart = charts.mix_ring(6, 3, 1)
    lengths = [float(one.get("stroke-dasharray", "").split()[0]) for one in of_class(chart, "part")]
    assert lengths == [pytest.approx(60 - 1.2), pytest.approx(30 - 1.2), pytest.approx(10 - 1.2)]


@pytest.mark.parametrize("values", [[], [4], [None, 4]])
def test_too_little_for_a_small_line_draws_none(values: list[float | None]) -> None:
    assert not charts.sparkline(values)


def test_a_small_line_of_equal_values_is_level() -> None:
    heights = set(re.findall(r"[ML]\d+\.\d (\d+\.\d)", charts.sparkline([5, 5, 5])))
    assert len(heights) == 1


def test_a_chart_of_nothing_says_so() -> None:
    assert charts.line("Clicks", "per day", [], [Series("Clicks", [])]).is_empty

"""The first rows of a cut, as the database sorts them, are the first rows of the whole cut."""

from datetime import timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.measurement.facts import Company, click_on, share_on
from tests.measurement.test_slices import LAST_ON, NOW, company  # noqa: F401  a fixture
from vocero.lib.periods import Period
from vocero.measurement import queries, services, tops
from vocero.measurement.alldays import AllDays
from vocero.measurement.dimensions import Dimension
from vocero.measurement.queries import NotWithoutDisclosure
from vocero.measurement.slices import CONTENT
from vocero.measurement.spans import Span
from vocero.sharing.models import Share

FAR = timedelta(days=9)


def test_the_first_rows_are_those_of_the_whole_cut(company: Company) -> None:  # noqa: F811
    program = company.house.program.pk
    for dimension, period, network in product(CONTENT, ("2026-10", "2026-Q4"), ("", "mastodon")):
        span = Span.until(Period.parse(period), LAST_ON)
        within = ("network", network) if network else None
        now, then = queries.breakdown(program, dimension, span, span.before(), currency="EUR", within=within)
        assert now
        for order, sign, most in product(sorted(tops.ORDERS), ("", "-"), (2, 100)):
            found = tops.top(program, dimension, span, currency="EUR", order=sign + order, most=most, network=network)
            before = {key: then[key].unique if key in then else 0 for key in now}
            value = before if order == tops.BEFORE else {key: getattr(row, order) for key, row in now.items()}
            assert found.total == len(now)
            assert [value[row.key] for row in found.rows] == sorted(value.values(), reverse=bool(sign))[:most]
            for row in found.rows:
                assert row == now[row.key]
                assert found.before[row.key] == before[row.key]


def test_it_is_one_question_and_never_about_people(company: Company) -> None:  # noqa: F811
    program, span = company.house.program.pk, Span.until(Period.parse("2026-10"), LAST_ON)
    with CaptureQueriesContext(connection) as asked:
        tops.top(program, Dimension.POST, span, currency="EUR", order="-unique", most=2)
    assert len(asked) == 1
    with pytest.raises(NotWithoutDisclosure):
        tops.top(program, Dimension.TEAM, span, currency="EUR", order="-unique", most=2)
    with pytest.raises(ValueError, match="nothing is sorted"):
        tops.top(program, Dimension.POST, span, currency="EUR", order="name", most=2)


def test_what_is_kept_of_days_before_today_follows_every_change(company: Company) -> None:  # noqa: F811
    program, span = company.house.program.pk, Span.until(Period.parse("2026-Q4"), LAST_ON)
    shares = list(Share.objects.filter(day_on__isnull=False).order_by("day_on"))
    few, many = shares[0], shares[-1]
    for day in (None, LAST_ON, LAST_ON - timedelta(days=1), LAST_ON - timedelta(days=60), LAST_ON - timedelta(days=9)):
        if day:
            click_on(few, day, [71, 72, 73])
            share_on(many.member, few.post, day)
            services.roll_up(day, day, at=NOW)
        for dimension, network, order in product(CONTENT, ("", few.network), ("-unique", "shares", "-before")):
            wanted: dict[str, Any] = {"currency": "EUR", "order": order, "most": 5, "network": network}
            days = AllDays(program, span, span.before(), today=LAST_ON)
            kept = tops.top(program, dimension, span, **wanted, days=days, state="a state")
            assert kept == tops.top(program, dimension, span, **wanted)


def test_today_stands_apart_and_every_sum_is_that_of_all_days(company: Company) -> None:  # noqa: F811
    program = company.house.program.pk
    for period, today in product(("2026-10", "2026-Q4"), (LAST_ON, LAST_ON - timedelta(days=1), LAST_ON - FAR)):
        span = Span.until(Period.parse(period), LAST_ON)
        whole, apart = (AllDays(program, span, span.before(), **more) for more in ({}, {"today": today}))
        for one in (span, span.before()):
            assert apart.conversions(one, "EUR") == whole.conversions(one, "EUR")
            assert apart.engagement(one) == whole.engagement(one)
            assert apart.by_network(one, "EUR") == whole.by_network(one, "EUR")
            assert whole.by_network(one, "EUR") == queries.breakdown(program, "network", one, currency="EUR")[0]
        assert whole.conversions(span, "EUR").count > 0
        assert whole.engagement(span).total > 0


def test_what_is_settled_is_asked_for_once(company: Company) -> None:  # noqa: F811
    program, span = company.house.program.pk, Span.until(Period.parse("2026-10"), LAST_ON)
    asked = []
    for _time in range(3):
        days = AllDays(program, span, span.before(), today=LAST_ON)
        days.settled()
        with CaptureQueriesContext(connection) as questions:
            tops.top(
                program, Dimension.POST, span, currency="EUR", order="-unique", most=2, days=days, state="another state"
            )
        asked.append(len(questions))
    assert asked == [2, 0, 0]

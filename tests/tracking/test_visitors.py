"""Whose address counts, and visitors as numbers that hold their day."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vocero.tracking.segment import day_number
from vocero.tracking.visitors import client_address, day_of_visitor, first_visitor_of, network_part, visitor_number


@pytest.mark.parametrize(
    ("forwarded", "proxies", "expected"),
    [
        (None, 0, "203.0.113.7"),
        ("198.51.100.1", 0, "203.0.113.7"),
        (None, 1, "203.0.113.7"),
        ("198.51.100.1", 1, "198.51.100.1"),
        ("1.2.3.4, 198.51.100.1", 1, "198.51.100.1"),
        ("1.2.3.4, 198.51.100.1, 10.0.0.3", 2, "198.51.100.1"),
        ("198.51.100.1", 2, "203.0.113.7"),
        ("[2001:db8::1]:4711", 1, "2001:db8::1"),
        ("2001:db8::1", 1, "2001:db8::1"),
        ("198.51.100.1:4711", 1, "198.51.100.1"),
        (" , ", 1, "203.0.113.7"),
    ],
)
def test_only_what_our_own_proxies_wrote_is_believed(forwarded: str | None, proxies: int, expected: str) -> None:
    assert client_address("203.0.113.7", forwarded, proxies) == expected


@given(st.dates(date(2020, 1, 1), date(2109, 1, 1)), st.binary(min_size=16, max_size=16))
def test_a_visitors_number_holds_its_day_and_lies_among_those_of_the_day(day: date, key: bytes) -> None:
    number = visitor_number(day_number(day), key)
    assert day_of_visitor(number) == day
    assert first_visitor_of(day) <= number < first_visitor_of(day + timedelta(days=1)) < 2**63


@pytest.mark.parametrize("address", ["", "x", "1.2.3", "1.2.3.4.5", "::g", "fe80::1%eth0", "unix:"])
def test_an_address_that_is_none_breaks_nothing(address: str) -> None:
    assert len(network_part(address)) in {0, 8}

"""The head of a table sorts by its columns and by nothing else."""

from django.http import QueryDict

from vocero.web.tables import Column, Table

COLUMNS = [
    Column("name", "Name", sort="name"),
    Column("clicks", "Clicks", sort=("clicks", "-name"), number=True),
    Column("topic", "Topic"),
]


def table(query: str) -> Table:
    return Table(QueryDict(query), COLUMNS, default="-clicks")


def test_without_a_wish_the_default_order_holds_and_the_key_comes_last() -> None:
    assert table("").order_by == ["-clicks", "name", "pk"]


def test_a_click_on_the_sorted_column_turns_it_round() -> None:
    heads = table("order=name").heads
    assert heads[0].direction == "ascending"
    assert heads[0].url == "?order=-name"


def test_numbers_begin_with_the_largest() -> None:
    assert table("order=name").heads[1].url == "?order=-clicks"


def test_sorting_keeps_the_filters_and_goes_back_to_the_first_page() -> None:
    assert table("q=line&page=3&order=name").heads[1].url == "?q=line&order=-clicks"


def test_a_column_that_cannot_be_sorted_by_is_not_obeyed() -> None:
    assert table("order=topic").order == "-clicks"
    assert table("order=password").order_by == ["-clicks", "name", "pk"]

"""Asks roll-ups in plain SQL: making a query of the ORM's costs a page more than the database's work of answering it."""

from collections.abc import Sequence
from datetime import date
from typing import Any, Final

from django.db import connections

from vocero.lib.replica import alias


def ask(sql: str, values: Sequence[Any], *, using: str = "") -> list[tuple[Any, ...]]:
    """Give the rows of a statement, from the replica where reports read there unless `using` names a database."""
    with connections[using or alias()].cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def marked(table: Any, column: str, value: Any, values: list[Any]) -> str:
    """Give the mark that stands for a value in SQL; the value goes to `values` as the column holds it."""
    field, connection = table._meta.get_field(column), connections[alias()]
    values.append(field.get_db_prep_value(field.get_prep_value(value), connection, prepared=True))
    return _CAST.get((connection.vendor, field.get_internal_type()), "%s")


def between(table: Any, column: str, first_on: date, last_on: date, values: list[Any]) -> str:
    """Give the condition that a day lies in a stretch, both ends included.

    Of a single day the rows come in the order of the rest of the key, which a database cannot know of a range.
    """
    if first_on == last_on:
        return f"{column} = {marked(table, column, first_on, values)}"
    begin, end = marked(table, column, first_on, values), marked(table, column, last_on, values)
    return f"{column} BETWEEN {begin} AND {end}"


class Reader(dict[Any, Any]):
    """What the ORM would give for what a database gives in a column, a day as a date and a word whole, each made once."""

    def __init__(self, table: Any, column: str) -> None:
        super().__init__()
        self._field = table._meta.get_field(column)

    def __missing__(self, stored: Any) -> Any:
        """Give a value that did not come before."""
        value = self._field.from_db_value(stored) if hasattr(self._field, "from_db_value") else stored
        is_day = isinstance(value, str) and self._field.get_internal_type() == "DateField"
        self[stored] = made = date.fromisoformat(value) if is_day else value
        return made


_CAST: Final = {("postgresql", "DateField"): "%s::date"}

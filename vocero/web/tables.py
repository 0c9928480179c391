"""The head of a data table: which columns there are, and what a click on each would sort by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.utils.functional import Promise


@dataclass(frozen=True)
class Column:
    """A column; with `sort` (a field, or several) its head is a link that sorts."""

    name: str
    label: str | Promise
    sort: str | Sequence[str] = ""
    number: bool = False
    hidden_label: bool = False

    @property
    def fields(self) -> tuple[str, ...]:
        return (self.sort,) if isinstance(self.sort, str) else tuple(self.sort)


@dataclass(frozen=True)
class Head:
    """A column's head as it is drawn: where a click leads and which way it is sorted now."""

    column: Column
    url: str
    direction: str


class Table:
    """Reads the wished order from the query; anything that is not one of the columns falls back to the default."""

    def __init__(
        self, query: Mapping[str, Any], columns: Sequence[Column], *, default: str, name: str = "order"
    ) -> None:
        self.columns = list(columns)
        self._query = query
        self._name = name
        known = {column.name: column for column in columns if column.sort}
        wished = str(query.get(name, ""))
        self.order = wished if wished.lstrip("-") in known else default
        self._sorted_by = known[self.order.lstrip("-")]
        self.is_descending = self.order.startswith("-")

    @property
    def order_by(self) -> list[str]:
        """Give the fields for `order_by()`, with the key last so that pages never overlap."""
        fields = self._sorted_by.fields
        flipped = [field.removeprefix("-") if field.startswith("-") else f"-{field}" for field in fields]
        return [*(flipped if self.is_descending else fields), "pk"]

    @property
    def heads(self) -> list[Head]:
        """Give the heads in order; sorting anew starts at the first page, numbers start with the largest."""
        return [Head(column, self._address(column), self._direction(column)) for column in self.columns]

    def _direction(self, column: Column) -> str:
        if column is not self._sorted_by:
            return ""
        return "descending" if self.is_descending else "ascending"

    def _address(self, column: Column) -> str:
        if not column.sort:
            return ""
        if column is self._sorted_by:
            order = column.name if self.is_descending else f"-{column.name}"
        else:
            order = f"-{column.name}" if column.number else column.name
        query = self._query.copy() if isinstance(self._query, QueryDict) else QueryDict(mutable=True)
        query[self._name] = order
        query.pop("page", None)
        return f"?{query.urlencode()}"

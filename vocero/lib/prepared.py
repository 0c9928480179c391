"""A query that is put together once: the ORM's work of making SQL costs more than the database's of answering it."""

import itertools
from collections.abc import Callable, Collection
from threading import Lock
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connections

_MARKS: Final = itertools.count(-7_301_000_001, -1)
type Compiled = tuple[str, tuple[Any, ...]]
type Converters = dict[int, tuple[list[Callable[..., Any]], Any]]


class Prepared:
    """A query whose values change and whose shape does not.

    `build` takes one argument for each of `names`, a whole number wherever it is used (or a text, for those of `texts`),
    and gives a `values_list` query.
    Rows come as the database gives them: select whole numbers and texts only, or ask for `typed` rows, whose columns
    are what the fields make of them.
    """

    def __init__(
        self, build: Callable[..., Any], *names: str, texts: Collection[str] = (), typed: bool = False
    ) -> None:
        self._build, self._typed, self._lock = build, typed, Lock()
        self._compiled: dict[str, Compiled] = {}
        self._converters: dict[str, Converters] = {}
        numbers = {name: next(_MARKS) for name in names}
        self._marks = {str(mark) if name in texts else mark: name for name, mark in numbers.items()}

    def rows(self, **values: int | str) -> list[tuple[Any, ...]]:
        """Give the rows for these values; one query."""
        connection = connections[DEFAULT_DB_ALIAS]
        sql, parameters = self._compiled.get(connection.vendor) or self._compile(connection.vendor)
        marks = self._marks
        given = [values[marks[one]] if isinstance(one, int | str) and one in marks else one for one in parameters]
        with connection.cursor() as cursor:
            cursor.execute(sql, given)
            rows = list(cursor.fetchall())
        converters = self._converters.get(connection.vendor)
        return [_converted(row, converters, connection) for row in rows] if converters else rows

    def _compile(self, vendor: str) -> Compiled:
        with self._lock:
            query = self._build(**{name: mark for mark, name in self._marks.items()}).query
            compiler = query.get_compiler(using=DEFAULT_DB_ALIAS)
            compiled: Compiled = compiler.as_sql()
            if self._typed:
                self._converters[vendor] = compiler.get_converters([one[0] for one in compiler.select])
            self._compiled[vendor] = compiled
            return compiled


def _converted(row: tuple[Any, ...], converters: Converters, connection: Any) -> tuple[Any, ...]:
    values = list(row)
    for place, (steps, expression) in converters.items():
        for step in steps:
            values[place] = step(values[place], expression, connection)
    return tuple(values)

"""A query that is put together once: the ORM's work of making SQL costs more than the database's of answering it."""

import itertools
from collections.abc import Callable
from threading import Lock
from typing import Any, Final

from django.db import DEFAULT_DB_ALIAS, connections

_MARKS: Final = itertools.count(-7_301_000_001, -1)
type Compiled = tuple[str, tuple[Any, ...]]


class Prepared:
    """A query whose whole numbers change and whose shape does not.

    `build` takes one argument for each of `names`, a whole number wherever it is used, and gives a `values_list` query.
    Rows come as the database gives them: select whole numbers and texts only.
    """

    def __init__(self, build: Callable[..., Any], *names: str) -> None:
        self._build, self._names, self._lock = build, names, Lock()
        self._compiled: dict[str, Compiled] = {}
        self._marks = {next(_MARKS): name for name in names}

    def rows(self, **values: int) -> list[tuple[Any, ...]]:
        """Give the rows for these numbers; one query."""
        connection = connections[DEFAULT_DB_ALIAS]
        sql, parameters = self._compiled.get(connection.vendor) or self._compile(connection.vendor)
        marks = self._marks
        given = [values[marks[one]] if isinstance(one, int) and one in marks else one for one in parameters]
        with connection.cursor() as cursor:
            cursor.execute(sql, given)
            return list(cursor.fetchall())

    def _compile(self, vendor: str) -> Compiled:
        with self._lock:
            query = self._build(**{name: mark for mark, name in self._marks.items()}).query
            compiled: Compiled = query.get_compiler(using=DEFAULT_DB_ALIAS).as_sql()
            self._compiled[vendor] = compiled
            return compiled

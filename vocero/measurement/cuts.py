"""Says in SQL under which keys of which cuts facts count, and adds them up there: one statement on both databases."""

from collections.abc import Sequence
from typing import Final

from django.db import connection

from vocero.measurement.dimensions import Dimension

_CONTENT: Final = ("post_id", "campaign_id", "origin", "kind", "topics", "purposes")
_PEOPLE: Final = ("team_path", "location", "language")
FROZEN: Final = (*_CONTENT, *_PEOPLE)
"""The columns that facts come with besides program and network; what is NULL or blank counts under no key."""

_ONE_KEY: Final = {
    Dimension.POST: "post_id",
    Dimension.CAMPAIGN: "campaign_id",
    Dimension.ORIGIN: "origin",
    Dimension.KIND: "kind",
    Dimension.LOCATION: "location",
    Dimension.LANGUAGE: "language",
}
_MANY_KEYS: Final = {Dimension.TOPIC: "topics", Dimension.PURPOSE: "purposes", Dimension.TEAM: "team_path"}
_EACH: Final = {
    "sqlite": "json_each(g.{0}) AS one",
    "postgresql": "jsonb_array_elements_text(g.{0}) AS one(value)",
}


def by_every_key(facts: str, counts: Sequence[str], also: Sequence[str] = ()) -> str:
    """Give the statement that adds up the `counts` of facts by program, dimension, key, network and what is named `also`.

    `facts` is a query that gives those, `FROZEN` and the counts by their names. Facts with the same content, and those of
    the same people, are taken together first: there are far fewer of them than of facts with all their keys.
    """
    sums = ", ".join(f"SUM({name}) AS {name}" for name in counts)
    kept = ", ".join(("program_id", "network", *also))
    parts = [f"SELECT {kept}, '{Dimension.ALL.value}' AS dimension, '' AS key, {', '.join(counts)} FROM content"]  # noqa: S608
    for dimension, column in _ONE_KEY.items():
        is_number = column.endswith("_id")
        key = f"CAST({column} AS text)" if is_number else column
        where = f"{column} <> {'0' if is_number else "''"}"
        parts.append(
            f"SELECT {kept}, '{dimension.value}', {key}, {', '.join(counts)} FROM {_side(column)} WHERE {where}"  # noqa: S608
        )
    parts += [_of_list(dimension, column, counts, also) for dimension, column in _MANY_KEYS.items()]
    groups = [
        f"{name} AS MATERIALIZED (SELECT {kept}, {', '.join(columns)}, {sums} FROM facts"  # noqa: S608
        f" GROUP BY {kept}, {', '.join(columns)})"
        for name, columns in (("content", _CONTENT), ("people", _PEOPLE))
    ]
    named = ", ".join(("program_id", "dimension", "key", "network", *also))
    whole = ", ".join(f"CAST(SUM({name}) AS bigint)" for name in counts)
    return (
        f"WITH facts AS MATERIALIZED ({facts}), {', '.join(groups)}"  # noqa: S608
        f" SELECT {named}, {whole} FROM ({' UNION ALL '.join(parts)}) AS cut GROUP BY {named}"
    )


def _of_list(dimension: Dimension, column: str, counts: Sequence[str], also: Sequence[str]) -> str:
    """Give the part for a list of keys; a key that stands in a list twice counts once."""
    kept = ("program_id", "network", *also)
    sums = ", ".join(f"SUM({name}) AS {name}" for name in counts)
    once = ", ".join(f"MAX(g.{name})" for name in counts)
    of_group = ", ".join(f"g.{name}" for name in kept)
    return (
        f"SELECT {of_group}, '{dimension.value}', CAST(one.value AS text), {once}"  # noqa: S608
        f" FROM (SELECT {', '.join(kept)}, {column}, {sums} FROM {_side(column)} GROUP BY {', '.join(kept)}, {column}) AS g,"
        f" {_EACH[connection.vendor].format(column)}"
        f" GROUP BY {of_group}, g.{column}, CAST(one.value AS text)"
    )


def _side(column: str) -> str:
    return "content" if column in _CONTENT else "people"

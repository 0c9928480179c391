"""The independent checker: every figure once more, from the facts alone, in plain SQL that both databases speak.

It knows the definitions of docs/use/results.md and nothing of the roll-ups, the folds or the queries of the product.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import connection

COUNTED = "s.day_on IS NOT NULL AND s.certainty <> ''"
CLICK_DAY = "(c.visitor >> 48)"
CLICKED = f"{CLICK_DAY} BETWEEN %(first_day)s AND %(last_day)s"
VALID = "c.verdict IN ('valid', 'repeat')"
ON_SHARES = (
    "FROM tracking_click c JOIN sharing_link l ON l.id = c.link_id LEFT JOIN sharing_share s ON s.id = l.share_id"
)


def ask(sql: str, **values: Any) -> list[tuple[Any, ...]]:
    """Run a query with named values and give its rows; days are there as days since 2020 too, as clicks hold them."""
    for name in {"first", "last"} & values.keys():
        values[f"{name}_day"] = (values[name] - date(2020, 1, 1)).days
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [tuple(row) for row in cursor.fetchall()]


def one(sql: str, **values: Any) -> Any:
    """Give the only value of a query, 0 for NULL."""
    return ask(sql, **values)[0][0] or 0


def figures(first_on: date, last_on: date, *, currency: str = "EUR") -> dict[str, Any]:
    """Give the KPIs of some days by code; money in minor units, the reach as (low, high, people)."""
    days = {"first": first_on, "last": last_on}
    return {
        "shares": one(f"SELECT COUNT(*) FROM sharing_share s WHERE {COUNTED} AND s.day_on BETWEEN %(first)s AND %(last)s", **days),
        "active": one(
            f"SELECT COUNT(DISTINCT s.member_id) FROM sharing_share s WHERE {COUNTED} AND s.day_on BETWEEN %(first)s AND %(last)s",
            **days,
        ),
        "clicks": one(f"SELECT COUNT(*) FROM tracking_click c WHERE {VALID} AND {CLICKED}", **days),
        "unique_clicks": one(
            "SELECT COUNT(*) FROM (SELECT DISTINCT c.link_id, c.visitor FROM tracking_click c"
            f" WHERE {VALID} AND (c.visitor >> 48) BETWEEN %(first_day)s AND %(last_day)s) u",
            **days,
        ),
        "daily_visitors": one(
            "SELECT COUNT(*) FROM (SELECT DISTINCT c.visitor FROM tracking_click c"
            f" WHERE {VALID} AND (c.visitor >> 48) BETWEEN %(first_day)s AND %(last_day)s) v",
            **days,
        ),
        "engagement": sum(engagement("s.id", **days).values()),
        "conversions": one(
            "SELECT COUNT(*) FROM tracking_conversion v WHERE v.state = 'credited' AND v.verified"
            " AND v.day_on BETWEEN %(first)s AND %(last)s",
            **days,
        ),
        "credited_value": one(
            "SELECT SUM(v.company_amount) FROM tracking_conversion v WHERE v.state = 'credited' AND v.verified"
            " AND v.day_on BETWEEN %(first)s AND %(last)s",
            **days,
        ),
        "emv": media_value(**days),
        "reach": reach(**days),
    }  # fmt: skip


def _since_2020(column: str) -> str:
    if connection.vendor == "sqlite":
        return f"julianday({column}) - julianday('2020-01-01')"
    return f"({column} - DATE '2020-01-01')"


def engagement(column: str, *, first: date, last: date) -> dict[Any, int]:
    """Give by a column of the share what the networks' last totals of the days are above the last ones before."""
    latest = (
        "(SELECT r.reactions + r.comments + r.reshares FROM sharing_engagementreading r"
        " WHERE r.share_id = s.id AND r.day_on {} ORDER BY r.day_on DESC LIMIT 1)"
    )
    rows = ask(
        f"SELECT {column}, COALESCE({latest.format('<= %(last)s')}, 0) - COALESCE({latest.format('< %(first)s')}, 0)"
        f" FROM sharing_share s WHERE {COUNTED}",
        first=first,
        last=last,
    )
    found: dict[Any, int] = {}
    for key, grown in rows:
        found[key] = found.get(key, 0) + grown
    return found


def media_value(*, first: date, last: date) -> dict[str, int]:
    """Give by currency what the unique clicks would have cost, in millionths, each at the rate of its day."""
    rate = (
        "(SELECT r.{} FROM measurement_rate r WHERE r.network = s.network AND r.confirmed_at IS NOT NULL"
        f" AND {_since_2020('r.from_on')} <= {CLICK_DAY} ORDER BY r.from_on DESC LIMIT 1)"
    )
    rows = ask(
        f"SELECT p.currency, SUM(p.cost) FROM (SELECT {rate.format('currency')} AS currency, {rate.format('base')} AS cost"
        f" {ON_SHARES} WHERE c.verdict = 'valid' AND (c.visitor >> 48) BETWEEN %(first_day)s AND %(last_day)s) p"
        " WHERE p.currency IS NOT NULL GROUP BY p.currency",
        first=first,
        last=last,
    )
    return {currency: int(cost) for currency, cost in rows}


def reach(*, first: date, last: date) -> tuple[int, int, int]:
    """Give the least and the most followers of who shared, on what they shared to, and of how many people."""
    row = ask(
        "SELECT SUM(a.low), SUM(a.high), COUNT(DISTINCT a.member_id) FROM networks_audience a WHERE EXISTS ("
        f" SELECT 1 FROM sharing_share s WHERE {COUNTED} AND s.member_id = a.member_id AND s.network = a.network"
        " AND s.day_on BETWEEN %(first)s AND %(last)s)",
        first=first,
        last=last,
    )[0]
    return int(row[0] or 0), int(row[1] or 0), int(row[2] or 0)


def by(column: str, *, first: date, last: date) -> dict[Any, dict[str, int]]:
    """Give shares, clicks, engagement and conversions by a column of the share."""
    days = {"first": first, "last": last}
    between = "BETWEEN %(first)s AND %(last)s"
    clicked = "BETWEEN %(first_day)s AND %(last_day)s"
    found: dict[Any, dict[str, int]] = {}

    def add(name: str, rows: list[tuple[Any, ...]]) -> None:
        for key, count in rows:
            if key not in {None, ""} and count:
                found.setdefault(key, {})[name] = int(count)

    add(
        "shares",
        ask(
            f"SELECT {column}, COUNT(*) FROM sharing_share s WHERE {COUNTED} AND s.day_on {between} GROUP BY 1", **days
        ),
    )
    add(
        "clicks",
        ask(f"SELECT {column}, COUNT(*) {ON_SHARES} WHERE {VALID} AND {CLICK_DAY} {clicked} GROUP BY 1", **days),
    )
    add(
        "unique",
        ask(
            f"SELECT {column}, COUNT(*) {ON_SHARES} WHERE c.verdict = 'valid' AND {CLICK_DAY} {clicked} GROUP BY 1",
            **days,
        ),
    )
    add("engagement", list(engagement(column, **days).items()))
    credited = (
        "FROM tracking_conversion v JOIN sharing_share s ON s.id = v.share_id"
        f" WHERE v.state = 'credited' AND v.verified AND v.day_on {between}"
    )
    add("conversions", ask(f"SELECT {column}, COUNT(*) {credited} GROUP BY 1", **days))
    add("value", ask(f"SELECT {column}, SUM(v.company_amount) {credited} GROUP BY 1", **days))
    return found  # fmt: skip


def topics(*, first: date, last: date) -> dict[int, int]:
    """Give the unique clicks by topic; the list of a share's topics is taken apart by each database in its own way."""
    items = (
        "json_each(s.topics) t" if connection.vendor == "sqlite" else "jsonb_array_elements_text(s.topics) AS t(value)"
    )
    rows = ask(
        "SELECT t.value, COUNT(*) FROM tracking_click c JOIN sharing_link l ON l.id = c.link_id"
        f" JOIN sharing_share s ON s.id = l.share_id, {items}"
        " WHERE c.verdict = 'valid' AND (c.visitor >> 48) BETWEEN %(first_day)s AND %(last_day)s GROUP BY 1",
        first=first,
        last=last,
    )
    return {int(topic): count for topic, count in rows}


def own_shares(member: int) -> Mapping[int, tuple[int, int, int]]:
    """Give an advocate's shares: unique clicks, credited conversions and what the network told last."""
    return {
        row[0]: (int(row[1]), int(row[2]), int(row[3] or 0))
        for row in ask(
            "SELECT s.id,"
            " (SELECT COUNT(*) FROM tracking_click c JOIN sharing_link l ON l.id = c.link_id"
            "  WHERE l.share_id = s.id AND c.verdict = 'valid'),"
            " (SELECT COUNT(*) FROM tracking_conversion v WHERE v.share_id = s.id AND v.state = 'credited'),"
            " (SELECT r.reactions + r.comments + r.reshares FROM sharing_engagementreading r"
            "  WHERE r.share_id = s.id ORDER BY r.day_on DESC LIMIT 1)"
            " FROM sharing_share s WHERE s.member_id = %(member)s",
            member=member,
        )
    }

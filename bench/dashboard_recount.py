"""Compares what the pages of figures say with a recount of single facts in plain SQL, as far as single clicks are kept."""

from datetime import date
from typing import Any, Final

from django.db import connection

from vocero.lib.periods import Period
from vocero.tracking.visitors import first_visitor_of

_KEYS: Final = {
    "network": ("s.network", ""),
    "campaign": ("s.campaign_id", ""),
    "post": ("s.post_id", ""),
    "origin": ("s.origin", ""),
    "topic": ("k.value", ", json_each(s.topics) k"),
}


def compare(periods: tuple[str, ...] = ("2026-09", "2026-Q3", "2026-W39")) -> dict[str, float]:
    """Count how many figures were compared and how many differ, which must be none; the first few are printed.

    Periods that begin before the first single click are left out; so are advocates when not every click is kept.
    """
    from vocero.company.queries import house, main_program
    from vocero.measurement import kpis, queries
    from vocero.measurement.spans import Span
    from vocero.tracking.queries import first_day_with_clicks

    program, currency, kept_from = main_program(), house().currency, first_day_with_clicks()
    compared, wrong = 0, 0
    for period in map(Period.parse, periods):
        key = period.key
        if kept_from and period.first_on < kept_from:
            print(f"{key}: no single clicks before {kept_from}")
            continue
        _count_clicks(period.first_on, period.last_on)
        span = Span(period, period.first_on, period.last_on)
        said = kpis.compute(program.pk, span, currency)
        pairs: list[tuple[str, Any, Any]] = [
            (f"{key} {code}", said[code].value, value) for code, value in _totals(*span.days).items()
        ]
        for cut in _KEYS:
            [rows] = queries.breakdown(program.pk, cut, span, currency=currency)
            told = {
                (name, key): value
                for key, row in rows.items()
                for name, value in (("shares", row.shares), ("clicks", row.clicks), ("unique", row.unique))
                if value
            }
            counted = _by_key(cut, *span.days)
            pairs += [(f"{key} {cut} {one}", told.get(one), counted.get(one)) for one in told.keys() | counted.keys()]
        compared += len(pairs)
        wrong += _differing(pairs)
    for name, pairs in (("ranking", _ranking(program.pk)), ("advocates", [] if kept_from else _advocates())):
        compared += len(pairs)
        wrong += _differing(pairs)
        print(name, len(pairs))
    return {"figures_compared": compared, "figures_wrong": wrong}


def _differing(pairs: list[tuple[str, Any, Any]]) -> int:
    wrong = [pair for pair in pairs if pair[1] != pair[2]]
    for pair in wrong[:5]:
        print("WRONG", *pair)
    return len(wrong)


def _ask(sql: str, *values: Any) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return list(cursor.fetchall())


def _visitors(first_on: date, last_on: date) -> tuple[int, int]:
    return first_visitor_of(first_on), first_visitor_of(date.fromordinal(last_on.toordinal() + 1)) - 1


def _totals(first_on: date, last_on: date) -> dict[str, int]:
    """Give the totals of some days by the code of their figure."""
    clicks = "FROM tracking_click WHERE verdict IN ('valid', 'repeat') AND visitor BETWEEN %s AND %s"
    shares = "FROM sharing_share WHERE day_on BETWEEN %s AND %s AND certainty <> ''"
    conversions = "FROM tracking_conversion WHERE day_on BETWEEN %s AND %s AND state = 'credited' AND verified"
    days, visitors = (first_on, last_on), _visitors(first_on, last_on)
    return {
        "clicks": _ask(f"SELECT COUNT(*) {clicks}", *visitors)[0][0],
        "unique_clicks": _ask(f"SELECT COUNT(*) FROM (SELECT DISTINCT link_id, visitor {clicks}) u", *visitors)[0][0],
        "daily_visitors": _ask(f"SELECT COUNT(DISTINCT visitor) {clicks}", *visitors)[0][0],
        "shares": _ask(f"SELECT COUNT(*) {shares}", *days)[0][0],
        "active": _ask(f"SELECT COUNT(DISTINCT member_id) {shares}", *days)[0][0],
        "conversions": _ask(f"SELECT COUNT(*) {conversions}", *days)[0][0],
    }


def _count_clicks(first_on: date, last_on: date) -> None:
    """Count the valid and unique clicks of each link once; cuts add them up."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS temp.counted")
        cursor.execute(
            "CREATE TEMP TABLE counted AS SELECT l.share_id AS share_id, COUNT(*) AS clicks,"
            " SUM(CASE WHEN c.verdict = 'valid' THEN 1 ELSE 0 END) AS uniques FROM tracking_click c"
            " JOIN sharing_link l ON l.id = c.link_id"
            " WHERE c.verdict IN ('valid', 'repeat') AND c.visitor BETWEEN %s AND %s GROUP BY 1",
            _visitors(first_on, last_on),
        )


def _by_key(cut: str, first_on: date, last_on: date) -> dict[tuple[str, str], int]:
    """Give shares, valid and unique clicks by the keys of a cut."""
    key, further = _KEYS[cut]
    clicks = (
        f"SELECT {key}, SUM(c.clicks), SUM(c.uniques) FROM temp.counted c"
        f" JOIN sharing_share s ON s.id = c.share_id{further} GROUP BY 1"
    )
    shares = (
        f"SELECT {key}, COUNT(*) FROM sharing_share s{further}"
        " WHERE s.day_on BETWEEN %s AND %s AND s.certainty <> '' GROUP BY 1"
    )
    found: dict[tuple[str, str], int] = {}
    for name, valid, unique in _ask(clicks):
        if name not in (None, ""):
            found |= {("clicks", str(name)): valid, ("unique", str(name)): unique}
    for name, many in _ask(shares, first_on, last_on):
        if name not in (None, ""):
            found["shares", str(name)] = many
    return {one: many for one, many in found.items() if many}


def _ranking(program: int) -> list[tuple[str, Any, Any]]:
    """Compare everybody's points of September, and the place of a few."""
    from vocero.company.models import Program
    from vocero.people.models import Member
    from vocero.recognition.models import PeriodPoints
    from vocero.recognition.ranking import standing

    month = Period.parse("2026-09")
    rows = _ask(
        "SELECT member_id, SUM(points) FROM recognition_ledgerentry WHERE day_on BETWEEN %s AND %s GROUP BY 1",
        month.first_on, month.last_on,
    )  # fmt: skip
    kept = dict(
        PeriodPoints.objects.filter(program=program, kind="m", first_on=month.first_on).values_list("member", "points")
    )
    facts = dict(rows)
    pairs: list[tuple[str, Any, Any]] = [
        (f"points of {member}", kept.get(member), facts.get(member)) for member in kept.keys() | facts.keys()
    ]
    owner = Program.objects.get(pk=program)
    for member in sorted(facts, key=lambda one: -facts[one])[:: max(len(facts) // 10, 1)]:
        above = 1 + sum(points > facts[member] for points in facts.values())
        pairs.append((f"place of {member}", standing(Member.objects.get(pk=member), owner, month).place, above))
    return pairs


def _advocates() -> list[tuple[str, Any, Any]]:
    """Compare the unique clicks of the ten who have the most."""
    from vocero.people.models import Member
    from vocero.web.advocate.results import clicks_of_member

    rows = _ask(
        "SELECT s.member_id, COUNT(*) FROM tracking_click c JOIN sharing_share s ON s.id = c.link_id"
        " WHERE c.verdict = 'valid' GROUP BY 1 ORDER BY 2 DESC LIMIT 10"
    )
    return [(f"clicks of {pk}", clicks_of_member(Member.objects.get(pk=pk)), many) for pk, many in rows]

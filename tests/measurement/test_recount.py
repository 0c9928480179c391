"""Every tile, file and advocate page says what an independent count from the facts says, on both databases."""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from itertools import product

import pytest
from django.test import Client

from tests.cast import SignIn, make_member
from tests.measurement import recount
from tests.measurement.facts import Company, click_on, join, live, noon, share_on
from vocero.content.models import Post, Topic
from vocero.lib import clock
from vocero.lib.periods import Period
from vocero.measurement import services
from vocero.measurement.models import Rate
from vocero.networks.models import Audience
from vocero.networks.queries import label_of
from vocero.people.models import Member
from vocero.sharing.models import Share
from vocero.web.advocate.results import results_of

FIRST_ON, LAST_ON = date(2026, 8, 28), date(2026, 11, 10)
CUTS = (("network", "s.network"), ("post", "s.post_id"), ("origin", "s.origin"))
PERIODS = ("2026-10", "2026-11", "2026-W41", "2026-Q3", "2026-Q4")


@pytest.fixture
def company(db: None) -> Iterator[Company]:
    """A random company, lived through to 10 November 2026, with rates that change in the middle of October."""
    made = live(11, first_on=FIRST_ON, last_on=LAST_ON, most_people=40, most_shares=150)
    made.manager = make_member("Marta Ferrari", role=Member.Role.MANAGER)  # type: ignore[attr-defined]
    for number, member in enumerate(made.members[::2]):
        Audience.objects.create(
            member=member, network="linkedin", low=100 * number, high=100 * number + 50, origin="entered",
            updated_at=noon(FIRST_ON),
        )  # fmt: skip
    at = noon(LAST_ON)
    services.confirm_starter_rates(by=made.members[0], at=at)
    services.set_rate(
        "linkedin", currency="USD", base=Decimal("6.25"), from_on=date(2026, 10, 16), source="Our own campaigns",
        by=made.members[0], at=at,
    )  # fmt: skip
    Rate.objects.filter(is_starter=True).update(from_on=date(2020, 1, 1))
    services.roll_up(services.oldest_complete_day(at), LAST_ON, at=at)
    with clock.moved_clock(at):
        yield made


@pytest.fixture
def manager(company: Company, sign_in: SignIn) -> Client:
    return sign_in(company.manager)  # type: ignore[attr-defined]


def rows_of(client: Client, period: str, by: str) -> list[list[str]]:
    response = client.get("/manage/results/file", {"period": period, "by": by})
    assert response.status_code == 200
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))[1:]


def days_of(key: str) -> tuple[date, date]:
    period = Period.parse(key)
    return period.first_on, min(period.last_on, LAST_ON)


def in_major(millionths: int) -> Decimal:
    return (Decimal(millionths) / 1_000_000).quantize(Decimal("0.01"), ROUND_HALF_EVEN)


def test_every_figure_of_the_file_is_what_the_facts_say(manager: Client) -> None:
    for period in PERIODS:
        first, last = days_of(period)
        truth = recount.figures(first, last)
        rows = rows_of(manager, period, "figures")
        value = {row[0]: Decimal(row[1]) if row[1] else None for row in rows}.__getitem__
        assert value("Shares") == truth["shares"] > 0
        assert value("Active") == truth["active"]
        assert value("Valid clicks") == truth["clicks"]
        assert truth["clicks"] or period == "2026-W41"
        assert value("Unique clicks") == truth["unique_clicks"]
        assert value("Daily visitors") == truth["daily_visitors"]
        assert value("Engagement") == truth["engagement"]
        assert value("Conversions") == truth["conversions"]
        assert value("Credited value") == Decimal(truth["credited_value"]) / 100
        assert value("What these clicks would have cost as ads") == (
            in_major(truth["emv"]["USD"]) if truth["emv"] else None
        )
        low, high, people = truth["reach"]
        assert value("Possible reach") == ((low + high) // 2 if people >= 5 else None)


def test_every_tile_shows_the_figures_of_the_file(manager: Client) -> None:
    for period in PERIODS:
        page = manager.get("/manage/results/", {"period": period})
        tiles = {str(tile.label): tile.value for group in ("first", "people", "more") for tile in page.context[group]}
        rows = {row[0]: row for row in rows_of(manager, period, "figures")}
        assert tiles.keys() == rows.keys()
        html = page.content.decode()
        for label, value in tiles.items():
            assert value.replace("&", "&amp;") in html
            shown = "".join(sign for sign in value if sign.isdigit() or sign == ".")
            written = rows[label][1]
            if not written:
                assert value == "–"
            elif Decimal(written) >= 100 and rows[label][2] in {"EUR", "USD"}:
                assert Decimal(shown) == Decimal(written).quantize(Decimal(1), ROUND_HALF_EVEN)
            else:
                assert Decimal(shown) == Decimal(written)


def test_every_cut_of_content_is_what_the_facts_say(manager: Client) -> None:
    for (by, column), period in product(CUTS, PERIODS):
        first, last = days_of(period)
        truth = recount.by(column, first=first, last=last)
        titles = {post.pk: post.title for post in Post.objects.all()}
        found = sorted(tuple(row[1:3] + row[4:]) for row in rows_of(manager, period, by))
        wanted = sorted(
            (
                str(row.get("shares", 0)),
                str(row.get("unique", 0)),
                str(row.get("clicks", 0)),
                _engagement(row.get("engagement", 0), key if by == "network" else ""),
                str(row.get("conversions", 0)),
                str(Decimal(row.get("value", 0)).scaleb(-2)),
            )
            for key, row in truth.items()
        )
        assert found == wanted
        names = {row[0] for row in rows_of(manager, period, by)}
        if by == "network":
            assert names == {label_of(key) for key in truth}
        if by == "post":
            assert names <= set(titles.values())


def _engagement(total: int, network: str) -> str:
    return "" if not total and network in {"linkedin", "x"} else str(total)


def test_topics_are_what_the_facts_say(manager: Client) -> None:
    first, last = days_of("2026-10")
    names = {topic.pk: topic.name["en"] for topic in Topic.objects.all()}
    truth = {names[topic]: count for topic, count in recount.topics(first=first, last=last).items()}
    found = {row[0]: int(row[2]) for row in rows_of(manager, "2026-10", "topic") if int(row[2])}
    assert found == truth


def test_the_file_of_teams_holds_only_what_may_be_shown_and_that_is_what_the_facts_say(
    company: Company, manager: Client
) -> None:
    busy = [member for member in company.members if member.team_id][:24]
    teams = {member.team_id for member in busy}
    for number, member in enumerate(busy * 2):
        share = share_on(member, company.posts[0], date(2026, 10, 2 + number % 20))
        click_on(share, date(2026, 10, 25), [number + 100])
    for number in range(12):
        quiet = make_member(f"Quiet {number}", team=busy[number].team, email=f"quiet{number}@random.example")
        join(quiet, company.house, at=noon(FIRST_ON))
    services.roll_up_recent(at=noon(LAST_ON))
    services.decide_due(company.house.program, at=noon(LAST_ON))
    found = {row[0]: row for row in rows_of(manager, "2026-10", "team")}
    assert found, "the company is large enough for a team"
    truth = {
        name: (shares, unique)
        for name, shares, unique in recount.ask(
            "SELECT t.name, (SELECT COUNT(*) FROM sharing_share s WHERE s.day_on BETWEEN %(first)s AND %(last)s"
            f" AND s.certainty <> '' AND {_in_team()}),"
            " (SELECT COUNT(*) FROM tracking_click c JOIN sharing_link l ON l.id = c.link_id JOIN sharing_share s ON s.id ="
            f" l.share_id WHERE c.verdict = 'valid' AND (c.visitor >> 48) BETWEEN %(first_day)s AND %(last_day)s AND {_in_team()})"
            " FROM people_team t",
            first=date(2026, 10, 1),
            last=date(2026, 10, 31),
        )
    }
    for name, row in found.items():
        if name != "Everybody else":
            for shown, true in zip(row[1:3], truth[name], strict=True):
                assert shown in {"", str(true)}
    assert teams


def _in_team() -> str:
    from django.db import connection

    if connection.vendor == "sqlite":
        return "EXISTS (SELECT 1 FROM json_each(s.team_path) p WHERE p.value = t.id)"
    return "s.team_path @> to_jsonb(t.id)"


def test_an_advocate_s_page_says_what_the_facts_say(company: Company, sign_in: SignIn) -> None:
    busiest = max(company.members, key=lambda member: sum(share.member_id == member.pk for share in company.shares))
    truth = recount.own_shares(busiest.pk)
    shares = list(Share.objects.filter(member=busiest).prefetch_related("engagement_readings"))
    from vocero.sharing.queries import received_of

    results = results_of(shares, received_of(shares))
    assert {pk: (result.clicks, result.conversions, result.reactions) for pk, result in results.items()} == truth
    client = sign_in(busiest)
    page = client.get("/shares")
    assert page.context["clicks"] == sum(clicks for clicks, _conversions, _told in truth.values())
    for row in page.context["rows"]:
        assert (row.result.clicks, row.result.conversions, row.result.reactions) == truth[row.share.pk]


def test_the_month_on_one_page_says_the_same(manager: Client) -> None:
    truth = recount.figures(*days_of("2026-10"))
    page = manager.get("/manage/month/2026-10")
    sentence = page.context["sentence"]
    assert f"{truth['shares']} shares" in sentence
    assert f"{truth['unique_clicks']} click" in sentence
    best = max(recount.by("s.post_id", first=date(2026, 10, 1), last=date(2026, 10, 31)).values(),
               key=lambda row: row.get("unique", 0))  # fmt: skip
    assert page.context["posts"][0].clicks.startswith(str(best["unique"]))


def test_adoption_is_what_invitations_and_answers_say(company: Company, manager: Client) -> None:
    program, ends = company.house.program.pk, noon(LAST_ON) + timedelta(days=1)
    invited = recount.one(
        "SELECT COUNT(DISTINCT i.member_id) FROM people_invitation i WHERE i.program_id = %(p)s AND i.sent_at < %(e)s",
        p=program, e=ends,
    )  # fmt: skip
    joined = recount.one(
        "SELECT COUNT(*) FROM people_enrolment e WHERE e.program_id = %(p)s AND e.state IN ('joined', 'paused')",
        p=program,
    )
    found = {row[0]: row[1] for row in rows_of(manager, "2026-11", "figures")}
    assert (int(found["Invited"]), int(found["Joined"])) == (invited, joined)

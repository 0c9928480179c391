"""The results pages: figures against the period before, cuts that keep silent about few people, rates, files, the month."""

import csv
import io
import re
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from django.utils.translation import override

from tests.cast import People, SignIn, make_member
from tests.measurement.facts import click_on, convert_on, invite, join, noon, share_on
from tests.sharing.library import make_post
from vocero.company.models import AuditEntry
from vocero.lib import clock
from vocero.lib.money import Money
from vocero.lib.periods import Period
from vocero.measurement import services
from vocero.measurement.definitions import DEFINITIONS, Certainty, Value
from vocero.measurement.kpis import Kpi
from vocero.measurement.models import Rate, ReportLink
from vocero.measurement.queries import Series
from vocero.measurement.spans import Span
from vocero.people.models import Member
from vocero.recognition.queries import thanks_for
from vocero.sharing.models import Share
from vocero.tracking.models import Click
from vocero.web.manager.figures import difference, no_comparison, period_label
from vocero.web.manager.results import daily_charts

TODAY = date(2026, 12, 3)
IN_NOVEMBER = date(2026, 11, 20)


@pytest.fixture
def december(people: People) -> Iterator[People]:
    """The cast after November: Sales shared, each once, and was clicked; Engineering did not."""
    post = make_post(people.house, title="=cmd|' /C calc'!A0")
    for number, member in enumerate((people.ana, people.bruno, people.elif_, people.giulia, people.ines)):
        share = share_on(member, post, IN_NOVEMBER)
        click_on(share, IN_NOVEMBER, [number, number])
    convert_on(people.house, IN_NOVEMBER, share)
    roll_up()
    with clock.moved_clock(noon(TODAY)):
        yield people


def roll_up() -> None:
    services.roll_up(date(2026, 11, 1), TODAY, at=noon(TODAY))


@pytest.fixture
def marta(december: People, sign_in: SignIn) -> Client:
    return sign_in(december.marta)


def tiles(page: Any) -> dict[str, str]:
    return {str(one.label): one.value for group in ("first", "people", "more") for one in page.context[group]}


def file_of(client: Client, **query: str) -> list[list[str]]:
    response = client.get("/manage/results/file", query)
    assert response["Content-Type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_figures_stand_against_the_period_before(marta: Client, december: People) -> None:
    share_on(december.ana, make_post(december.house), date(2026, 10, 20))
    services.roll_up(date(2026, 10, 1), TODAY, at=noon(TODAY))
    page = marta.get("/manage/results/?period=2026-11")
    shown = tiles(page)
    assert (shown["Shares"], shown["Valid clicks"], shown["Unique clicks"]) == ("5", "10", "5")
    assert (shown["Conversions"], shown["Credited value"]) == ("1", "100\xa0EUR")
    text = page.content.decode()
    assert "Each figure is compared with October 2026." in text
    assert "(October 2026: 1)" in text
    assert "nothing to compare" not in text


@pytest.mark.parametrize("period", ["2026-Q4", "2026-11"])
def test_before_the_first_day_of_figures_there_is_nothing_to_compare_with(marta: Client, period: str) -> None:
    page = marta.get(f"/manage/results/?period={period}")
    text = page.content.decode()
    assert tiles(page)["Shares"] == "5"
    assert "These are the first figures, so there is nothing to compare them with yet." in text
    assert all(one.difference is None for group in ("first", "people", "more") for one in page.context[group])
    assert "Each figure is compared with" not in text
    opened = marta.get(f"/manage/results/figures/shares?period={period}").content.decode()
    assert "The first period, so there is nothing to compare with yet." in opened
    assert 'class="difference' not in opened
    row = next(row for row in file_of(marta, by="figures", period=period) if row[0] == "Shares")
    assert (row[1], row[3]) == ("5", "")
    head, *lines = file_of(marta, period=period)
    assert {line[head.index("Before")] for line in lines} == {""}
    assert re.search(r'data-label="Before">–</td>', text)


def test_a_figure_that_few_people_would_give_away_is_not_called_the_first() -> None:
    span = Span.until(Period.parse("2026-11"), TODAY)
    assert (
        no_comparison(Kpi(DEFINITIONS["joined"], span, 12, Certainty.MEASURED))
        == "Not compared: too few people in the period before."
    )
    emv = Kpi(DEFINITIONS["emv"], span, Money(100, "EUR"), Certainty.ESTIMATED)
    assert no_comparison(emv) == "Not compared: nothing of the period before has a price."


@pytest.mark.parametrize(
    ("code", "before", "after", "said"),
    [
        ("unique_clicks", 2843, 2829, "almost the same"),
        ("unique_clicks", 2843, 2843, "the same"),
        ("unique_clicks", 2843, 2800, "−2\u00a0%"),
        ("participation", Decimal("78.12"), Decimal("78.10"), "almost the same"),
        ("participation", Decimal("79.2"), Decimal("78.1"), "−1.1 percentage points"),
    ],
)
def test_a_change_is_never_called_nought(code: str, before: Value, after: Value, said: str) -> None:
    span = Span.until(Period.parse("2026-11"), TODAY)
    kpi = Kpi(DEFINITIONS[code], span, after, Certainty.MEASURED, previous=before)
    found = difference(kpi)
    assert found is not None
    assert found.text == said


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Nov 2026"), ("es", "nov 2026"), ("it", "nov 2026"), ("pl", "lis 2026")]
)
def test_months_below_a_chart_are_short_enough_for_a_phone(language: str, said: str) -> None:
    with override(language):
        assert period_label(Period.parse("2026-11")) == said


def test_what_clicks_would_have_cost_is_not_priced_until_rates_are_confirmed_and_stands_last(marta: Client) -> None:
    page = marta.get("/manage/results/?period=2026-11")
    assert list(tiles(page).items())[-1] == ("What these clicks would have cost as ads", "–")
    assert "Not priced: no rate is confirmed." in page.content.decode()
    assert not Rate.objects.exists()
    marta.post("/manage/results/rates/confirm")
    page = marta.get("/manage/results/?period=2026-11")
    assert tiles(page)["What these clicks would have cost as ads"] == "27.90\xa0USD"
    assert AuditEntry.objects.filter(action="measurement.rates_confirmed").count() == 1


def test_rates_in_another_currency_say_so_and_lead_to_ones_own(marta: Client) -> None:
    said = "Some rates are in USD, and your company counts in EUR"
    before = marta.get("/manage/results/rates").content.decode()
    assert said in before
    assert 'href="#own"' in before
    assert 'id="own"' in before
    marta.post("/manage/results/rates/confirm")
    assert said in marta.get("/manage/results/rates").content.decode()
    assert said not in marta.get("/manage/results/").content.decode()
    Rate.objects.update(currency="EUR")
    assert said not in marta.get("/manage/results/rates").content.decode()


def test_a_rate_of_ones_own_holds_from_its_day_and_moves_no_day_before(marta: Client, december: People) -> None:
    marta.post("/manage/results/rates/confirm")
    share = share_on(december.ana, make_post(december.house), date(2026, 11, 25))
    click_on(share, date(2026, 11, 25), [77])
    roll_up()
    rate = {
        "network": "linkedin",
        "base": "2.00",
        "currency": "USD",
        "from_on": "2026-11-25",
        "source": "Our campaigns",
    }
    assert marta.post("/manage/results/rates", rate).status_code == 302
    assert (
        tiles(marta.get("/manage/results/?period=2026-11"))["What these clicks would have cost as ads"]
        == "29.90\xa0USD"
    )
    wrong = marta.post("/manage/results/rates", rate | {"base": "0", "source": ""})
    assert wrong.status_code == 422
    assert "Our campaigns" not in wrong.content.decode().split('id="own"')[1]


def test_a_team_is_not_shown_when_the_rest_would_tell_about_few(marta: Client, december: People) -> None:
    services.decide_due(december.program, at=noon(TODAY))
    page = marta.get("/manage/results/?period=2026-11&by=team")
    assert "Appears when enough people take part." in page.content.decode()
    assert file_of(marta, period="2026-11", by="team")[1:] == []


def test_teams_appear_when_five_shared_in_each_and_not_everybody(marta: Client, december: People) -> None:
    post = make_post(december.house)
    for member in (december.celina, december.david, december.filip, december.hugo, december.maximiliana):
        share_on(member, post, IN_NOVEMBER)
    roll_up()
    before = marta.get("/manage/results/?period=2026-11&by=team")
    assert "Groups of people appear once the period is over." in before.content.decode()
    services.decide_due(december.program, at=noon(TODAY))
    rows = {row[0]: row[1] for row in file_of(marta, period="2026-11", by="team")[1:]}
    assert rows == {"Sales": "5", "Engineering": "5"}
    share_on(december.ana, post, date(2026, 11, 29))
    roll_up()
    assert {row[0]: row[1] for row in file_of(marta, period="2026-11", by="team")[1:]} == rows
    week = marta.get("/manage/results/?period=2026-W47&by=team")
    assert "A week would tell about few people." in week.content.decode()


def test_totals_of_people_appear_when_five_are_invited(house: Any, sign_in: SignIn) -> None:
    marta = make_member("Marta Ferrari", role=Member.Role.MANAGER)
    members = [make_member(f"Person {number}", email=f"p{number}@aurora.example") for number in range(5)]
    for member in members[:4]:
        join(member, house, at=noon(IN_NOVEMBER))
    client = sign_in(marta)
    with clock.moved_clock(noon(TODAY)):
        roll_up()
        assert tiles(client.get("/manage/results/?period=2026-11"))["Joined"] == "–"
        assert "Appears when five people are invited." in client.get("/manage/results/").content.decode()
        invite(members[4], house, at=noon(date(2026, 11, 28)))
        services.roll_up_anew(date(2026, 11, 1), TODAY, at=noon(TODAY))
        shown = tiles(client.get("/manage/results/?period=2026-11"))
    assert (shown["Invited"], shown["Joined"]) == ("5", "4")


def test_a_file_runs_nothing_and_names_no_person_and_no_share(marta: Client, december: People) -> None:
    rows = file_of(marta, period="2026-11", by="post")
    assert rows[1][0].startswith("'=cmd")
    whole = "".join(marta.get("/manage/results/file", {"period": "2026-11", "by": by}).content.decode()
                    for by in ("figures", "network", "post", "campaign", "topic", "origin", "team", "language"))  # fmt: skip
    for member in Member.objects.all():
        assert member.name not in whole
        assert member.public_id not in whole
    assert all(share.public_id not in whole for share in december.ana.shares.all())


@pytest.mark.parametrize(
    "code", ["shares", "clicks", "daily_visitors", "joined", "emv", "credited_value", "potential_reach"]
)
def test_each_figure_can_be_opened(marta: Client, code: str) -> None:
    page = marta.get(f"/manage/results/figures/{code}?period=2026-11")
    assert page.status_code == 200
    text = page.content.decode()
    assert "How it is made" in text
    assert str(page.context["kpi"].definition.formula).split("×")[0].strip()[:20] in text.replace("&#x27;", "'")


def test_an_opened_figure_says_what_is_not_out_and_only_there_it_is_looked_for(marta: Client, december: People) -> None:
    post = make_post(december.house)
    nowhere = {"certainty": "", "day_on": None, "out_at": None}
    share_on(december.ana, post, IN_NOVEMBER, state=Share.State.STARTED, **nowhere)
    share_on(december.bruno, post, IN_NOVEMBER, state=Share.State.STARTED, **nowhere)
    share_on(december.ines, post, IN_NOVEMBER, state=Share.State.UNCONFIRMED, channel="api", **nowhere)
    left_out = [one.value for one in marta.get("/manage/results/figures/shares?period=2026-11").context["left_out"]]
    assert left_out == ["2", "1", "–"]
    with CaptureQueriesContext(connection) as asked:
        assert tiles(marta.get("/manage/results/?by=post&period=2026-11"))["Shares"] == "5"
    assert len(asked) > 1
    assert not [one["sql"] for one in asked if "sharing_share" in one["sql"]]


def test_charts_are_drawn_again_for_new_figures_and_for_another_language(marta: Client, december: People) -> None:
    first, second = (marta.get("/manage/results/?period=2026-11").context["charts"] for _time in range(2))
    assert all(one is other for one, other in zip(first, second, strict=True))
    share_on(december.marta, make_post(december.house), IN_NOVEMBER)
    roll_up()
    grown = marta.get("/manage/results/?period=2026-11").context["charts"]
    row = IN_NOVEMBER.day - 1
    assert [one.rows[row] for one in first] == [("20 Nov", ["5"]), ("20 Nov", ["5"])]
    assert [one.rows[row] for one in grown] == [("20 Nov", ["6"]), ("20 Nov", ["5"])]
    for language, day in (("en", "20 Nov"), ("pl", "20 lis")):
        with translation.override(language):
            assert daily_charts(Series((IN_NOVEMBER,), (5,), (5,)))[0].rows == [(day, ["5"])]


@pytest.mark.parametrize(
    ("code", "unit", "names"),
    [
        ("shares", "shares", ["Published by us", "Proved by a click", "Told by the person"]),
        ("unique_clicks", "clicks", ["Valid clicks", "Unique clicks"]),
        ("daily_visitors", "visitors", []),
        ("engagement", "reactions", ["Reactions", "Comments", "Reshares"]),
        ("conversions", "conversions", []),
        ("credited_value", "EUR", []),
    ],
)
def test_an_opened_figure_is_drawn_with_its_unit_and_what_the_colors_mean(
    marta: Client, code: str, unit: str, names: list[str]
) -> None:
    page = marta.get(f"/manage/results/figures/{code}?period=2026-11")
    (drawn,) = re.findall(r'<figure class="chart">.*?</figure>', page.content.decode(), re.DOTALL)
    assert f"<p>{unit}</p>" in drawn
    assert "<svg" in drawn
    legend = drawn[: drawn.index('class="chart-frame')]
    assert all(name in legend for name in names)
    chart = page.context["chart"]
    shown = {"shares": 5, "unique_clicks": 5, "conversions": 1}
    if code in shown:
        assert str(shown[code]) in dict(chart.rows)["20 Nov"]


def test_few_people_are_neither_drawn_nor_told(house: Any, sign_in: SignIn) -> None:
    marta = make_member("Marta", role=Member.Role.MANAGER)
    page = sign_in(marta).get("/manage/results/figures/joined")
    assert page.context["chart"] is None
    assert "<figure" not in page.content.decode()


@pytest.mark.parametrize("query", ["period=yesterday", "period=2030-01", "period=2026-11-20", "by=member", "by=share"])
def test_what_there_is_not_is_not_found(marta: Client, query: str) -> None:
    assert marta.get(f"/manage/results/?{query}").status_code == 404
    assert marta.get(f"/manage/results/file?{query}").status_code == 404
    assert marta.get("/manage/results/figures/revenue").status_code == 404


def test_an_empty_company_is_told_that_there_is_nothing_yet(people: People, sign_in: SignIn) -> None:
    page = sign_in(people.olga).get("/manage/results/?by=post")
    assert "Nothing was shared and nobody clicked in this period." in page.content.decode()


def test_a_post_says_in_one_sentence_what_it_brought_and_claims_no_engagement_that_nobody_told(
    marta: Client, december: People
) -> None:
    share = december.ana.shares.get()
    page = marta.get(f"/manage/results/posts/{share.post.public_id}?period=2026-11")
    assert "5 shares brought 5 clicks and 1 result worth 100\xa0EUR." in page.content.decode()
    [(line, _cells)] = page.context["lines"]
    assert (line.name, line.shares, line.engagement) == ("LinkedIn", 5, None)


def test_a_cut_by_campaign_says_what_is_not_in_it_and_no_cut_is_offered_within_practice(marta: Client) -> None:
    by_campaign = marta.get("/manage/results/?by=campaign&period=2026-11").context["cut"]
    assert by_campaign.note == "Posts without a campaign are not in this table."
    page = marta.get("/manage/results/?by=post&period=2026-11")
    assert 'value="network:linkedin"' in page.content.decode()
    assert 'value="network:practice"' not in page.content.decode()


def test_an_amount_stands_at_its_day_and_days_without_one_keep_their_place(marta: Client) -> None:
    chart = marta.get("/manage/results/figures/credited_value?period=2026-11").context["chart"]
    assert len(chart.rows) == 30


def test_thanks_reach_everybody_who_shared_and_tell_the_team_nobody(marta: Client, december: People) -> None:
    share = december.ana.shares.get()
    page = marta.get(f"/manage/results/posts/{share.post.public_id}?period=2026-11")
    assert all(member.name not in page.content.decode() for member in december.advocates)
    marta.post(f"/manage/results/posts/{share.post.public_id}", {"text": "You moved people."})
    for own in (share, december.giulia.shares.get()):
        assert [one.text for one in thanks_for([own])[own.pk].from_team] == ["You moved people."]
    again = marta.post(f"/manage/results/posts/{share.post.public_id}", {"text": "You moved people."})
    assert again.status_code == 422


def test_the_month_on_one_page_says_it_in_one_sentence(marta: Client) -> None:
    page = marta.get("/manage/month/2026-11")
    assert "5 shares brought 5 clicks and 1 result worth 100\xa0EUR." in page.content.decode()
    marta.post("/manage/month/2026-11/plan", {"text": "More about the mill."})
    assert "More about the mill." in marta.get("/manage/month/2026-11").content.decode()


def test_a_read_only_address_shows_the_month_and_nothing_else_until_it_ends(marta: Client, december: People) -> None:
    marta.post("/manage/month/2026-11/address")
    page = marta.get("/manage/month/2026-11")
    address = page.context["address"].removeprefix("http://testserver")
    assert address not in marta.get("/manage/month/2026-11").content.decode()
    guest = Client()
    sheet = guest.get(address)
    text = sheet.content.decode()
    assert sheet.status_code == 200
    assert "5 shares brought 5 clicks" in text
    assert "<form" not in text
    assert all(member.name not in text for member in Member.objects.all())
    assert "noindex" in sheet["X-Robots-Tag"]
    assert guest.get("/report/" + "A" * 43).status_code == 404
    token = address.rsplit("/", 1)[1]
    link = ReportLink.objects.get()
    assert token not in (link.token_hash, link.public_id)
    assert guest.get("/manage/month/2026-11").status_code == 302
    with clock.moved_clock(noon(TODAY) + timedelta(days=31)):
        assert guest.get(address).status_code == 404
    marta.post(f"/manage/month/2026-11/address/{link.public_id}/end")
    assert guest.get(address).status_code == 404


def test_an_advocate_finds_no_results_of_the_company(december: People, sign_in: SignIn) -> None:
    ana = sign_in(december.ana)
    for path in ("/manage/results/", "/manage/results/file", "/manage/month/2026-11", "/manage/results/rates"):
        assert ana.get(path).status_code == 404


def test_a_month_stays_within_reach_after_its_single_clicks_are_forgotten(marta: Client) -> None:
    Click.objects.all().delete()
    page = marta.get("/manage/results/?period=2026-12")
    assert "2026-11" in page.context["earlier"]
    assert tiles(marta.get("/manage/results/?period=2026-11"))["Unique clicks"] == "5"

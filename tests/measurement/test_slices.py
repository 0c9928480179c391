"""Cuts of content within one content: equal to a recount, worked out once by any number of workers, forgotten in time."""

import csv
import io
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import product
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from tests.cast import SignIn, make_member
from tests.measurement import recount
from tests.measurement.facts import Company, click_on, live, noon
from vocero.content.models import Campaign, Origin, Topic
from vocero.lib import clock
from vocero.lib.periods import Period
from vocero.measurement import services, slices, slicing, tasks
from vocero.measurement.dimensions import Dimension
from vocero.measurement.models import Slice
from vocero.measurement.slices import Answer, Question
from vocero.measurement.spans import Span
from vocero.people.models import Member
from vocero.web.manager import cuts, results

FIRST_ON, LAST_ON = date(2026, 9, 1), date(2026, 11, 10)
NOW = noon(LAST_ON)
COLUMNS = {Dimension.POST: "s.post_id", Dimension.CAMPAIGN: "s.campaign_id", Dimension.ORIGIN: "s.origin"}


@pytest.fixture
def company(db: None) -> Iterator[Company]:
    """A random company, lived through to 10 November 2026."""
    made = live(5, first_on=FIRST_ON, last_on=LAST_ON, most_people=14, most_shares=120)
    services.roll_up(services.oldest_complete_day(NOW), LAST_ON, at=NOW)
    with clock.moved_clock(NOW):
        yield made


@pytest.fixture
def manager(company: Company, sign_in: SignIn) -> Client:
    return sign_in(make_member("Marta Ferrari", role=Member.Role.MANAGER))


@pytest.fixture
def large(monkeypatch: pytest.MonkeyPatch) -> None:
    """A company that is too large for a page to wait: everything is worked out by due work."""
    by_single_days(monkeypatch)


def by_single_days(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing be small, and each step be one day."""
    monkeypatch.setattr(slices, "SMALL", -1)
    monkeypatch.setattr(slicing, "STEP", 1)


def question(company: Company, what: Dimension, within: Dimension, key: object, period: str = "2026-10") -> Question:
    return Question(company.house.program.pk, what, within, str(key), Span.until(Period.parse(period), LAST_ON))


def answer(asked: Question) -> Answer:
    found: Answer = {}
    slices.add_days(found, asked, asked.days(), currency="EUR")
    return found


def pairs() -> list[tuple[Dimension, Dimension, Any]]:
    """Every cut within every thing there is."""
    keys: dict[Dimension, list[Any]] = {
        Dimension.CAMPAIGN: list(Campaign.objects.values_list("pk", flat=True)),
        Dimension.TOPIC: list(Topic.objects.values_list("pk", flat=True)),
        Dimension.ORIGIN: [str(value) for value in Origin.values],
    }
    return [
        (what, within, key) for what, within in product(slices.CONTENT, keys) if what != within for key in keys[within]
    ]


def lies(within: Dimension, key: Any) -> str:
    if within == Dimension.TOPIC:
        if connection.vendor == "sqlite":
            return f"EXISTS (SELECT 1 FROM json_each(s.topics) t WHERE t.value = {key})"
        return f"s.topics @> to_jsonb({key})"
    return f"{COLUMNS[within]} = " + (f"'{key}'" if within == Dimension.ORIGIN else str(key))


def truth(what: Dimension, within: Dimension, key: Any, first: date, last: date) -> dict[str, dict[str, int]]:
    """Count the single facts in plain SQL."""
    inside = lies(within, key)
    if what != Dimension.TOPIC:
        column = f"CASE WHEN {inside} THEN {COLUMNS[what]} END"
        return {str(name): row for name, row in recount.by(column, first=first, last=last).items()}
    found = {}
    for topic in Topic.objects.values_list("pk", flat=True):
        column = f"CASE WHEN {inside} AND {lies(Dimension.TOPIC, topic)} THEN 1 END"
        found[str(topic)] = recount.by(column, first=first, last=last).get(1, {})
    return found


def test_every_slice_is_what_the_facts_say(company: Company) -> None:
    seen = 0
    for (what, within, key), period in product(pairs(), ("2026-10", "2026-Q4")):
        asked = question(company, what, within, key, period)
        now, before = slices.rows_of(answer(asked))
        wanted = {name: row for name, row in truth(what, within, key, *asked.span.days).items() if row}
        former = truth(what, within, key, *asked.span.before().days)
        for name in now.keys() | wanted.keys():
            row = wanted.get(name, {})
            found = now[name]
            for figure in ("shares", "clicks", "unique", "engagement", "conversions", "value"):
                assert getattr(found, figure) == row.get(figure, 0), (what, within, key, period, name, figure)
            assert before.get(name, 0) == former.get(name, {}).get("unique", 0)
            seen += found.unique
    assert seen > 100


def narrowed(company: Company) -> dict[str, str]:
    return {"period": "2026-10", "by": "post", "within": f"campaign:{company.house.program.campaigns.get().public_id}"}


def file_of(client: Client, **query: str) -> list[list[str]]:
    response = client.get("/manage/results/file", query)
    assert response["Content-Type"].startswith("text/csv")
    return list(csv.reader(io.StringIO(response.content.decode("utf-8-sig"))))


def test_a_small_slice_is_there_at_once_and_nothing_is_kept(company: Company, manager: Client) -> None:
    page = manager.get("/manage/results/", narrowed(company))
    assert page.context["lines"]
    assert file_of(manager, **narrowed(company))[1:]
    assert not Slice.objects.exists()


def test_a_page_shows_the_first_rows_of_a_slice_in_every_order(
    company: Company, manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    every, asked = max(
        (
            (manager.get("/manage/results/", asked).context.get("lines", []), asked)
            for asked in ({**narrowed(company), "within": f"origin:{origin}"} for origin in Origin.values)
        ),
        key=lambda found: len(found[0]),
    )
    assert len(every) > 1
    monkeypatch.setattr(results, "MOST_LINES", 1)
    for field, sign in product((*cuts.HEADS, "name"), ("", "-")):
        page = manager.get("/manage/results/", {**asked, "order": sign + field})
        values = [getattr(line, field) for line, _cells in page.context["lines"]]
        assert values == sorted((getattr(line, field) for line, _cells in every), reverse=bool(sign))[:1]
        assert page.context["hidden_lines"] == len(every) - 1


def test_a_large_slice_says_how_far_it_is_and_then_shows_the_same(
    company: Company, manager: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = file_of(manager, **narrowed(company))
    by_single_days(monkeypatch)
    page = manager.get("/manage/results/", narrowed(company))
    assert "0 of 61" in page.content.decode()
    assert "cut" not in page.context
    assert manager.get("/manage/results/file", narrowed(company)).status_code == 302
    for done in range(1, 61):
        assert slicing.work(at=clock.now(), seconds=0)
        if done in {1, 30, 60}:
            polled = manager.get("/manage/results/slice", narrowed(company), HTTP_HX_REQUEST="true")
            assert f"{done} of 61" in polled.content.decode()
    assert slicing.work(at=clock.now(), seconds=0)
    assert manager.get("/manage/results/slice", narrowed(company), HTTP_HX_REQUEST="true")["HX-Refresh"] == "true"
    assert manager.get("/manage/results/slice", narrowed(company)).status_code == 302
    assert file_of(manager, **narrowed(company)) == at_once
    assert not slicing.work(at=clock.now())


def test_weeks_at_a_time_come_to_the_same(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slices, "SMALL", -1)
    asked = question(company, Dimension.POST, Dimension.ORIGIN, company.shares[0].origin, "2026-Q4")
    slicing.ask(asked, at=clock.now())
    assert slicing.work(at=clock.now(), seconds=0)
    assert Slice.objects.get().days_done == slicing.STEP
    assert made(asked).answer == answer(asked)


def made(asked: Question) -> Slice:
    slicing.ask(asked, at=clock.now())
    while slicing.work(at=clock.now()):
        pass
    return slicing.ask(asked, at=clock.now())


def test_a_slice_is_forgotten_when_its_facts_change(company: Company, large: None) -> None:
    asked = question(company, Dimension.POST, Dimension.CAMPAIGN, company.house.program.campaigns.get().pk)
    before = made(asked)
    assert before.made_at
    share = next(one for one in company.shares if one.campaign_id)
    click_on(share, date(2026, 10, 20), [77, 78])
    assert slicing.ask(asked, at=clock.now()).made_at is None
    after = made(asked)
    post = str(share.post_id)
    assert after.made_at
    assert after.answer[post][2] == before.answer[post][2] + 2
    assert after.answer == answer(asked)
    type(share).objects.filter(pk=share.pk).update(certainty="", day_on=None)
    services.roll_up_recent(at=clock.now())
    services.roll_up(FIRST_ON, LAST_ON, at=clock.now())
    if FIRST_ON <= (share.day_on or LAST_ON) <= date(2026, 10, 31):
        assert slicing.ask(asked, at=clock.now()).made_at is None


def test_an_answer_with_today_in_it_holds_for_ten_minutes(company: Company, large: None) -> None:
    asked = question(company, Dimension.POST, Dimension.ORIGIN, company.shares[0].origin, "2026-11")
    assert made(asked).made_at
    click_on(company.shares[0], LAST_ON, [79])
    assert slicing.ask(asked, at=clock.now() + timedelta(minutes=9)).made_at
    assert slicing.ask(asked, at=clock.now() + timedelta(minutes=10)).made_at is None


def test_two_workers_make_a_slice_once(company: Company, large: None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = question(company, Dimension.POST, Dimension.ORIGIN, company.shares[0].origin)
    slicing.ask(asked, at=clock.now())
    others: list[bool] = []
    add_days = slices.add_days

    def meanwhile(*words: Any, **more: Any) -> None:
        if not others:
            others.append(slicing.work(at=clock.now()))
        add_days(*words, **more)

    monkeypatch.setattr(slices, "add_days", meanwhile)
    assert slicing.work(at=clock.now())
    assert others == [False]
    assert Slice.objects.get().answer == answer(asked)


def test_a_worker_that_slept_too_long_does_not_count_a_day_again(
    company: Company, large: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = question(company, Dimension.POST, Dimension.ORIGIN, company.shares[0].origin)
    slicing.ask(asked, at=clock.now())
    others: list[bool] = []
    add_days, later = slices.add_days, clock.now() + slicing.LEASE

    def meanwhile(*words: Any, **more: Any) -> None:
        if not others:
            others.append(True)
            others.append(slicing.work(at=later, seconds=0))
        add_days(*words, **more)

    monkeypatch.setattr(slices, "add_days", meanwhile)
    assert not slicing.work(at=clock.now(), seconds=0), "what it counted is not written: another had taken over"
    assert others == [True, True]
    assert Slice.objects.get().days_done == 1
    while slicing.work(at=later):
        pass
    assert Slice.objects.get().answer == answer(asked)


def test_what_fails_three_times_is_said_and_tried_again_when_somebody_asks_later(
    company: Company, manager: Client, large: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = narrowed(company)
    manager.get("/manage/results/", query)
    with monkeypatch.context() as patched:
        patched.setattr(slices, "add_days", lambda *words, **more: 1 / 0)
        for number in range(slicing.ATTEMPTS):
            with pytest.raises(ZeroDivisionError):
                slicing.work(at=clock.now() + number * slicing.LEASE)
    later = clock.now() + slicing.AGAIN_AFTER
    with clock.moved_clock(later - timedelta(minutes=1)):
        assert not slicing.work(at=clock.now())
        assert "could not be worked out" in manager.get("/manage/results/", query).content.decode()
    with clock.moved_clock(later):
        assert "0 of 61" in manager.get("/manage/results/", query).content.decode()
        assert tasks.make_slices(clock.now())


def test_old_slices_are_forgotten_and_their_number_is_bounded(
    company: Company, large: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slicing, "MOST", 3)
    for number in range(5):
        asked = question(company, Dimension.POST, Dimension.TOPIC, number + 1)
        slicing.ask(asked, at=clock.now() + timedelta(minutes=number))
    assert set(Slice.objects.values_list("key", flat=True)) == {"3", "4", "5"}
    assert tasks.forget_slices(clock.now() + slicing.KEPT + timedelta(minutes=4)) == 2


def test_people_are_never_sliced_and_advocates_are_refused(company: Company, manager: Client, sign_in: SignIn) -> None:
    for what, within in ((Dimension.TEAM, Dimension.POST), (Dimension.POST, Dimension.LOCATION)):
        with pytest.raises(ValueError, match="no slice"):
            question(company, what, within, 1)
    page = manager.get("/manage/results/", narrowed(company) | {"by": "team"})
    assert page.context["narrowing"].chosen is None
    assert not page.context["narrowing"].groups
    assert manager.get("/manage/results/", narrowed(company) | {"within": "campaign:nowhere"}).status_code == 404
    assert manager.get("/manage/results/", narrowed(company) | {"within": "team:1"}).status_code == 404
    advocate = sign_in(company.members[0])
    for place in ("", "slice", "file"):
        assert advocate.get(f"/manage/results/{place}", narrowed(company)).status_code in {403, 404}


def test_one_network_within_and_the_networks_within_come_from_roll_ups(company: Company, manager: Client) -> None:
    campaign = company.house.program.campaigns.get()
    first, last = date(2026, 10, 1), date(2026, 10, 31)
    by_network = recount.by(f"CASE WHEN s.campaign_id = {campaign.pk} THEN s.network END", first=first, last=last)
    rows = file_of(manager, **(narrowed(company) | {"by": "network"}))[1:]
    assert sorted(int(row[2]) for row in rows) == sorted(row.get("unique", 0) for row in by_network.values())
    by_post = recount.by("CASE WHEN s.network = 'mastodon' THEN s.post_id END", first=first, last=last)
    rows = file_of(manager, period="2026-10", by="post", within="network:mastodon")[1:]
    assert sorted((int(row[1]), int(row[2])) for row in rows) == sorted(
        (row.get("shares", 0), row.get("unique", 0)) for row in by_post.values()
    )

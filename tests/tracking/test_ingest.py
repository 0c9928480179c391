"""Clicks come in once, counted by reason; the roll-ups are what the clicks say, whatever happened in between."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import Model

from tests.cast import MOMENT, House, People
from tests.tracking.clicking import CHROME, CURL, IPHONE, LINKEDIN, Visits, hand_off
from vocero.lib import clock
from vocero.sharing.models import Link, Share
from vocero.tracking import ingest, segment, stats
from vocero.tracking.ingest import Ingest, Overtaken, store_clicks
from vocero.tracking.models import (
    Click,
    ClickArrival,
    ClickStat,
    ClickWeek,
    MemberDay,
    MemberMonth,
    OwnVisit,
    Referrer,
    RequestStat,
    SegmentCursor,
    ShareDay,
    ShareTotal,
)
from vocero.tracking.segment import day_number, first_id_at
from vocero.tracking.store import ClickRow
from vocero.tracking.visitors import visitor_number

TODAY = date(2026, 11, 16)

type Row = dict[str, Any]

TABLES: tuple[type[Model], ...] = (
    ClickStat, ClickWeek, RequestStat, ShareDay, ShareTotal, MemberDay, MemberMonth,
)  # fmt: skip


def total(dimension: str = "all", key: str = "", network: str = "linkedin") -> ClickStat:
    return ClickStat.objects.get(dimension=dimension, key=key, network=network, day_on=TODAY)


def all_stats() -> list[Row]:
    return [row for table in TABLES for row in table._default_manager.order_by("pk").values()]


def test_raw_valid_unique_and_every_reason_are_counted_apart(link: Link, visits: Visits, people: People) -> None:
    OwnVisit.objects.create(day_on=TODAY, member=people.ana, visitor=(99).to_bytes(16, "big"))
    visits.click(link, 1, 2, 1, 3)
    visits.click(link, 4, flags=segment.HEAD_METHOD)
    visits.click(link, 5, agent=LINKEDIN.encode())
    visits.click(link, 6, agent=CURL.encode())
    visits.click(link, 7, flags=segment.PREFETCH)
    visits.click(link, 8, agent=b"")
    visits.click(link, 99)
    assert visits.take_in() == 10
    found = total()
    assert (found.valid, found.unique, found.visitors) == (4, 3, 3)
    row = RequestStat.objects.get(network="linkedin", day_on=TODAY)
    assert (row.raw, row.valid) == (10, 4)
    assert (row.head, row.preview, row.bot, row.prefetch, row.no_agent, row.own) == (1, 1, 1, 1, 1, 1)
    assert sorted(Click.objects.values_list("verdict", flat=True)) == sorted(
        ["valid", "valid", "valid", "repeat", "head", "preview", "bot", "prefetch", "no_agent", "own"]
    )


def test_the_first_step_that_applies_gives_the_reason(link: Link, visits: Visits, people: People) -> None:
    OwnVisit.objects.create(day_on=TODAY, member=people.ana, visitor=(1).to_bytes(16, "big"))
    visits.click(link, 1, agent=LINKEDIN.encode(), flags=segment.HEAD_METHOD | segment.PREFETCH)
    visits.click(link, 1, agent=LINKEDIN.encode(), flags=segment.PREFETCH)
    visits.click(link, 1, agent=CURL.encode(), flags=segment.PREFETCH)
    visits.click(link, 1, flags=segment.PREFETCH)
    visits.click(link, 1)
    visits.take_in()
    assert list(Click.objects.order_by("pk").values_list("verdict", flat=True)) == [
        "head", "preview", "bot", "prefetch", "own",
    ]  # fmt: skip


def test_a_colleagues_own_browser_is_a_reader_of_somebody_elses_link(
    link: Link, visits: Visits, people: People
) -> None:
    OwnVisit.objects.create(day_on=TODAY, member=people.bruno, visitor=(1).to_bytes(16, "big"))
    visits.click(link, 1)
    visits.take_in()
    assert Click.objects.get().verdict == "valid"


def test_the_same_visitor_is_unique_again_on_the_next_day_and_on_another_link(
    link: Link, visits: Visits, people: People, house: House
) -> None:
    other = Link.objects.get(share=hand_off(people.bruno, house, network="x"))
    visits.click(link, 1, 1)
    visits.click(other, 1)
    visits.click(link, 1, at=MOMENT + timedelta(days=1))
    visits.take_in()
    assert Click.objects.filter(verdict="valid").count() == 3
    assert Click.objects.filter(verdict="repeat").count() == 1


def test_clicks_count_under_everything_that_was_frozen_on_the_share(link: Link, visits: Visits) -> None:
    visits.click(link, 1, 2, 2)
    visits.take_in()
    share = link.share
    assert share is not None
    found = set(ClickStat.objects.exclude(network="*").values_list("dimension", "key", "valid", "unique", "visitors"))
    expected = {
        ("all", ""), ("post", str(share.post_id)),
        ("team", str(share.team_id)), ("location", "Madrid"), ("language", share.language), ("origin", "curated"),
        ("kind", "industry_insight"), ("purpose", "enlighten"),
    }  # fmt: skip
    assert found == {(dimension, key, 3, 2, 2) for dimension, key in expected}
    counted = (ShareDay.objects.get(day_on=TODAY, share=share), ShareTotal.objects.get(share=share))
    assert {(row.valid, row.unique) for row in counted} == {(3, 2)}
    whose = (
        MemberDay.objects.get(day_on=TODAY, member=share.member_id),
        MemberMonth.objects.get(month_on=TODAY.replace(day=1), member=share.member_id),
    )
    assert {(row.valid, row.unique) for row in whose} == {(3, 2)}


def test_daily_visitors_are_distinct_people_through_all_networks(
    link: Link, visits: Visits, people: People, house: House
) -> None:
    share = link.share
    assert share is not None
    other = Link.objects.get(share=hand_off(people.ana, house, network="x", post=share.post))
    visits.click(link, 1, 2)
    visits.click(other, 2, 3)
    visits.take_in()
    post = str(share.post_id)
    assert total("post", post, "linkedin").visitors == 2
    assert total("post", post, "x").visitors == 2
    everywhere = total("post", post, ClickStat.EVERY_NETWORK)
    assert (everywhere.visitors, everywhere.valid) == (3, 0)
    assert total("all", "", ClickStat.EVERY_NETWORK).visitors == 3


def test_taking_in_again_changes_nothing(link: Link, visits: Visits) -> None:
    visits.click(link, 1, 2, 1)
    assert visits.take_in() == 3
    before = all_stats()
    assert visits.take_in() == 0
    assert all_stats() == before


def test_a_segment_that_grows_is_read_on_from_where_it_was(link: Link, visits: Visits) -> None:
    reader = Ingest(visits.folder)
    writer = segment.SegmentWriter.create(visits.folder, node="n1", at_us=1)
    for number in range(1, 4):
        (made,) = visits.click(link, number)
        path = visits.folder / max(visits.folder.iterdir(), key=lambda path: path.stat().st_mtime_ns)
        with segment.SegmentReader(path) as source:
            one = source.read(0).records[0]
        path.unlink()
        writer.append(segment.encode(one))
        assert (reader.drain(at=MOMENT), Click.objects.count()) == (1, number)
        assert Click.objects.filter(pk=made).exists()
    assert SegmentCursor.objects.get().done_at is None
    writer.close()
    reader.drain(at=MOMENT)
    assert SegmentCursor.objects.get().done_at == MOMENT


@pytest.mark.parametrize("place", ["store_clicks", "confirm_by_click", "stats.add"])
def test_a_crash_before_the_commit_leaves_nothing_and_the_next_try_everything(
    link: Link, visits: Visits, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    visits.click(link, 1, 2, 3)

    def crash(*_args: Any, **_more: Any) -> None:
        raise MemoryError

    with monkeypatch.context() as patch:
        patch.setattr(f"vocero.tracking.ingest.{place}", crash)
        with pytest.raises(MemoryError):
            visits.take_in()
    assert (Click.objects.count(), ClickStat.objects.count(), SegmentCursor.objects.count()) == (0, 0, 0)
    assert visits.take_in() == 3
    assert total().unique == 3


def test_of_two_that_read_the_same_stretch_the_second_is_refused(link: Link, visits: Visits) -> None:
    visits.click(link, 1, 2)
    (path,) = segment.segments_in(visits.folder)
    with segment.SegmentReader(path) as reader:
        stretch = reader.read(0)
    Ingest(visits.folder)._commit(path, None, stretch, lost=0, at=MOMENT)
    with pytest.raises(Overtaken):
        Ingest(visits.folder)._commit(path, None, stretch, lost=0, at=MOMENT)
    assert Click.objects.count() == total().valid == 2


def test_the_same_clicks_in_a_copied_segment_are_stored_once(link: Link, visits: Visits) -> None:
    visits.click(link, 1, 2, 1)
    visits.take_in()
    (path,) = segment.segments_in(visits.folder)
    copied = path.with_name(path.name.replace("n1.", "n2."))
    copied.write_bytes(path.read_bytes())
    before = all_stats()
    visits.take_in()
    assert (Click.objects.count(), all_stats()) == (3, before)


def test_two_clicks_that_drew_the_same_id_are_both_kept(link: Link, visits: Visits) -> None:
    visits.click(link, 1, click_id=12_345_678)
    visits.click(link, 2, click_id=12_345_678)
    visits.take_in()
    assert (Click.objects.count(), total().unique) == (2, 2)


def test_of_the_same_click_twice_in_one_batch_one_is_stored(link: Link, visits: Visits) -> None:
    """A links process that does not know whether its clicks were committed hands them over again."""
    click = ClickRow(
        first_id_at(MOMENT), link.pk, visitor_number(day_number(TODAY), b"visitor"), "valid", "", 0, "d", None
    )
    assert store_clicks([click, click]) == [click]
    assert Click.objects.count() == 1


def test_two_clicks_of_one_batch_with_the_same_id_are_both_stored(link: Link, visits: Visits) -> None:
    click = ClickRow(
        first_id_at(MOMENT), link.pk, visitor_number(day_number(TODAY), b"visitor"), "valid", "", 0, "d", None
    )
    other = click._replace(visitor=click.visitor + 1)
    assert [ClickRow(*row).visitor for row in store_clicks([click, other])] == [click.visitor, other.visitor]
    assert Click.objects.count() == 2


def test_a_click_of_a_link_that_does_not_exist_is_left_out_and_the_others_count(link: Link, visits: Visits) -> None:
    visits.click(Link(pk=987_654), 1)
    visits.click(link, 1)
    visits.take_in()
    assert (Click.objects.count(), total().valid) == (1, 1)


def test_rolling_up_again_gives_the_same_rows(link: Link, visits: Visits, people: People, house: House) -> None:
    other = Link.objects.get(share=hand_off(people.bruno, house, network="x"))
    visits.click(link, 1, 2, 1, 3)
    visits.click(other, 2, 2, agent=CURL.encode())
    visits.click(other, 2, 4, agent=IPHONE.encode())
    visits.click(link, 1, at=MOMENT + timedelta(days=1))
    visits.take_in()
    before = all_stats()
    for table in TABLES:
        table._default_manager.all().delete()
    stats.rebuild(TODAY - timedelta(days=1), TODAY + timedelta(days=1))
    assert all_stats() == before
    stats.rebuild(TODAY, TODAY)
    assert all_stats() == before


def test_a_roll_up_that_drifted_is_found(link: Link, visits: Visits) -> None:
    visits.click(link, 1, 2)
    visits.take_in()
    assert stats.differences(TODAY) == []
    ClickStat.objects.filter(dimension="location", network="linkedin").update(valid=7)
    ClickStat.objects.filter(dimension="post", network="*").update(visitors=9)
    assert {(key[1], key[4]) for _table, key in stats.differences(TODAY)} == {("location", "linkedin"), ("post", "*")}
    assert ClickStat.objects.filter(valid=7).exists()


def test_the_first_valid_click_makes_a_started_handoff_a_measured_share(share: Share, visits: Visits) -> None:
    link = Link.objects.get(share=share)
    visits.click(link, 1, agent=LINKEDIN.encode())
    visits.take_in()
    share.refresh_from_db()
    assert share.state == Share.State.STARTED
    visits.click(link, 2, 3, at=MOMENT + timedelta(minutes=5))
    visits.take_in()
    share.refresh_from_db()
    assert (share.state, share.certainty) == (Share.State.SENT, Share.Certainty.MEASURED)
    assert (share.out_at, share.day_on) == (MOMENT + timedelta(minutes=5), TODAY)


def test_the_advocates_own_click_proves_nothing(share: Share, visits: Visits, people: People) -> None:
    OwnVisit.objects.create(day_on=TODAY, member=people.ana, visitor=(1).to_bytes(16, "big"))
    visits.click(Link.objects.get(share=share), 1, 1)
    visits.take_in()
    share.refresh_from_db()
    row = RequestStat.objects.get()
    assert (share.state, row.own, row.valid) == (Share.State.STARTED, 2, 0)
    assert not ClickStat.objects.exists()


def test_a_segment_goes_only_after_its_end_was_committed_and_a_backup_passed(link: Link, visits: Visits) -> None:
    visits.click(link, 1)
    assert Ingest(visits.folder).clean_up(at=MOMENT + timedelta(days=9)) == 0
    visits.take_in()
    assert Ingest(visits.folder).clean_up(at=MOMENT + ingest.KEPT - timedelta(seconds=1)) == 0
    assert Ingest(visits.folder).clean_up(at=MOMENT + ingest.KEPT) == 1
    assert list(segment.segments_in(visits.folder)) == []


def test_what_could_not_be_stored_is_told_by_the_cursor(link: Link, visits: Visits) -> None:
    writer = segment.SegmentWriter.create(visits.folder, node="n1", at_us=1)
    writer.count_lost(3, 1)
    visits.take_in()
    assert SegmentCursor.objects.get().lost == 3
    writer.count_lost(1, 1)
    writer.close()
    visits.take_in()
    assert SegmentCursor.objects.get().lost == 4


def test_device_country_and_origin_are_kept_and_nothing_else(link: Link, visits: Visits) -> None:
    visits.click(link, 1, agent=IPHONE.encode())
    visits.take_in()
    click = Click.objects.select_related("referrer").get()
    assert (click.device, click.country, click.at) == ("p", "ES", MOMENT)
    assert click.referrer is not None
    assert click.referrer.origin == "https://www.linkedin.com"
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM tracking_click")
        kept = str(cursor.fetchall())
    assert "Mozilla" not in kept


def test_many_clicks_at_once_agree_with_a_count_by_hand(
    link: Link, visits: Visits, django_assert_max_num_queries: Callable[..., Any]
) -> None:
    visits.click(link, *[number % 700 for number in range(3000)])
    reader = Ingest(visits.folder)
    with django_assert_max_num_queries(60):
        assert reader.drain(at=MOMENT) == 3000
    row = total()
    assert (row.valid, row.unique) == (3000, 700)
    assert CHROME


def test_the_program_team_is_told_of_clicks_that_could_not_be_counted(
    people: People, visits: Visits, sign_in: Callable[..., Any]
) -> None:
    at = clock.now()
    page = sign_in(people.marta)
    assert "could not be counted" not in page.get("/manage/").content.decode()
    writer = segment.SegmentWriter.create(visits.folder, node="n1", at_us=1)
    writer.count_lost(3, 1)
    writer.close()
    visits.take_in(at=at)
    assert "3 clicks could not be counted" in page.get("/manage/").content.decode()


def test_origins_that_somebody_makes_up_fill_nothing(
    link: Link, visits: Visits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ingest, "MOST_REFERRERS", 3)
    for number in range(6):
        visits.click(link, number, referrer=f"https://{number}.example".encode())
    visits.take_in()
    assert (Click.objects.count(), Referrer.objects.count()) == (6, 3)
    assert Click.objects.filter(referrer=None).count() == 3


def test_what_links_handed_to_the_database_is_taken_in_once(link: Link, visits: Visits) -> None:
    visits.click(link, 1, 2, 1)
    (path,) = segment.segments_in(visits.folder)
    with segment.SegmentReader(path) as reader:
        records = reader.read(0).records
    handed_over = [segment.encode(one) for one in records]
    for row in (b"".join(handed_over[:2]), handed_over[2]):
        ClickArrival.objects.create(record=row)
    assert visits.take_in() == 6  # once from the database, once more from a segment that was kept for safety
    assert (ClickArrival.objects.count(), Click.objects.count(), total().valid, total().unique) == (0, 3, 3, 2)


def test_what_was_damaged_on_its_way_through_the_database_is_said_and_the_others_count(
    link: Link, visits: Visits, caplog: pytest.LogCaptureFixture
) -> None:
    visits.click(link, 1, 2)
    (path,) = segment.segments_in(visits.folder)
    with segment.SegmentReader(path) as reader:
        one, other = (segment.encode(record) for record in reader.read(0).records)
    path.unlink()
    ClickArrival.objects.create(record=one + other[:-1] + b"?")
    ClickArrival.objects.create(record=other)
    assert visits.take_in() == 2
    assert (ClickArrival.objects.count(), Click.objects.count()) == (0, 2)
    assert f"{len(other)} bytes were damaged" in caplog.text

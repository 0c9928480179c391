"""Export to a real ClickHouse server: every click once, whatever is killed, lost or away in between."""

import shutil
import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.core.management import CommandError, call_command

from tests.cast import People
from tests.measurement.facts import click_on, count_visitors, noon, share_on
from tests.servers.clickhouse import INSTALL, PASSWORD, USER, ClickHouse, program
from tests.sharing.library import make_post
from vocero.config.addresses import clickhouse_address
from vocero.lib import http
from vocero.lib.periods import Period
from vocero.privacy.tasks import settle_old_clicks
from vocero.sharing.models import Link, Share
from vocero.tracking import export
from vocero.tracking.clickhouse import TABLE, ClickHouseAway, Server
from vocero.tracking.models import Click, ExportCursor, Referrer
from vocero.tracking.tasks import compare_export

DAY = date(2026, 8, 12)
AT = noon(date(2026, 8, 14))
ODD = "https://odd.example/\t\\'\n"


@pytest.fixture(scope="module")
def running() -> Iterator[ClickHouse]:
    """The server, for all tests of this module."""
    if program() is None:
        pytest.skip(f"ClickHouse is not installed: {INSTALL}")
    folder = Path(tempfile.mkdtemp(prefix="vocero-clickhouse-"))
    server = ClickHouse(folder)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def clickhouse(running: ClickHouse, settings: Any, monkeypatch: pytest.MonkeyPatch) -> ClickHouse:
    """The server without any click, set as the place to export to; batches are small."""
    running.ask(f"DROP TABLE IF EXISTS {TABLE}")
    settings.VOCERO_CLICKHOUSE = clickhouse_address(f"http://{USER}:{quote(PASSWORD)}@127.0.0.1:{running.http}/default")
    monkeypatch.setattr(export, "BATCH", 4)
    return running


@pytest.fixture
def share(people: People) -> Share:
    """Ana's share with ten clicks on two days, one of them through a very odd page."""
    share = share_on(people.ana, make_post(people.house), DAY)
    for day in (DAY, DAY + timedelta(days=1)):
        click_on(share, day, [1, 2, 2, 3])
        click_on(share, day, [9], "bot")
    Click.objects.filter(verdict="bot").update(referrer=Referrer.objects.create(origin=ODD))
    count_visitors()
    return share


def send_all() -> int:
    sent = 0
    while count := export.send_next(at=AT):
        sent += count
    return sent


def there(clickhouse: ClickHouse) -> list[int]:
    return [int(row[0]) for row in clickhouse.ask(f"SELECT id FROM {TABLE} FINAL ORDER BY id")]


def here() -> list[int]:
    return list(Click.objects.order_by("pk").values_list("pk", flat=True))


def test_every_click_arrives_once_with_all_its_columns(share: Share, clickhouse: ClickHouse) -> None:
    assert send_all() == 10
    assert send_all() == 0
    assert there(clickhouse) == here()
    (row,) = clickhouse.ask(
        f"SELECT day, toUnixTimestamp(at), link, share, country, device, network_class, network, post, topics, purposes,"
        f" team_path, location, language, referrer = 'https://odd.example/\\t\\\\\\'\\n' FROM {TABLE} FINAL"
        f" WHERE verdict = 'bot' AND day = '{DAY}'"
    )
    click = Click.objects.filter(verdict="bot").order_by("pk").first()
    assert click is not None
    link = Link.objects.get(share=share)
    assert row[:9] == [
        str(DAY), str(int(click.at.timestamp())), str(link.pk), str(share.pk), "ES", "p", "1", share.network,
        str(share.post_id),
    ]  # fmt: skip
    purposes = ",".join(f"'{purpose}'" for purpose in share.purposes)
    assert row[9:12] == [
        f"[{','.join(map(str, share.topics))}]", f"[{purposes}]", f"[{','.join(map(str, share.team_path))}]"
    ]  # fmt: skip
    assert row[12:] == [share.location, share.language, "1"]


def test_a_young_click_waits_so_that_none_is_passed_by(share: Share, clickhouse: ClickHouse) -> None:
    while export.send_next(at=noon(DAY + timedelta(days=1)) + export.LAG):
        pass
    assert there(clickhouse) == here()[:5]


@pytest.mark.parametrize("when", ["before the server has it", "after the server has it"])
def test_killed_between_batches_or_with_the_answer_lost_nothing_is_missing_or_there_twice(
    share: Share, clickhouse: ClickHouse, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, calls = Server.insert, []

    def killed(self: Server, rows: Any) -> None:
        calls.append(1)
        if len(calls) == 2:
            if when == "after the server has it":
                real(self, rows)
            raise KeyboardInterrupt
        real(self, rows)

    monkeypatch.setattr(Server, "insert", killed)
    with pytest.raises(KeyboardInterrupt):
        send_all()
    assert send_all() == 6
    assert there(clickhouse) == here()
    raw = int(clickhouse.ask(f"SELECT count() FROM {TABLE}")[0][0])
    assert raw == (14 if when == "after the server has it" else 10)
    call_command("export", "--compare", "--since", str(DAY))


def test_while_the_server_is_away_clicks_wait(share: Share, clickhouse: ClickHouse) -> None:
    assert export.send_next(at=AT) == 4
    clickhouse.stop()
    with pytest.raises(ClickHouseAway):
        export.send_next(at=AT)
    assert "cannot be asked" in export.why_not_yet(Period.parse("2026-07"))
    clickhouse.start()
    assert send_all() == 6
    assert there(clickhouse) == here()


def test_clicks_that_come_late_are_found_and_sent(share: Share, clickhouse: ClickHouse, people: People) -> None:
    send_all()
    ExportCursor.objects.update(click_id=here()[-1] + (1 << 45))
    late = [row.id for row in click_on(share, DAY, [50, 51])]
    assert set(late).isdisjoint(there(clickhouse))
    assert compare_export(noon(DAY + timedelta(days=2))) == 1
    assert there(clickhouse) == here()
    assert compare_export(noon(DAY + timedelta(days=2))) == 0


def test_the_command_sends_and_compares(share: Share, clickhouse: ClickHouse, capsys: Any) -> None:
    with pytest.raises(CommandError, match="2 days differ"):
        call_command("export", "--compare", "--since", str(DAY))
    call_command("export", "--since", str(DAY))
    told = capsys.readouterr()
    assert "10 clicks sent" in told.err
    assert "the same clicks" in told.out


def test_rows_stay_until_they_are_exported(share: Share, clickhouse: ClickHouse, settings: Any, tmp_path: Path) -> None:
    settings.VOCERO_ARCHIVE = tmp_path / "archive"
    later = noon(date(2026, 11, 30))
    assert settle_old_clicks(later) == 0
    assert Click.objects.count() == 10
    send_all()
    assert settle_old_clicks(later) == 10


def test_neither_password_nor_content_is_in_an_error(share: Share, clickhouse: ClickHouse, settings: Any) -> None:
    settings.VOCERO_CLICKHOUSE = clickhouse_address(f"http://{USER}:wrong-canary@127.0.0.1:{clickhouse.http}/default")
    with pytest.raises(ClickHouseAway) as error:
        export.send_next(at=AT)
    assert "canary" not in f"{error.value} {settings.VOCERO_CLICKHOUSE!r}"


def test_the_operators_own_address_opens_no_door_to_others(clickhouse: ClickHouse) -> None:
    with pytest.raises(http.Forbidden):
        http.fetch(f"http://127.0.0.1:{clickhouse.http}/ping")
    assert http.fetch(f"http://127.0.0.1:{clickhouse.http}/ping", operators_own=True).ok
    with pytest.raises(http.Forbidden):
        http.fetch("ftp://127.0.0.1/", operators_own=True)

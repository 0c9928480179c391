"""Both fronts are real servers that say the same: the links process, and the one port that answers pages too."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from bench.drills import counting, crew
from bench.drills.crew import Crew
from tests.running import prepared_database
from tests.tracking.clicking import CHROME, LINKEDIN
from vocero.tracking.ingest import alone
from vocero.tracking.links.days import SaltFile, Zones
from vocero.tracking.segment import SegmentReader, segments_in

ASKED = [
    ("GET", "/l/{token}", CHROME),
    ("HEAD", "/l/{token}", CHROME),
    ("GET", "/l/{token}", LINKEDIN),
    ("GET", "/l/{token}?u=https://evil.example", CHROME),
    ("POST", "/l/{token}", CHROME),
    ("GET", "/l/AAAAAAAAAAA", CHROME),
    ("GET", "/l/" + "x" * 3000, CHROME),
]


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crew]:
    data = tmp_path_factory.mktemp("fronts") / "data"
    data.mkdir()
    prepared_database(data)
    team = Crew(counting.clean_environ(data), data / "log")
    team.tokens = counting.prepare(team.environ, 3)  # type: ignore[attr-defined]
    try:
        for name, command in (("links", crew.links), ("pages", crew.single_port)):
            port = crew.free_port()
            team.add(name, command(port), port)
        for name in team.ports:
            team.wait_until_answering(name)
        yield team
    finally:
        team.end_all()


@pytest.mark.parametrize(("method", "path", "agent"), ASKED)
def test_both_fronts_say_the_same(team: Crew, method: str, path: str, agent: str) -> None:
    said = []
    for name in ("links", "pages"):
        url = f"http://127.0.0.1:{team.ports[name]}" + path.format(token=team.tokens[0])  # type: ignore[attr-defined]
        answer = httpx2.request(method, url, headers={"user-agent": agent, "accept-language": "it"}, timeout=60)
        kept = {"location", "cache-control", "content-type", "content-security-policy", "allow", "retry-after"}
        headers = {header: value for header, value in answer.headers.items() if header in kept}
        said.append((answer.status_code, headers, answer.text))
    assert said[0] == said[1]


def test_each_process_writes_segments_of_its_own(team: Crew) -> None:
    for port in team.ports.values():
        httpx2.get(f"http://127.0.0.1:{port}/l/{team.tokens[1]}", headers={"user-agent": CHROME}, timeout=60)  # type: ignore[attr-defined]
    found = {}
    for path in segments_in(Path(team.environ["VOCERO_DATA"]) / "segments"):
        with SegmentReader(path) as reader:
            found[path.name] = len(reader.read(0).records)
    assert len(found) == 2
    assert all(found.values())


def test_the_links_process_says_that_it_is_alive(team: Crew) -> None:
    assert httpx2.get(f"http://127.0.0.1:{team.ports['links']}/healthz", timeout=60).text == "ok"


def test_only_one_ingest_reads_a_folder_and_a_second_one_waits(tmp_path: Path) -> None:
    entered, leave, second = threading.Event(), threading.Event(), threading.Event()

    def first() -> None:
        with alone(tmp_path) as mine:
            assert mine
            entered.set()
            leave.wait(60)

    def other() -> None:
        with alone(tmp_path) as mine:
            assert mine
            second.set()

    threads = [threading.Thread(target=first), threading.Thread(target=other)]
    threads[0].start()
    assert entered.wait(60)
    threads[1].start()
    assert not second.wait(0.6)
    with alone(tmp_path, stop=lambda: True) as mine:
        assert not mine
    leave.set()
    assert second.wait(60)
    for thread in threads:
        thread.join()


def test_a_closed_days_salt_leaves_the_disk_too(tmp_path: Path) -> None:
    today = datetime(2026, 11, 16, tzinfo=UTC).date()
    file = SaltFile(tmp_path)
    file.write(Zones("Europe/Madrid"), {today: b"a" * 32, today.replace(day=15): b"b" * 32})
    file.keep_only({today})
    assert file.read() == (Zones("Europe/Madrid"), {today: b"a" * 32})
    assert list(json.loads((tmp_path / "salts.json").read_text())["salts"]) == ["2026-11-16"]
    assert (tmp_path / "salts.json").stat().st_mode & 0o777 == 0o600

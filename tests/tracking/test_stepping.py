"""Visits are answered on the thread that granian hands them over on, and go on where their click was made safe."""

import asyncio
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from bench.drills import crew
from bench.drills.crew import Crew
from vocero.tracking.links.log import Group
from vocero.tracking.links.stepping import Asked, go_on, step_visits_of

_APPLICATION = """
import threading
from concurrent.futures import ThreadPoolExecutor
from vocero.tracking.links.log import Group
from vocero.tracking.links.stepping import Asked, step_visits_of

class Application:
    def __rsgi_init__(self, loop):
        step_visits_of(loop)
        self.pool = ThreadPoolExecutor(1, "asking")

    async def __rsgi__(self, scope, protocol):
        names = [threading.current_thread().name]
        await Asked(self.pool.submit(sum, [1, 2]))
        names.append(threading.current_thread().name)
        group = Group()
        threading.Timer(0.01, lambda: group.settle(safe=True)).start()
        names.append(str(await group))
        if scope.path == "/fails":
            raise ValueError("as planted")
        protocol.response_str(200, [], " ".join(names))

application = Application()
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("stepping")
    (folder / "visited.py").write_text(_APPLICATION)
    port = crew.free_port()
    command = crew.links(port, application="visited:application")
    team = Crew({"PYTHONPATH": f"{folder}:{crew.ROOT}", "PATH": str(Path(sys.executable).parent)}, folder / "log")
    try:
        team.add("server", command, port)
        team.wait_until_answering("server")
        yield f"http://127.0.0.1:{port}"
    finally:
        team.end_all()


def test_granian_hands_visits_over_in_the_way_that_is_stepped(server: str) -> None:
    begun, asked, safe = httpx2.get(f"{server}/", timeout=60).text.split()
    assert begun != "MainThread"
    assert asked.startswith(("asking", begun))
    assert safe == "True"


def test_a_visit_that_fails_is_answered_too_and_the_next_one_as_well(server: str) -> None:
    assert httpx2.get(f"{server}/fails", timeout=60).status_code == 500
    assert httpx2.get(f"{server}/", timeout=60).status_code == 200


def test_a_visit_goes_on_once_its_click_is_known_to_be_safe_or_not() -> None:
    told: list[tuple[int, bool, str]] = []

    async def visit(number: int, group: Group) -> None:
        told.append((number, await group, threading.current_thread().name))

    early, late = Group(), Group()
    for number, group in enumerate((early, early, late), 1):
        in_a_thread("arriving", lambda number=number, group=group: go_on(visit(number, group)))
    assert told == []
    in_a_thread("settling", lambda: early.settle(safe=True))
    assert told == [(1, True, "settling"), (2, True, "settling")]
    in_a_thread("settling", lambda: late.settle(safe=False))
    late.then(lambda: told.append((0, late.safe, "after all")))
    assert told.pop() == (0, False, "after all")
    in_a_thread("arriving", lambda: go_on(visit(4, late)))
    assert told[2:] == [(3, False, "settling"), (4, False, "arriving")]


def test_a_visit_that_goes_wrong_keeps_no_other_waiting(capfd: pytest.CaptureFixture[str]) -> None:
    told: list[int] = []

    async def visit(number: int, group: Group) -> None:
        await group
        if number == 1:
            raise RuntimeError("as planted")
        told.append(number)

    group = Group()
    for number in (1, 2):
        in_a_thread("arriving", lambda number=number: go_on(visit(number, group)))
    in_a_thread("settling", lambda: group.settle(safe=True))
    assert told == [2]
    assert "as planted" in capfd.readouterr().err


def in_a_thread(name: str, what: Callable[[], object]) -> None:
    """A thread of its own has no loop; the one that runs tests may have a browser's."""
    thread = threading.Thread(target=what, name=name)
    thread.start()
    thread.join()


def test_what_is_no_visit_still_reaches_the_loop() -> None:
    async def other() -> str:
        loop = asyncio.get_running_loop()
        step_visits_of(loop)
        done = loop.create_future()
        with ThreadPoolExecutor(1) as threads:
            threads.submit(loop.call_soon_threadsafe, done.set_result, threading.current_thread().name)
            asked: int = await Asked(threads.submit(sum, [3, 4]))
        return f"{await done} {asked}"

    with ThreadPoolExecutor(1, "loop") as threads:
        assert threads.submit(asyncio.run, other()).result() == "loop_0 7"

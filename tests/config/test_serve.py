"""`vocero serve` is one tree of processes: it starts ready, mends itself, and ends as a whole."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.running import ROOT, Running, free_port, installation, is_alive, wait_for


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with installation(tmp_path_factory.mktemp("serve") / "data") as started:
        yield started


def test_it_says_that_it_is_alive_and_can_serve(running: Running) -> None:
    assert httpx2.get(running.url + "/healthz", timeout=60).text == "alive\n"
    assert httpx2.get(running.url + "/readyz", timeout=60).text == "ready\n"
    wait_for(lambda: f"Vocero answers at {running.url}" in running.log.read_text())


def test_an_unknown_link_is_answered_before_django(running: Running) -> None:
    answer = httpx2.get(running.url + "/l/abcdefghijk", timeout=60)
    assert answer.status_code == 404
    assert "Cross-Origin-Opener-Policy" not in answer.headers, "Django answered"


@pytest.mark.parametrize("name", ["wsgi", "worker", "ingest"])
def test_a_child_that_is_killed_is_started_again(running: Running, name: str) -> None:
    wait_for(lambda: name in running.children(), what=name)
    killed = running.children()[name]
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: running.children().get(name, killed) != killed, what=f"another {name}")
    wait_for(running.is_ready, what="it to be ready again")


def test_the_process_that_answers_pages_is_started_again(running: Running) -> None:
    def answering() -> int:
        below = (
            Path(f"/proc/{running.children()['wsgi']}/task/{running.children()['wsgi']}/children").read_text().split()
        )
        return int(below[0]) if below else 0

    wait_for(answering)
    killed = answering()
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: answering() not in {0, killed}, what="another answering process")
    wait_for(running.is_ready, what="it to be ready again")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_as_a_whole_when_told(tmp_path: Path, number: signal.Signals) -> None:
    with installation(tmp_path / "data") as running:
        wait_for(lambda: len(running.children()) == 3)
        tree = running.tree()
        assert running.process is not None
        running.process.send_signal(number)
        assert running.process.wait(60) == 0
        assert not [pid for pid in tree if is_alive(pid)]


def test_nothing_is_left_over_when_it_is_killed(tmp_path: Path) -> None:
    with installation(tmp_path / "data") as running:
        wait_for(lambda: len(running.children()) == 3)
        tree = running.tree()
        assert running.process is not None
        running.process.kill()
        wait_for(lambda: not [pid for pid in tree if is_alive(pid)], what="the whole tree to end")


def test_a_port_that_is_taken_is_named(running: Running, tmp_path: Path) -> None:
    port = running.url.rpartition(":")[2]
    with installation(tmp_path / "data", start=False) as other:
        refused = other.run("serve", "--port", port)
    assert refused.returncode == 1
    assert f"cannot listen on 127.0.0.1:{port}: address already in use. Choose another with --port." in refused.stderr


def test_wrong_settings_end_it_with_a_clear_sentence(tmp_path: Path) -> None:
    with installation(tmp_path / "data", start=False, VOCERO_WORKERS="many") as wrong:
        for words in (("serve",), ("links",), ("worker",), ("check",)):
            refused = wrong.run(*words)
            assert refused.returncode == 2
            assert "VOCERO_WORKERS was given “many”" in refused.stderr
            assert "Traceback" not in refused.stderr


def test_links_answer_on_a_port_of_their_own_too(tmp_path: Path) -> None:
    port = free_port()
    with installation(tmp_path / "data", "--links-port", str(port)) as running:
        wait_for(lambda: "rsgi" in running.children())

        def answer() -> int:
            try:
                return httpx2.get(f"http://127.0.0.1:{port}/l/abcdefghijk", timeout=60).status_code
            except httpx2.HTTPError:
                return 0

        wait_for(answer)
        assert answer() == 404
        assert httpx2.get(f"http://127.0.0.1:{port}/sign-in", timeout=60).status_code == 404
        nice = {name: os.getpriority(os.PRIO_PROCESS, pid) for name, pid in running.children().items()}
        assert {nice[name] - nice["rsgi"] for name in ("wsgi", "worker", "ingest")} == {19 - nice["rsgi"]}


def test_links_need_no_django() -> None:
    code = (
        "import sys; import vocero.config.links, vocero.tracking.links.front_rsgi, vocero.tracking.links.front_wsgi;"
        "sys.exit('django' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_a_database_without_its_migrations_is_not_ready(tmp_path: Path) -> None:
    with installation(tmp_path / "data", start=False) as running:
        (running.data / "vocero.sqlite3").unlink()
        said = running.run(
            "shell", "--no-imports", "-c", "from vocero.config.readiness import why_not_ready as w; print(w())"
        )
        assert said.stdout.strip() == "migrations are missing", said.stderr
        assert running.run("prepare").returncode == 0
        said = running.run(
            "shell", "--no-imports", "-c", "from vocero.config.readiness import why_not_ready as w; print(w())"
        )
        assert said.stdout.strip() == "", said.stderr

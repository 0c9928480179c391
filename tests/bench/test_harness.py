"""The commands that run benchmarks and drills: they repeat, compare, refuse and say why."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench import bench, drill, rounds, tools
from bench.drills.finding import Drill, Finding


def test_rounds_go_on_until_what_is_compared_with_holds_still(capsys: pytest.CaptureFixture[str]) -> None:
    rates = iter([100.0, 300, 110, 120, 115, 118, 121])
    assert rounds.steady(lambda: next(rates), float, rounds=4) == [110, 120, 115, 118]
    assert "moved by 200%" in capsys.readouterr().err


def test_rounds_end_and_say_that_they_never_held_still(capsys: pytest.CaptureFixture[str]) -> None:
    rates = iter([100.0, 200, 400, 800, 1000, 1600, 3200, 6400])
    assert rounds.steady(lambda: next(rates), float, rounds=2, most=6) == [800, 1000]
    rates = iter([100.0, 200, 400, 800])
    assert rounds.steady(lambda: next(rates), float, rounds=2, most=4) == [100, 200]
    assert "indication" in capsys.readouterr().err


def test_a_ratio_that_is_a_fifth_worse_is_told_and_nothing_else() -> None:
    kept = {
        "ratio_kernel": 0.5,
        "ratio_fdatasync": 0.3,
        "rate_kernel": 9000.0,
        "queries_page": 5.0,
        "growth_click": 1.0,
    }
    fine = {"ratio_kernel": 0.41, "ratio_fdatasync": 0.9, "rate_kernel": 10.0, "queries_page": 5.0, "growth_click": 1.1}
    assert bench.worse(fine, kept) == []
    told = bench.worse({"ratio_kernel": 0.39, "queries_page": 7.0, "growth_click": 1.3}, kept)
    assert [text.split()[0] for text in told] == ["ratio_kernel", "ratio_fdatasync", "queries_page", "growth_click"]


def test_figures_are_kept_compared_and_printed_as_one_object(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    figures = {"ratio_kernel": 0.5}
    monkeypatch.setattr(bench, "KEPT", tmp_path / "results.json")
    monkeypatch.setattr(bench, "measure", lambda name: dict(figures))
    monkeypatch.setattr(tools, "where", lambda name: "/usr/bin/" + name)
    assert bench.main(["redirect", "--keep"]) == 0
    assert json.loads(bench.KEPT.read_text())["redirect"]["ratio_kernel"] == 0.5
    capsys.readouterr()
    assert bench.main(["redirect", "--check", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["redirect"] == figures
    figures["ratio_kernel"] = 0.3
    assert bench.main(["redirect", "--check"]) == 1
    assert "redirect: ratio_kernel is 0.3, and was 0.5: 40% less" in capsys.readouterr().err


def test_every_benchmark_and_drill_named_is_there() -> None:
    readme = (Path(bench.__file__).parent / "README.md").read_text()
    for name in bench.BENCHMARKS:
        assert callable(bench.importlib.import_module(f"bench.{name}").run)
        assert f"| `{name}` |" in readme, f"{name} has no row in bench/README.md"
    for name in drill.DRILLS:
        assert f"`{name}`" in readme, f"{name} has no row in bench/README.md"


def test_an_unknown_name_and_a_missing_program_are_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for main in (bench.main, drill.main):
        with pytest.raises(SystemExit) as ended:
            main(["nothing-like-it"])
        assert ended.value.code == 2
        assert "called nothing-like-it; there is: " in capsys.readouterr().err
    monkeypatch.setattr(tools, "where", lambda name: None)
    assert bench.main(["redirect"]) == 1
    assert "apt-get install nginx util-linux wrk" in capsys.readouterr().err


def test_a_drill_that_does_not_hold_or_breaks_ends_with_1(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = SimpleNamespace(faults=0, seed=0)

    def fine(folder: Path, faults: int, seed: int) -> Finding:
        asked.faults, asked.seed = faults, seed
        return Finding(folder.is_dir(), {"lost": 0})

    def broken(folder: Path, faults: int, seed: int) -> Finding:
        raise RuntimeError("the server did not start")

    monkeypatch.setattr(drill, "DRILLS", {"fine": Drill(fine, 9), "broken": Drill(broken, 9)})
    assert drill.main(["fine", "--faults", "3", "--seed", "5"]) == 0
    assert (asked.faults, asked.seed) == (3, 5)
    assert capsys.readouterr().out.startswith("fine: held {")
    assert drill.main(["--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["fine"]["held"]
    assert "did not start" in found["broken"]["error"]

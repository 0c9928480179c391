"""The rules between and inside packages that an import contract cannot see."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from tests.architecture.source import DOMAIN, PACKAGE, ROOT, STACK, imports, modules, shown, tree

WEB_ONLY = ("django.http", "django.shortcuts", "django.template", "django.forms", "django.urls", "django.views")
MAY_RENDER = {"notices": ("django.template", "django.urls")}
"""Mails are rendered, and lead to pages."""
READS_THE_CLOCK = ("web", "api", "config")
TOLD_NO_MOMENT = (
    "vocero/tracking/links/",
    "vocero/tracking/ingest",
    "vocero/notices/mailbox.py",
    "vocero/lib/clock.py",
)
"""Processes of their own, and what Django calls with its own arguments."""


def contracts() -> list[dict[str, object]]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    found: list[dict[str, object]] = settings["tool"]["importlinter"]["contracts"]
    return found


def test_import_contracts_hold() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([linter, "--no-logo"], cwd=ROOT, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_the_contract_names_the_whole_stack_in_this_order() -> None:
    layers = contracts()[0]["layers"]
    assert isinstance(layers, list)
    named = [name.strip(" ()") for layer in reversed(layers) for name in layer.split("|")]
    assert named == list(STACK)
    assert contracts()[0]["exhaustive"] is True
    there = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert there <= set(STACK)
    assert {f"vocero.{name}" for name in DOMAIN if name in there} == set(contracts()[1]["containers"])  # type: ignore[call-overload]


def test_domain_packages_know_no_http() -> None:
    found = []
    for package in DOMAIN:
        for path in modules(package):
            for name, line in imports(path):
                banned = name.startswith(WEB_ONLY) and not name.startswith(MAY_RENDER.get(package, ("-",)))
                if banned:
                    found.append(f"{shown(path, line)} imports {name}")
    assert not found


def test_only_web_api_and_tasks_read_the_clock() -> None:
    found = []
    for path in modules():
        package = path.relative_to(PACKAGE).parts[0]
        if package in READS_THE_CLOCK or path.name == "tasks.py":
            continue
        for name, line in imports(path):
            if name in {"vocero.lib.clock.now", "django.utils.timezone.now", "django.utils.timezone.localdate"}:
                found.append(f"{shown(path, line)} imports {name}")
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {
                "clock.now",
                "timezone.now",
                "timezone.localdate",
                "datetime.now",
                "datetime.utcnow",
                "date.today",
            }:
                found.append(f"{shown(path, node.lineno)} calls {ast.unparse(node.func)}")
    assert not [line for line in found if not line.startswith(TOLD_NO_MOMENT)]


def test_models_have_no_save_overrides_and_nothing_listens_to_signals() -> None:
    found = []
    for path in modules():
        for name, line in imports(path):
            if name.startswith(("django.db.models.signals", "django.dispatch")):
                found.append(f"{shown(path, line)} imports {name}")
        if path.name == "models.py":
            found += [
                f"{shown(path, node.lineno)} overrides {node.name}"
                for node in ast.walk(tree(path))
                if isinstance(node, ast.FunctionDef) and node.name in {"save", "delete", "full_clean"}
            ]
    assert not found


def test_queries_never_write() -> None:
    writing = re.compile(r"\.(save|create|bulk_create|update|bulk_update|delete|get_or_create|update_or_create)\(")
    found = []
    for path in modules(*DOMAIN):
        if path.name == "queries.py":
            for number, line in enumerate(path.read_text().splitlines(), 1):
                if writing.search(line) and "objects" in line:
                    found.append(f"{shown(path, number)}: {line.strip()}")
    assert not found


def test_networks_never_import_one_another() -> None:
    from vocero.networks.registry import networks

    files = {
        type(network).__module__ for network in networks() if type(network).__module__.startswith("vocero.networks.")
    }
    assert len(files) >= 10, "a network is one file"
    found = []
    for module in files:
        path = ROOT / (module.replace(".", "/") + ".py")
        others = files - {module}
        found += [f"{shown(path, line)} imports {name}" for name, line in imports(path) if name in others]
    assert not found


def test_every_module_says_in_one_sentence_what_it_is_for() -> None:
    found = []
    for path in modules():
        words = ast.get_docstring(tree(path)) or ""
        first = words.split("\n\n")[0].strip()
        if path.stat().st_size and not first.endswith((".", ":")):
            found.append(str(path.relative_to(ROOT)))
    assert not found


def test_no_file_has_grown_beyond_reading() -> None:
    long = {shown(path, lines) for path in modules() if (lines := path.read_text().count("\n")) > 600}
    assert not long


def test_nothing_is_called_by_an_empty_word() -> None:
    found = [
        str(path.relative_to(ROOT)) for path in modules() if re.search(r"(utils?|helpers?|misc|common)\.py$", path.name)
    ]
    for path in modules():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.ClassDef) and re.search(r"(Helper|Util|Utils)$", node.name):
                found.append(f"{shown(path, node.lineno)} {node.name}")
    assert not found


def test_tracked_links_import_no_django() -> None:
    names = sorted(path.stem for path in (PACKAGE / "tracking" / "links").glob("*.py") if path.stem != "__init__")
    code = "; ".join(f"import vocero.tracking.links.{name}" for name in names)
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; import sys; sys.exit('django' in sys.modules)"], cwd=ROOT, check=False
    )
    assert done.returncode == 0


def test_no_test_is_put_aside() -> None:
    """What a machine cannot do may be skipped (CI forbids that); what somebody did not mend may not."""
    marks = re.compile(r"pytest\.mark\.(skip|xfail)\b|pytest\.xfail\(")
    here = Path(__file__)
    found = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("*.py")
        if path != here and marks.search(path.read_text())
    ]
    assert not found

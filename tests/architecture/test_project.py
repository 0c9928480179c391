"""The project's own files keep their promises: pins, documented settings, no host of a registry, no lock file."""

import re
import subprocess
import tomllib

import django
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.source import ROOT
from vocero.config import environment
from vocero.config.variables import SETTINGS

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def pinned(name: str) -> dict[str, str]:
    """The versions that a file of pins names."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    return {
        canonicalize_name(found[1]): found[2]
        for found in re.finditer(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^ ;\\]+)", text, re.MULTILINE)
    }


@pytest.mark.parametrize(
    ("pins", "wanted"), [("run", PYPROJECT["project"]["dependencies"]), ("dev", PYPROJECT["dependency-groups"]["dev"])]
)
def test_every_dependency_is_pinned_as_asked_for(pins: str, wanted: list[str]) -> None:
    versions = pinned(pins)
    for line in wanted:
        asked = Requirement(line)
        assert canonicalize_name(asked.name) in versions, f"{line} is not pinned: ./run pins"
        assert asked.specifier.contains(versions[canonicalize_name(asked.name)]), f"{line}: ./run pins"


def test_development_pins_hold_the_pins_of_running() -> None:
    assert pinned("run").items() <= pinned("dev").items()


@pytest.mark.parametrize("name", ["run", "dev", "uv"])
def test_pins_have_hashes_and_name_no_host(name: str) -> None:
    text = (ROOT / "requirements" / f"{name}.txt").read_text()
    assert "://" not in text
    assert "--index" not in text
    for block in re.split(r"\n(?=[A-Za-z0-9])", text.strip()):
        assert "--hash=sha256:" in block, block


def test_no_lock_file_is_kept() -> None:
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    names = {path.rpartition("/")[2] for path in tracked}
    assert not names & {"uv.lock", "package-lock.json", "poetry.lock", "pylock.toml", "yarn.lock"}


def test_django_is_the_one_that_was_asked_for() -> None:
    assert django.VERSION[:2] == (6, 1)


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "operate" / "settings.md").read_text()
    assert environment.as_markdown() in page, "paste the output of: python -m vocero.config.environment"
    for setting in SETTINGS:
        assert setting.text.endswith((".", "`."))
        assert setting.secret == (
            "Secret." in next(line for line in page.splitlines() if f"| `{setting.name}` |" in line)
        )


def test_links_between_documents_lead_somewhere() -> None:
    broken = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", page.read_text()):
            if "://" not in target and not target.startswith("mailto:") and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert not broken

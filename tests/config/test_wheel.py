"""The installable package holds everything: built, put into an environment of its own, it answers in another folder."""

import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import httpx2
import pytest

from tests.running import ROOT, free_port, wait_for

pytestmark = [pytest.mark.slow, pytest.mark.once]


def uv() -> str:
    """Where uv is."""
    own = Path(sys.executable).with_name("uv")
    if not own.exists():
        pytest.skip("needs uv: .venv/bin/python -m pip install uv")
    return str(own)


def call(*command: str | Path, **options: object) -> str:
    """Run a command to its end and give what it wrote; fails the test when it fails."""
    done = subprocess.run(  # type: ignore[call-overload]
        [str(word) for word in command], check=False, capture_output=True, text=True, timeout=120, **options
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return str(done.stdout)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The folder of an environment with the package in it, beside what it depends on; nothing of the repository is seen."""
    call(uv(), "build", "--wheel", "--offline", "--out-dir", tmp_path / "dist", ROOT)
    (wheel,) = (tmp_path / "dist").glob("vocero-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    for language in ("es", "it", "pl"):
        assert f"vocero/locale/{language}/LC_MESSAGES/django.mo" in names
    assert not [name for name in names if name.endswith(".po") or name.startswith(("tests/", "bench/"))]
    call(sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv")
    (packages,) = (tmp_path / "venv/lib").glob("python*/site-packages")
    (packages / "beside.pth").write_text(sysconfig.get_path("purelib"))
    python = tmp_path / "venv/bin/python"
    call(uv(), "pip", "install", "--offline", "--no-deps", "--python", python, wheel)
    return tmp_path / "venv/bin"


def test_the_package_serves_where_the_repository_is_not(installed: Path, tmp_path: Path) -> None:
    place = tmp_path / "elsewhere"
    place.mkdir()
    keep = ("PATH", "HOME", "LANG", "TMPDIR")
    port = free_port()
    environ = {name: os.environ[name] for name in keep if name in os.environ} | {
        "VOCERO_DATA": str(tmp_path / "data"),
        "VOCERO_BASE_URL": f"http://127.0.0.1:{port}",
    }
    vocero = installed / "vocero"
    here = call(installed / "python", "-c", "import vocero; print(vocero.__file__)", cwd=place, env=environ)
    assert here.startswith(str(tmp_path / "venv")), "the package itself runs, not the repository"
    assert "import-people" in call(vocero, "--help", cwd=place, env=environ)
    call(vocero, "prepare", cwd=place, env=environ)
    call(vocero, "check", cwd=place, env=environ)
    log = (tmp_path / "log").open("wb")
    serving = subprocess.Popen(
        [vocero, "serve", "--port", str(port)], cwd=place, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log
    )
    try:
        wait_for(lambda: _code(f"http://127.0.0.1:{port}/readyz") == 200, what="the package to serve")
        page = httpx2.get(f"http://127.0.0.1:{port}/privacy", headers={"accept-language": "pl"}, timeout=60)
        assert page.status_code == 200
        assert 'lang="pl"' in page.text
        beside = {word for word in page.text.split('"') if word.startswith(("/static/", "/look/"))}
        assert any(address.endswith(".css") for address in beside)
        assert {_code(f"http://127.0.0.1:{port}{address}") for address in beside} == {200}
    finally:
        serving.terminate()
        serving.wait(60)
        log.close()


def _code(url: str) -> int:
    try:
        return httpx2.get(url, timeout=10).status_code
    except httpx2.HTTPError:
        return 0

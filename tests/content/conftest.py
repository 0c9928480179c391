"""Fixtures for content: real input, and a website on loopback that the one door out may call."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.content import real_input
from tests.servers.loopback import Behavior, LoopbackServer


@pytest.fixture(scope="session")
def source_package() -> Callable[[str], Path]:
    """Gives the folder of a package's sources; the test fails with the reason where they cannot be had."""

    def folder_of(name: str) -> Path:
        try:
            return real_input.unpacked(name)
        except real_input.NotAvailable as error:
            pytest.fail(str(error))

    return folder_of


@pytest.fixture
def website(settings: Any) -> Iterator[Callable[[Behavior], LoopbackServer]]:
    """Starts websites on loopback, each with a behavior, and lets Vocero call them."""
    started: list[LoopbackServer] = []

    def start(behavior: Behavior) -> LoopbackServer:
        server = LoopbackServer(behavior)
        server.__enter__()
        started.append(server)
        settings.VOCERO_ALLOW_PRIVATE_HOSTS = [*settings.VOCERO_ALLOW_PRIVATE_HOSTS, server.place]
        return server

    yield start
    for server in started:
        server.__exit__()

"""Fixtures for real counterparts: each starts once a run, when a test first asks for it, and is allowed as a private host."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from tests.servers.bluesky import BlueskyServer, CannotInstall
from tests.servers.fake_networks import FakeNetworks
from tests.servers.mastodon import MastodonServer


@pytest.fixture(scope="session")
def mastodon_process() -> Iterator[MastodonServer]:
    """A Mastodon server for the whole run; ask for `mastodon` instead."""
    server = MastodonServer.start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def bluesky_process() -> Iterator[BlueskyServer]:
    """A Bluesky network with its view for the whole run; ask for `bluesky` instead."""
    try:
        server = BlueskyServer.start()
    except CannotInstall as reason:
        pytest.skip(str(reason))
    yield server
    server.stop()


@pytest.fixture
def allow_place(settings: Settings) -> Callable[[str], None]:
    """Lets the product call a private place, `host:port`, during one test: `allow_place(server.place)`."""

    def allow(place: str) -> None:
        settings.VOCERO_ALLOW_PRIVATE_HOSTS = (*settings.VOCERO_ALLOW_PRIVATE_HOSTS, place)

    return allow


@pytest.fixture
def mastodon(mastodon_process: MastodonServer, allow_place: Callable[[str], None]) -> MastodonServer:
    """A server that speaks Mastodon's API; one for the whole run, so ask for your own posts only."""
    allow_place(mastodon_process.place)
    return mastodon_process


@pytest.fixture
def bluesky(bluesky_process: BlueskyServer, allow_place: Callable[[str], None]) -> BlueskyServer:
    """A Bluesky network that counts reactions; one for the whole run, make your own people with `person()`."""
    allow_place(bluesky_process.place)
    return bluesky_process


@pytest.fixture
def fake_networks(tmp_path: Path, allow_place: Callable[[str], None]) -> Iterator[FakeNetworks]:
    """Four fake networks with a fifth of all posts faulty, known to this process too."""
    server = FakeNetworks.start(tmp_path)
    allow_place(server.place)
    with server.in_this_process():
        yield server
    server.stop()

"""Fixtures for sharing: a network of our own, with an account on it."""

from collections.abc import Iterator

import pytest

from tests.cast import People
from tests.sharing.library import make_account
from tests.sharing.pigeon import Pigeon, installed
from vocero.networks.models import Account
from vocero.sharing import publishing


@pytest.fixture
def pigeon() -> Iterator[Pigeon]:
    """A network whose troubles the test decides."""
    with installed(Pigeon()) as network:
        yield network


@pytest.fixture
def account(people: People, pigeon: Pigeon) -> Account:
    """Ana's account on it."""
    return make_account(people.ana, "pigeon")


@pytest.fixture(autouse=True)
def closed_breaker() -> None:
    """Servers that failed in another test are no longer left alone."""
    publishing.BREAKER.forget()

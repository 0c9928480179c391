"""Fixtures for sharing: a network of our own, with an account on it."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest

from tests.cast import People
from tests.sharing.library import AT, make_account, make_share
from tests.sharing.pigeon import Pigeon, installed
from vocero.lib.clock import MovingClock
from vocero.networks.models import Account
from vocero.sharing import publishing
from vocero.sharing.models import Share
from vocero.sharing.publishing import Publisher


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


@pytest.fixture
def time() -> MovingClock:
    """The clock that all publishers of a test share."""
    return MovingClock(AT)


@pytest.fixture
def publish(time: MovingClock) -> Callable[..., int]:
    """Moves the clock on and lets one publisher run."""

    def run(after: timedelta = timedelta(seconds=11), **values: Any) -> int:
        time.advance(after)
        return Publisher(now=time, **values).run()

    return run


@pytest.fixture
def planned(people: People, account: Account) -> Share:
    """A share of Ana's that goes out in ten seconds."""
    return make_share(people, account)

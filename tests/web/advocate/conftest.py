"""Fixtures for the advocate's pages: Ana signed in, the cast's Monday, a network of our own."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from tests.cast import MOMENT, People
from tests.sharing.pigeon import Pigeon, installed
from vocero.lib.clock import moved_clock

SignIn = Callable[[Any], Client]


@pytest.fixture
def ana(people: People, sign_in: SignIn) -> Client:
    """Ana, signed in, whose pages speak English."""
    people.ana.language = "en"
    people.ana.save()
    cache.clear()
    return sign_in(people.ana)


@pytest.fixture
def clock() -> Iterator[Any]:
    """It is the cast's Monday until the test moves on."""
    with moved_clock(MOMENT) as moving:
        yield moving


@pytest.fixture
def pigeon() -> Iterator[Pigeon]:
    """A network whose troubles the test decides."""
    with installed(Pigeon()) as network:
        yield network

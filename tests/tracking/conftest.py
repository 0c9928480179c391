"""Fixtures of tracking: a share with its link, a folder of segments, and an open door to the links."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cast import House, People
from tests.tracking.clicking import Door, Visits, hand_off
from vocero.sharing.models import Link, Share


@pytest.fixture
def share(people: People, house: House) -> Share:
    """A handoff to LinkedIn that Ana has started."""
    return hand_off(people.ana, house)


@pytest.fixture
def link(share: Share) -> Link:
    """The link of Ana's share."""
    return Link.objects.get(share=share)


@pytest.fixture
def visits(tmp_path: Path) -> Visits:
    """Clicks written into segments, and the ingest that takes them."""
    return Visits(tmp_path / "segments")


@pytest.fixture
def open_door(tmp_path: Path) -> Iterator[Callable[..., Door]]:
    """Opens cores over the tests' database; all are closed at the end."""
    doors: list[Door] = []

    def opened(**more: Any) -> Door:
        doors.append(Door.open(tmp_path, **more))
        return doors[-1]

    yield opened
    for door in doors:
        door.close()

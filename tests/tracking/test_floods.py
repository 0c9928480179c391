"""A flood of clicks from one address is sent on and not counted; a crowd behind one address is."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import time_machine

from tests.cast import House, People
from tests.tracking.clicking import CHROME, Door, Visits, hand_off
from vocero.config import variables
from vocero.sharing.models import Link
from vocero.tracking.links.core import Answer
from vocero.tracking.links.settings import LinksSettings
from vocero.tracking.models import Click, RequestStat, ShareTotal
from vocero.tracking.segment import SegmentWriter
from vocero.tracking.services import make_salts

pytestmark = pytest.mark.django_db(transaction=True)

type OpenDoor = Callable[..., Door]

AT = datetime(2026, 3, 10, 12, 10, tzinfo=UTC)
FLOODER = "9.9.9.9"
ANOTHER = "8.8.8.8"


@pytest.fixture(autouse=True)
def clock(house: House) -> Iterator[time_machine.Traveller]:
    with time_machine.travel(AT) as moving:
        make_salts(house.installation, at=AT)
        yield moving


def click(door: Door, link: Link, many: int, *, peer: str, first: int = 0, **headers: str) -> list[Answer]:
    """Click from an address, each time with another browser."""
    return [
        door.ask(f"/l/{link.token}", peer=peer, user_agent=f"{CHROME} n{number}", **headers)
        for number in range(first, first + many)
    ]


def take_in(visits: Visits, answers: list[Answer]) -> None:
    """Have the ingest take what was written down for these answers."""
    writer = SegmentWriter.create(visits.folder, node="n1", at_us=int(AT.timestamp() * 1_000_000))
    for answer in answers:
        assert answer.record is not None
        writer.append(answer.record)
    writer.close()
    visits.take_in(at=AT)


def counted() -> dict[str, int]:
    found = RequestStat.objects.get()
    return {"valid": found.valid, "left out": found.bot, "unique": ShareTotal.objects.get().unique}


def test_a_flood_from_one_address_is_sent_on_and_counts_up_to_the_limit(
    link: Link, open_door: OpenDoor, visits: Visits
) -> None:
    answers = click(open_door(most_from_address=50), link, 500, peer=FLOODER)
    assert {answer.status for answer in answers} == {302}
    take_in(visits, answers)
    assert counted() == {"valid": 50, "left out": 450, "unique": 50}


def test_hundreds_behind_one_address_all_count(link: Link, open_door: OpenDoor, visits: Visits) -> None:
    assert LinksSettings.most_from_address == variables.CLICKS_PER_ADDRESS.read("5000")
    take_in(visits, click(open_door(), link, 5000, peer=FLOODER))
    assert counted() == {"valid": 5000, "left out": 0, "unique": 5000}


def test_a_flood_takes_nothing_from_other_addresses_other_links_and_the_next_day(
    link: Link, open_door: OpenDoor, visits: Visits, people: People, house: House, clock: time_machine.Traveller
) -> None:
    door = open_door(most_from_address=50)
    other = Link.objects.get(share=hand_off(people.bruno, house))
    click(door, link, 100, peer=FLOODER)
    later = click(door, link, 50, peer=ANOTHER) + click(door, other, 50, peer=FLOODER)
    clock.shift(24 * 3600)
    later += click(door, link, 50, peer=FLOODER, first=1000)
    take_in(visits, later)
    assert set(Click.objects.values_list("verdict", flat=True)) == {"valid"}
    assert Click.objects.count() == 150


@pytest.mark.parametrize(
    ("most", "peer"),
    [(0, FLOODER), (50, "10.0.0.2"), (50, "172.17.0.1"), (50, "127.0.0.1"), (50, "fd00::7"), (50, "")],
)
def test_no_limit_holds_for_private_addresses_and_when_it_is_off(
    link: Link, open_door: OpenDoor, visits: Visits, most: int, peer: str
) -> None:
    take_in(visits, click(open_door(most_from_address=most), link, 200, peer=peer))
    assert counted() == {"valid": 200, "left out": 0, "unique": 200}


def test_half_of_an_ipv6_address_is_one_visitors(link: Link, open_door: OpenDoor, visits: Visits) -> None:
    door = open_door(most_from_address=50)
    answers = [one for host in range(100) for one in click(door, link, 1, peer=f"2001:4860::{host:x}", first=host)]
    take_in(visits, answers)
    assert counted() == {"valid": 50, "left out": 50, "unique": 50}


def test_requests_that_are_no_readers_use_up_nothing(link: Link, open_door: OpenDoor) -> None:
    door = open_door(most_from_address=50)
    for number in range(200):
        door.ask(f"/l/{link.token}", method="HEAD", peer=FLOODER)
        door.ask(f"/l/{link.token}", peer=FLOODER, sec_purpose="prefetch", user_agent=f"{CHROME} n{number}")
    assert sum(door.core._floods._counts) == 0

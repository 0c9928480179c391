"""Many at once, and yet no server, account or slow answer holds up the others; a stop lets nothing more leave."""

import threading
from datetime import timedelta

import pytest

from tests.cast import MOMENT, People, enrol, make_member
from tests.sharing.library import make_account, make_post
from tests.sharing.pigeon import Pigeon
from vocero.lib.clock import MovingClock, moved_clock
from vocero.networks.base import TryLater
from vocero.policy import services as policy
from vocero.sharing import publishing, services, tasks
from vocero.sharing.models import Share
from vocero.sharing.outbox import Pace
from vocero.sharing.publishing import Publisher

AT = MOMENT + timedelta(days=2)
TEXT = "Worth a look, and not only for millers."
PATIENCE = 60.0


def plan(people: People, number: int, *, instance: str = "https://pigeon.test", name: str = "Pia") -> list[Share]:
    """Plan a share of each of so many new advocates on one server."""
    post = make_post(people.house)
    shares = []
    for one in range(number):
        member = make_member(f"{name}{one} Kowalska", team=people.house.sales)
        enrol(member, people.house)
        account = make_account(member, "pigeon", instance=instance)
        shares.append(
            services.share_post(member, post, network="pigeon", account=account, text=TEXT, at=AT, disclosed=False)
        )
    return shares


def at_once(pigeon: Pigeon) -> dict[str, int]:
    """Let a pigeon count how many of its calls run at the same time on each server."""
    running: dict[str, int] = {}
    most: dict[str, int] = {}
    lock, real = threading.Lock(), pigeon.publish

    def publish(account: object, *rest: object) -> object:
        instance = getattr(account, "instance", "")
        with lock:
            running[instance] = running.get(instance, 0) + 1
            most[instance] = max(most.get(instance, 0), running[instance])
        threading.Event().wait(0.02)
        try:
            with lock:
                return real(account, *rest)  # type: ignore[arg-type]
        finally:
            with lock:
                running[instance] -= 1

    pigeon.publish = publish  # type: ignore[method-assign, assignment]
    return most


@pytest.mark.django_db(transaction=True)
def test_a_server_gets_an_eighth_of_the_places_and_all_are_sent(people: People, pigeon: Pigeon) -> None:
    plan(people, 12)
    plan(people, 6, instance="https://owl.test", name="Olga")
    most = at_once(pigeon)
    assert Publisher(now=MovingClock(AT + timedelta(seconds=11)), pace=Pace(at_once=16)).run() == 18
    assert len(pigeon.posts) == 18
    assert max(most.values()) == 2


@pytest.mark.django_db(transaction=True)
def test_a_server_that_does_not_answer_holds_up_nobody_else(people: People, pigeon: Pigeon) -> None:
    plan(people, 6, instance="https://slow.test", name="Sol")
    plan(people, 12, instance="https://quick.test", name="Quique")
    real, others_are_out = pigeon.publish, threading.Event()

    def publish(account: object, *rest: object) -> object:
        if getattr(account, "instance", "") == "https://slow.test":
            assert others_are_out.wait(PATIENCE)
        published = real(account, *rest)  # type: ignore[arg-type]
        if len(pigeon.posts) >= 12:
            others_are_out.set()
        return published

    pigeon.publish = publish  # type: ignore[method-assign, assignment]
    assert Publisher(now=MovingClock(AT + timedelta(seconds=11)), pace=Pace(at_once=16)).run() == 18
    assert others_are_out.is_set()


@pytest.mark.django_db(transaction=True)
def test_an_account_has_one_share_on_its_way_at_a_time(people: People, pigeon: Pigeon) -> None:
    (first,) = plan(people, 1)
    for number in range(4):
        post = make_post(people.house, url=f"https://aurora.example/{number}")
        services.share_post(
            first.member, post, network="pigeon", account=first.account, text=TEXT, at=AT, disclosed=False
        )
    most = at_once(pigeon)
    assert Publisher(now=MovingClock(AT + timedelta(seconds=11))).run() == 5
    assert most == {"https://pigeon.test": 1}


@pytest.mark.django_db(transaction=True)
def test_once_the_stop_is_engaged_nothing_new_leaves(people: People, pigeon: Pigeon) -> None:
    shares = plan(people, 40)
    clock, real, stopped = MovingClock(AT + timedelta(seconds=11)), pigeon.publish, threading.Event()
    after: list[int] = []

    def publish(account: object, *rest: object) -> object:
        if stopped.is_set():
            after.append(1)
        elif len(pigeon.posts) >= 10:
            policy.engage_stop(by=people.marta, reason="", at=AT)
            stopped.set()
        return real(account, *rest)  # type: ignore[arg-type]

    pigeon.publish = publish  # type: ignore[method-assign, assignment]
    Publisher(now=clock, pace=Pace(at_once=16)).run()
    assert len(after) <= 8, "only what had the gate's word before the stop"
    held = Share.objects.filter(pk__in=[share.pk for share in shares], state="planned")
    assert held.count() == 40 - len(pigeon.posts) >= 20


def test_a_server_for_which_very_many_wait_hides_nobody_else(
    people: People, pigeon: Pigeon, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan(people, 12, instance="https://large.test")
    (other,) = plan(people, 1, instance="https://small.test", name="Olga")
    monkeypatch.setattr(publishing, "_KNOWN", 1)
    publisher = Publisher(now=MovingClock(AT + timedelta(seconds=11)), pace=Pace(at_once=8))
    assert other.pk in {one.share_id for one in publisher._look(AT + timedelta(seconds=11))}


def test_an_account_that_was_told_when_to_come_back_is_left_alone_until_then(people: People, pigeon: Pigeon) -> None:
    (first,) = plan(people, 1)
    second = services.share_post(
        first.member,
        make_post(people.house),
        network="pigeon",
        account=first.account,
        text=TEXT,
        at=AT,
        disclosed=False,
    )
    other = plan(people, 1, name="Otra")[0]
    clock = MovingClock(AT + timedelta(seconds=11))
    pigeon.troubles = [TryLater(timedelta(seconds=77))]
    assert Publisher(now=clock).run() == 2
    assert {share.pk for share in Share.objects.filter(state="sent")} == {other.pk}
    clock.advance(timedelta(seconds=76))
    assert Publisher(now=clock).run() == 0
    clock.advance(timedelta(seconds=1))
    assert Publisher(now=clock).run() == 2
    second.refresh_from_db()
    assert second.state == "sent"


def test_a_server_that_was_left_alone_is_tried_with_one_call(people: People, pigeon: Pigeon) -> None:
    plan(people, 8)
    clock = MovingClock(AT + timedelta(seconds=11))
    pigeon.troubles = [TryLater()] * 6
    assert Publisher(now=clock).run() == 5
    clock.advance(timedelta(minutes=1))
    tried = len(pigeon.troubles)
    assert Publisher(now=clock).run() == 1
    assert (tried, len(pigeon.troubles)) == (1, 0)
    assert pigeon.posts == []
    clock.advance(timedelta(minutes=2))
    assert Publisher(now=clock).run() == 8
    assert len(pigeon.posts) == 8


def test_a_worker_that_was_held_up_before_it_began_has_the_clock_of_all_others(people: People, pigeon: Pigeon) -> None:
    (share,) = plan(people, 1)
    pigeon.troubles = [TryLater(timedelta(seconds=30))]
    began, now = AT + timedelta(seconds=11), AT + timedelta(seconds=16)
    with moved_clock(now):
        assert tasks.publish_due(began) == 1
    share.refresh_from_db()
    assert share.lease_until is not None
    assert share.lease_until >= now + timedelta(seconds=30)

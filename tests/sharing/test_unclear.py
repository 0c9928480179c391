"""When nobody knows whether something went out: it is looked for first, and said plainly where nobody can look."""

from datetime import timedelta

from tests.sharing.library import Publish, outcomes, state
from tests.sharing.pigeon import Pigeon
from vocero.lib.clock import MovingClock
from vocero.networks.base import Retry, RetryKind, TryLater, Unclear
from vocero.sharing import services
from vocero.sharing.models import Share
from vocero.sharing.publishing import Publisher
from vocero.sharing.traffic import Breaker


def test_an_unclear_attempt_that_got_through_is_found_and_not_repeated(
    planned: Share, pigeon: Pigeon, publish: Publish
) -> None:
    pigeon.after_storing = [Unclear()]
    publish()
    assert state(planned)[0] == "sending"
    assert publish(timedelta(seconds=30)) == 0, "before the network has settled a look would prove nothing"
    publish(timedelta(minutes=2))
    assert (state(planned)[0], len(pigeon.posts), planned.remote_id) == ("sent", 1, "p1")
    assert outcomes(planned) == ["unclear", "found"]


def test_an_unclear_attempt_that_did_not_get_through_is_sent_after_looking(
    planned: Share, pigeon: Pigeon, publish: Publish
) -> None:
    pigeon.troubles = [Unclear()]
    publish()
    publish(timedelta(minutes=3))
    assert (state(planned)[0], len(pigeon.posts), pigeon.asked) == ("sent", 1, 1)


def test_after_an_unclear_attempt_it_always_looks_first(planned: Share, pigeon: Pigeon, publish: Publish) -> None:
    pigeon.troubles = [Unclear(), TryLater()]
    publish()
    publish(timedelta(minutes=3))
    assert state(planned) == ("planned", "later")
    publish(timedelta(minutes=3))
    assert (state(planned)[0], len(pigeon.posts), pigeon.asked) == ("sent", 1, 2)


def test_without_any_way_to_look_unclear_is_shown_as_such(planned: Share, pigeon: Pigeon, publish: Publish) -> None:
    pigeon.retry = Retry(RetryKind.NONE)
    pigeon.after_storing = [Unclear()]
    publish()
    publish(timedelta(hours=5))
    assert state(planned) == ("unconfirmed", "unclear")
    assert len(pigeon.posts) == 1


def test_a_key_that_the_network_has_forgotten_proves_nothing(planned: Share, pigeon: Pigeon, publish: Publish) -> None:
    pigeon.retry = Retry(RetryKind.KEY, valid_for=timedelta(hours=1))
    pigeon.after_storing = [Unclear()]
    publish()
    publish(timedelta(hours=2))
    assert state(planned) == ("unconfirmed", "unclear")
    assert len(pigeon.posts) == 1


def test_a_click_on_an_unconfirmed_share_proves_that_it_is_out(
    planned: Share, pigeon: Pigeon, publish: Publish, time: MovingClock
) -> None:
    pigeon.retry = Retry(RetryKind.NONE)
    pigeon.after_storing = [Unclear()]
    publish()
    assert services.confirm_by_click(planned, at=time())
    assert (state(planned)[0], planned.certainty) == ("sent", "measured")


def test_looking_in_vain_ends_with_a_person(planned: Share, pigeon: Pigeon, publish: Publish) -> None:
    pigeon.troubles = [Unclear()]
    pigeon.finding = [Unclear()] * 100
    publish()
    for _ in range(40):
        publish(timedelta(minutes=31), breaker=Breaker())
    assert state(planned) == ("unconfirmed", "unclear")
    assert pigeon.posts == []


def test_a_worker_that_died_is_followed_by_one_that_looks(
    planned: Share, pigeon: Pigeon, publish: Publish, time: MovingClock
) -> None:
    time.advance(timedelta(seconds=11))
    Publisher(now=time)._claim(1)  # and dies
    assert publish(timedelta(seconds=60)) == 0
    publish(timedelta(minutes=3))
    assert (state(planned)[0], len(pigeon.posts), pigeon.asked) == ("sent", 1, 1)
    assert outcomes(planned) == ["", "out"]

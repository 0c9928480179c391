"""What is due goes out once, and only if it still may."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from tests.cast import People
from tests.sharing.library import AT, CURATED, Publish, make_account, make_post, make_share, outcomes, state
from tests.sharing.pigeon import Pigeon
from vocero.lib.clock import MovingClock
from vocero.networks.base import Login, Published, Reconnect, Refused, TryLater
from vocero.networks.models import Account
from vocero.people.models import Enrolment
from vocero.policy import services as policy
from vocero.policy.models import Term
from vocero.sharing import services
from vocero.sharing.models import Share
from vocero.sharing.outbox import Pace
from vocero.sharing.publishing import Publisher
from vocero.sharing.traffic import Breaker


def test_nothing_leaves_within_the_ten_seconds_of_undo(planned: Share, pigeon: Pigeon, publish: Publish) -> None:
    assert publish(timedelta(seconds=9)) == 0
    assert publish(timedelta(seconds=1)) == 1
    assert len(pigeon.posts) == 1


def test_what_is_out_says_where_and_when(planned: Share, pigeon: Pigeon, publish: Publish) -> None:
    publish()
    assert state(planned) == ("sent", "")
    assert (planned.certainty, planned.remote_id, planned.remote_url) == ("published", "p1", "https://pigeon.test/1")
    assert (planned.out_at, planned.day_on) == (AT + timedelta(seconds=11), date(2026, 11, 18))
    assert pigeon.keys == [planned.key]
    assert pigeon.posts[0] == f"{CURATED}\n\nhttp://testserver/l/{planned.link.token}"
    assert pigeon.drafts[0].link is not None
    assert pigeon.drafts[0].link.title == "A mill that runs on sunlight"
    assert outcomes(planned) == ["out"]


def test_the_intent_is_stored_before_anything_leaves(planned: Share, pigeon: Pigeon, publish: Publish) -> None:
    seen: list[tuple[str, int, bool]] = []

    def look() -> None:
        share = Share.objects.get(pk=planned.pk)
        seen.append((share.state, share.attempts.filter(finished_at=None).count(), share.lease_until is not None))

    pigeon.troubles = [look]
    publish()
    assert seen == [("sending", 1, True)]


LEAVING: dict[str, Callable[[People, Share], object]] = {
    "left": lambda people, _: Enrolment.objects.filter(member=people.ana).update(state="left"),
    "declined": lambda people, _: Enrolment.objects.filter(member=people.ana).update(state="declined"),
    "paused": lambda people, _: Enrolment.objects.filter(member=people.ana).update(state="paused"),
    "deactivated": lambda people, _: type(people.ana).objects.filter(pk=people.ana.pk).update(is_active=False),
    "post taken back": lambda _, share: type(share.post).objects.filter(pk=share.post_id).update(state="archived"),
    "post ended": lambda _, share: type(share.post).objects.filter(pk=share.post_id).update(expires_at=AT),
    "stop": lambda people, _: policy.engage_stop(by=people.marta, reason="", at=AT),
    "guideline": lambda _, __: policy.publish_guideline({"en": "Be kind."}, at=AT),
    "check": lambda _, __: policy.add_term(Term.Kind.CONFIDENTIAL, "millers", at=AT),
    "disconnected": lambda _, share: Account.objects.filter(pk=share.account_id).update(state="disconnected"),
    "reconnect": lambda _, share: Account.objects.filter(pk=share.account_id).update(state="reconnect"),
}
ENDS = {
    "left": ("cancelled", "left"),
    "declined": ("cancelled", "left"),
    "paused": ("cancelled", "paused"),
    "deactivated": ("cancelled", "deactivated"),
    "post taken back": ("failed", "post_gone"),
    "post ended": ("failed", "post_ended"),
    "stop": ("planned", ""),
    "guideline": ("planned", "guideline"),
    "check": ("failed", "check"),
    "disconnected": ("failed", "disconnected"),
    "reconnect": ("planned", "reconnect"),
}


@pytest.mark.parametrize("what", list(LEAVING))
def test_what_changed_before_the_claim_is_heeded(
    what: str, people: People, planned: Share, pigeon: Pigeon, publish: Publish
) -> None:
    LEAVING[what](people, planned)
    publish()
    assert pigeon.posts == []
    assert state(planned) == ENDS[what]
    assert outcomes(planned) == []


@pytest.mark.parametrize("what", list(LEAVING))
def test_what_changes_between_claim_and_send_is_heeded_too(
    what: str, people: People, planned: Share, pigeon: Pigeon, time: MovingClock
) -> None:
    time.advance(timedelta(seconds=11))
    publisher = Publisher(now=time, pace=Pace(rules_for=timedelta(0)))
    (claim,) = publisher._claim(1)
    assert state(planned) == ("sending", "")
    LEAVING[what](people, planned)

    publisher.deliver(claim)

    assert pigeon.posts == []
    assert state(planned) == ({**ENDS, "stop": ("planned", "stopped")}[what])
    assert outcomes(planned) == ["held" if planned.state == "planned" else "stopped"]


def test_what_was_held_goes_out_when_it_may(
    people: People, planned: Share, pigeon: Pigeon, publish: Publish, time: MovingClock
) -> None:
    guideline = policy.publish_guideline({"en": "Be kind."}, at=AT)
    publish()
    policy.acknowledge(people.ana, guideline, language="en", at=time())
    publish(timedelta(minutes=2))
    assert state(planned) == ("sent", "")


def test_what_waited_longer_than_a_day_does_not_surprise_anybody(
    people: People, planned: Share, pigeon: Pigeon, publish: Publish, time: MovingClock
) -> None:
    policy.engage_stop(by=people.marta, reason="", at=AT)
    publish(timedelta(hours=25))
    policy.release_stop(by=people.olga, at=time())
    publish()
    assert pigeon.posts == []
    assert state(planned) == ("failed", "too_late")


def test_a_network_that_is_busy_is_asked_again_when_it_says(planned: Share, pigeon: Pigeon, publish: Publish) -> None:
    pigeon.troubles = [TryLater(timedelta(minutes=7))]
    publish()
    assert state(planned) == ("planned", "later")
    assert publish(timedelta(minutes=6, seconds=50)) == 0
    publish(timedelta(seconds=11))
    assert (state(planned)[0], len(pigeon.posts), pigeon.asked) == ("sent", 1, 0)


def test_waits_grow_and_are_left_to_chance(planned: Share) -> None:
    pace = Pace()
    waits = [pace.wait(attempt) for attempt in (1, 2, 3, 12, 60)]
    assert timedelta(seconds=10) <= waits[0] <= timedelta(seconds=20)
    assert timedelta(seconds=40) <= waits[2] <= timedelta(seconds=80)
    assert all(timedelta(minutes=15) <= wait <= timedelta(minutes=30) for wait in waits[3:])
    assert len({pace.wait(5) for _ in range(5)}) > 1


def test_a_network_that_stays_down_is_given_up_after_a_day(planned: Share, pigeon: Pigeon, publish: Publish) -> None:
    pigeon.troubles = [TryLater()] * 200
    while state(planned)[0] == "planned":
        publish(timedelta(minutes=31), breaker=Breaker())
    assert state(planned) == ("failed", "network_down")
    assert pigeon.posts == []


def test_a_refusal_is_final_and_says_why(planned: Share, pigeon: Pigeon, publish: Publish) -> None:
    pigeon.troubles = [Refused("too_long")]
    publish()
    publish(timedelta(hours=1))
    assert state(planned) == ("failed", "too_long")
    assert pigeon.posts == []


def test_a_dead_token_waits_for_its_owner_and_then_goes_out(
    planned: Share, account: Account, pigeon: Pigeon, publish: Publish
) -> None:
    pigeon.troubles = [Reconnect()]
    publish()
    account.refresh_from_db()
    assert (state(planned), account.state) == (("planned", "reconnect"), "reconnect")
    make_account(planned.member, "other")
    fresh = make_account(planned.member, "pigeon", remote_id="x")
    Account.objects.filter(pk=account.pk).update(state="connected", credentials=None)
    account.refresh_from_db()
    from vocero.networks import vault

    account.credentials = vault.seal_account(account, {"access": "new"})
    account.save()
    fresh.delete()
    publish(timedelta(minutes=2))
    assert state(planned) == ("sent", "")


def test_too_near_the_end_of_its_lease_a_worker_leaves_it_to_the_next(
    planned: Share, pigeon: Pigeon, time: MovingClock
) -> None:
    time.advance(timedelta(seconds=11))
    publisher = Publisher(now=time)
    (claim,) = publisher._claim(1)
    time.move_to(claim.lease_until - timedelta(seconds=29))
    publisher.deliver(claim)
    assert pigeon.posts == []


def test_a_server_that_fails_five_times_is_left_alone_and_others_go_on(
    people: People, pigeon: Pigeon, publish: Publish
) -> None:
    broken = [make_account(member, "pigeon", instance="https://down.test") for member in people.advocates[:8]]
    fine = make_account(people.advocates[8], "pigeon", instance="https://up.test")
    post = make_post(people.house)
    for account in [*broken, fine]:
        make_share(people, account, post=post)
    real, failures = pigeon.publish, [TryLater()] * 5

    def down(login: Login, *rest: Any) -> Published:
        if login.instance == "https://down.test" and failures:
            raise failures.pop()
        return real(login, *rest)

    pigeon.publish = down  # type: ignore[method-assign, assignment]
    assert publish() == 6
    assert len(pigeon.posts) == 1
    publish(timedelta(minutes=2))
    assert len(pigeon.posts) == 9


def test_a_scheduled_share_goes_out_at_its_minute(
    people: People, account: Account, pigeon: Pigeon, publish: Publish
) -> None:
    later = services.Later(datetime.fromisoformat("2026-11-19T08:30"), "Europe/Madrid")
    share = make_share(people, account, later=later)
    assert publish(timedelta(hours=22, minutes=29)) == 0
    assert publish(timedelta(minutes=1)) == 1
    assert state(share)[0] == "sent"


def test_images_and_their_words_go_along(people: People, account: Account, pigeon: Pigeon, publish: Publish) -> None:
    import io

    from PIL import Image

    from vocero.company.files import store_image
    from vocero.content.models import PostImage

    content = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(content, "PNG")
    post = make_post(people.house)
    image = PostImage.objects.create(post=post, file=store_image(content.getvalue(), at=AT), alt="A teal square")
    make_share(people, account, post=post, images=[image])
    publish()
    (media,) = pigeon.drafts[0].media
    assert (media.alt, media.width, media.height) == ("A teal square", 40, 30)
    assert media.content

"""What is due goes out once, and only if it still may."""

import pkgutil
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, transaction

from tests.cast import MOMENT, People
from tests.sharing.library import make_account, make_post
from tests.sharing.pigeon import Pigeon
from vocero.company.queries import house
from vocero.lib.clock import MovingClock
from vocero.networks.base import Published, Reconnect, Refused, Retry, RetryKind, TryLater, Unclear
from vocero.networks.models import Account
from vocero.people.models import Enrolment
from vocero.policy import services as policy
from vocero.policy.models import Term
from vocero.sharing import gate, outbox, services
from vocero.sharing.crew import Done
from vocero.sharing.models import Share
from vocero.sharing.outbox import Pace
from vocero.sharing.packing import packed
from vocero.sharing.publishing import Publisher
from vocero.sharing.traffic import Breaker

AT = MOMENT + timedelta(days=2)
CURATED = "Worth a look, and not only for millers."


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


def make_share(people: People, account: Account, **values: Any) -> Share:
    post = values.pop("post", None) or make_post(people.house)
    known: dict[str, Any] = {"network": "pigeon", "account": account, "text": CURATED, "at": AT, "disclosed": False}
    return services.share_post(account.member, post, **(known | values))


def state(share: Share) -> tuple[str, str]:
    share.refresh_from_db()
    return share.state, share.reason


def outcomes(share: Share) -> list[str]:
    return list(share.attempts.order_by("number").values_list("outcome", flat=True))


Publish = Callable[..., int]


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


def test_a_worker_that_wakes_up_after_its_lease_sends_and_changes_nothing(
    planned: Share, pigeon: Pigeon, publish: Publish, time: MovingClock
) -> None:
    time.advance(timedelta(seconds=11))
    asleep = Publisher(now=time)
    (claim,) = asleep._claim(1)
    publish(timedelta(minutes=10))
    assert state(planned)[0] == "sent"
    asleep.deliver(claim)
    assert len(pigeon.posts) == 1

    late = outbox.as_failed(claim, at=time(), outcome="refused", reason="rejected")
    assert outbox.close([late], house(), at=time()) == set()
    assert state(planned) == ("sent", "")
    assert outcomes(planned) == ["late", "out"]


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
    pigeon.troubles = [TryLater()] * 5
    assert publish() == 6
    assert len(pigeon.posts) == 1
    publish(timedelta(minutes=2))
    assert len(pigeon.posts) == 9


def test_two_publishers_never_claim_the_same_share(people: People, account: Account, time: MovingClock) -> None:
    for number in range(6):
        make_share(people, account, post=make_post(people.house, url=f"https://aurora.example/{number}"))
    time.advance(timedelta(seconds=11))
    book = gate.open_book(house())
    keys = [one.share_id for one in outbox.waiting(time(), most=9)]
    seen = list(zip(gate.facts_of(keys, book), packed(keys, book), strict=True))
    with transaction.atomic():
        assert len(outbox.claim(seen[:4], at=time(), pace=Pace())) == 4
    with transaction.atomic():
        assert {made.share_id for made in outbox.claim(seen, at=time(), pace=Pace())} == {
            parcel.share.pk for _facts, parcel in seen[4:]
        }


@pytest.mark.parametrize("place", ["gate.facts_of", "packed", "outbox.claim"])
def test_a_share_claimed_between_two_looks_of_another_publisher_is_left_alone(
    place: str, planned: Share, pigeon: Pigeon, time: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    time.advance(timedelta(seconds=11))
    slow, fast = Publisher(now=time), Publisher(now=time)
    owner, _, name = f"vocero.sharing.publishing.{place}".rpartition(".")
    real, claims = pkgutil.resolve_name(f"{owner}.{name}"), []

    def meanwhile(*args: Any, **named: Any) -> Any:
        monkeypatch.setattr(f"{owner}.{name}", real)
        claims.extend(fast._claim(1))
        return real(*args, **named)

    monkeypatch.setattr(f"{owner}.{name}", meanwhile)
    assert slow._claim(1) == []
    assert len(claims) == 1


def test_a_share_put_off_after_it_was_read_is_not_claimed(planned: Share, time: MovingClock) -> None:
    time.advance(timedelta(seconds=11))
    book = gate.open_book(house())
    read = list(zip(gate.facts_of([planned.pk], book), packed([planned.pk], book), strict=True))
    Share.objects.filter(pk=planned.pk).update(due_at=time() + timedelta(hours=1))
    with transaction.atomic():
        assert outbox.claim(read, at=time(), pace=Pace()) == []
    assert state(planned)[0] == "planned"


def shares_of_several(people: People, account: Account, many: int) -> list[Share]:
    """Share something else each, by so many advocates; the first one has the account."""
    accounts = [account, *(make_account(member, "pigeon") for member in people.advocates[1:many])]
    return [
        make_share(people, one, post=make_post(people.house, url=f"https://aurora.example/{one.pk}"))
        for one in accounts
    ]


def test_of_results_stored_together_each_counts_only_if_its_attempt_is_the_latest(
    people: People, account: Account, time: MovingClock
) -> None:
    shares = shares_of_several(people, account, 4)
    time.advance(timedelta(seconds=11))
    claims = {made.share_id: made for made in Publisher(now=time)._claim(9)}
    first, second, third, overtaken = (claims[share.pk] for share in shares)
    Share.objects.filter(pk=overtaken.share_id).update(attempt=2)

    told = [
        outbox.as_out(first, Published("p1", "https://pigeon.test/1"), outcome="out"),
        outbox.as_out(second, Published("", ""), outcome="found"),
        outbox.as_planned(third, until=time() + timedelta(minutes=1), outcome="later", reason="later"),
        outbox.as_out(overtaken, Published("p9", "https://pigeon.test/9"), outcome="out"),
    ]
    assert outbox.close(told, house(), at=time()) == {first.share_id, second.share_id, third.share_id}

    assert [state(share)[0] for share in shares] == ["sent", "sent", "planned", "sending"]
    assert [(share.remote_id, share.remote_url) for share in shares[:2]] == [("p1", "https://pigeon.test/1"), ("", "")]
    assert shares[0].engagement_due_at == time() + outbox.FIRST_READING
    assert shares[1].engagement_due_at is None
    assert [outcomes(share) for share in shares] == [["out"], ["found"], ["later"], ["late"]]


def test_a_result_that_cannot_be_stored_does_not_take_the_others_with_it(
    people: People, account: Account, time: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = shares_of_several(people, account, 3)
    time.advance(timedelta(seconds=11))
    publisher = Publisher(now=time)
    claims = publisher._claim(9)
    real = outbox.close

    def close(closings: Any, *args: Any, **named: Any) -> set[int]:
        told = list(closings)
        if shares[1].pk in {one.claim.share_id for one in told}:
            raise OperationalError
        return real(told, *args, **named)

    jobs = publisher._ready(claims)
    monkeypatch.setattr(outbox, "close", close)
    publisher._record([Done(job, published=Published("p", "https://pigeon.test/p")) for job in jobs])
    assert [state(share)[0] for share in shares] == ["sent", "sending", "sent"]


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

"""Several publishers on one queue: each share has one at a time, and only the latest attempt counts."""

import pkgutil
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError, transaction

from tests.cast import People
from tests.sharing.library import AT, Publish, make_account, make_post, make_share, outcomes, state
from tests.sharing.pigeon import Pigeon
from vocero.company.queries import house
from vocero.lib.clock import MovingClock
from vocero.networks.base import Published
from vocero.networks.models import Account
from vocero.policy import checks
from vocero.policy import services as policy
from vocero.policy.checks import Candidate, Finding
from vocero.policy.models import Term
from vocero.policy.rules import Rules
from vocero.sharing import gate, outbox
from vocero.sharing.crew import Done
from vocero.sharing.models import Share
from vocero.sharing.outbox import Pace
from vocero.sharing.packing import packed
from vocero.sharing.publishing import Publisher


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


def test_words_that_several_share_are_checked_once_and_other_words_on_their_own(
    people: People, account: Account, time: MovingClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    shares = shares_of_several(people, account, 3)
    Share.objects.filter(pk=shares[2].pk).update(text="Words about the merger.")
    policy.add_term(Term.Kind.CONFIDENTIAL, "merger", at=AT)
    time.advance(timedelta(seconds=11))
    checked, real = [], checks.findings

    def findings(candidate: Candidate, rules: Rules) -> list[Finding]:
        checked.append(candidate.text)
        return real(candidate, rules)

    monkeypatch.setattr(checks, "findings", findings)
    book = gate.open_book(house())
    keys = [share.pk for share in shares]
    seen = zip(gate.facts_of(keys, book), packed(keys, book), strict=True)
    words = [gate.ask(facts, book, claimed=one, at=time(), latest=Pace().latest).verdict for facts, one in seen]
    assert words == [gate.Verdict.GO, gate.Verdict.GO, gate.Verdict.FAIL]
    assert checked == [shares[0].text, "Words about the merger."]

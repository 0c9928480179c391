"""The fake networks behave as they say, and a publisher that looks before it repeats never posts twice on them."""

from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from tests.cast import People
from tests.networks.drafts import card
from tests.servers.fake_networks import NAMES, FakeNetworks, make_account
from vocero.lib.clock import now
from vocero.networks import services
from vocero.networks.base import Draft, TryLater, Unclear
from vocero.networks.registry import get_network, network_names


def test_they_come_in_by_their_entry_points(fake_networks: FakeNetworks) -> None:
    assert set(NAMES) <= set(network_names())
    assert "mastodon" in network_names()


def test_one_remembers_a_key_for_an_hour_one_ignores_it(
    tmp_path: Path, allow_place: Callable[[str], None], people: People
) -> None:
    networks = FakeNetworks.start(tmp_path, faults=0)
    allow_place(networks.place)
    try:
        with networks.in_this_process():
            for name in NAMES:
                account = make_account(people.ana, name, at=now())
                asked = {"account": account, "draft": Draft("x", card()), "key": f"key-{name}", "at": now()}
                services.publish(name, **asked)
                services.publish(name, **asked)
                networks.move_clock(timedelta(minutes=61))
                services.publish(name, **asked)
                networks.move_clock(timedelta(0))
        counts = Counter(post["network"] for post in networks.posts())
        assert counts == {"fake-key": 2, "fake-record": 1, "fake-lookup": 3, "fake-none": 3}
    finally:
        networks.stop()


@pytest.mark.parametrize("name", NAMES)
def test_looking_before_repeating_never_posts_twice(name: str, fake_networks: FakeNetworks, people: People) -> None:
    account, network = make_account(people.ana, name, at=now()), get_network(name)
    unconfirmed, sent = 0, set()
    for _ in range(25):
        draft, key, first = Draft("Faulty times", card()), network.new_key(now()), now()
        unclear = False
        while True:
            asked = {"account": account, "draft": draft, "key": key, "at": now()}
            try:
                fake_networks.settle()
                found = services.find(name, **asked, first_sent_at=first) if unclear else None
                found = found or services.publish(name, **asked)
            except TryLater:
                continue
            except Unclear:
                if network.retry.kind == "none":
                    unconfirmed += 1
                    break
                unclear = True
                continue
            sent.add(draft.link.url if draft.link else "")
            assert found.remote_id
            break
    stored = {post["link"] for post in fake_networks.posts()}
    assert fake_networks.posted_more_than_once() == {}
    assert sent <= stored
    assert (unconfirmed > 0) == (name == "fake-none")

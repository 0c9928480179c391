"""Who goes next: the server that would be done last and who has waited longest in turn, each account in its order."""

from vocero.sharing.backlog import Backlog
from vocero.sharing.outbox import Waiting
from vocero.sharing.traffic import Speed


def waits(share: int, server: str, account: int | None = None) -> Waiting:
    """Give a share that waits for a server, of an account of its own unless it is told."""
    return Waiting(share, share if account is None else account, ("pigeon", server), lapsed=False)


def taken(backlog: Backlog, many: int, *, full: str = "") -> list[int]:
    """Take so many, with a place for one of each account and every server but a `full` one."""
    accounts: set[int | None] = set()
    found = backlog.take(
        has_room=lambda server: server[1] != full,
        may_go=lambda one: one.account_id not in accounts,
        to_go=lambda server: float(backlog.many(server)),
    )
    keys = []
    for _, one in zip(range(many), found, strict=False):
        accounts.add(one.account_id)
        keys.append(one.share_id)
    return keys


def test_the_longest_line_gets_every_other_place_and_the_oldest_those_between() -> None:
    backlog = Backlog(
        [*(waits(number, "short") for number in (1, 2)), *(waits(number, "long") for number in range(3, 9))]
    )
    assert taken(backlog, 8) == [3, 1, 4, 2, 5, 6, 7, 8]


def test_the_turn_is_kept_where_places_are_taken_one_by_one() -> None:
    backlog = Backlog([waits(1, "short"), waits(2, "short"), *(waits(number, "long") for number in range(3, 9))])
    assert [taken(backlog, 1) for _ in range(4)] == [[3], [1], [4], [2]]


def test_what_one_account_shares_goes_in_its_order_and_nobody_stands_behind_it() -> None:
    backlog = Backlog([waits(1, "one", account=7), waits(2, "one", account=7), waits(3, "one")])
    assert taken(backlog, 9) == [1, 3]
    assert taken(backlog, 9) == [2]
    assert taken(backlog, 9) == []


def test_a_server_without_room_keeps_its_line() -> None:
    backlog = Backlog([waits(1, "one"), waits(2, "full"), waits(3, "one")])
    assert taken(backlog, 9, full="full") == [1, 3]
    assert backlog.many(("pigeon", "full")) == 1
    assert taken(backlog, 9) == [2]


def test_a_server_that_has_not_answered_for_long_counts_as_slow() -> None:
    quick, silent = Speed(), Speed()
    for _ in range(3):
        quick.count(1)
        quick.count(-1)
    silent.count(1)
    silent.since -= 20  # as if it had begun so long ago
    assert quick.seconds() < 1 < 20 <= silent.seconds()

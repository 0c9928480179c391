"""A process that forks publishers on demand, so that a drill can kill them by dozens: `python -m tests.sharing.crew`.

It reads commands, one a line, and answers each with one line of JSON: `make N SECONDS`, `start [WORD...]`,
`later SECONDS`, `report`. Words for a publisher: a place of `STALL_EACH`, where it freezes itself now and then, and a name of
`FLAWS`, a fault planted in it.
"""

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

NETWORKS = ("fake-key", "fake-record", "fake-lookup", "fake-none")
TEXT = "Worth a look, and not only for millers."
LEASE = timedelta(seconds=6)
LATER = timedelta(hours=2)
"""How far the clocks are moved in the middle of a drill."""
STALL_EACH = {"claimed": 0.3, "asked": 0.05, "connected": 0.03}
"""How often a publisher freezes at its place, as a part of all times that it comes by."""
MEMBERS = 6


def main() -> None:
    """Set up the database, then do as told until the input ends; what was forked ends with this process."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vocero.config.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    connections.close_all()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    print(json.dumps("ready"), flush=True)
    children: list[int] = []
    offset = 0.0
    for line in sys.stdin:
        command, *words = line.split()
        answer: Any = None
        if command == "make":
            answer = make(int(words[0]), float(words[1]))
        elif command == "later":
            offset = float(words[0])
        elif command == "report":
            answer = report()
        elif command == "start":
            answer = fork(offset, words)
            children.append(answer)
        connections.close_all()
        print(json.dumps(answer), flush=True)
    for child in children:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue


def make(count: int, seconds: float) -> int:
    """Plan shares in turn on the four networks, due evenly over so many seconds; the later half after the clocks moved."""
    from tests.cast import enrol as enrolled
    from tests.cast import make_house, make_member
    from tests.servers.fake_networks import make_account
    from tests.sharing.library import make_post
    from vocero.lib import clock
    from vocero.sharing import services
    from vocero.sharing.models import Share

    at = clock.now() - timedelta(minutes=1)
    house = make_house()
    members = [make_member(f"Ana{number} López", team=house.sales) for number in range(MEMBERS)]
    for member in members:
        enrolled(member, house)
    post = make_post(house, at=at)
    accounts = [make_account(member, network, at=at) for member in members for network in NETWORKS]
    begins = clock.now()
    for number in range(count):
        account = accounts[number % len(accounts)]
        share = services.share_post(
            account.member, post, network=account.network, account=account, text=TEXT, at=at, disclosed=False
        )
        moved = LATER if seconds and number >= count // 2 else timedelta(0)
        Share.objects.filter(pk=share.pk).update(due_at=begins + moved + timedelta(seconds=seconds * number / count))
    return count


def fork(offset: float, words: list[str]) -> int:
    """Fork a publisher whose clock is `offset` seconds ahead; gives its process id."""
    child = os.fork()
    if child:
        return child
    from vocero.lib import clock
    from vocero.lib.processes import end_with_parent
    from vocero.sharing.outbox import Pace
    from vocero.sharing.publishing import Publisher

    end_with_parent(signal.SIGKILL)
    random.seed(os.getpid())
    for word in words:
        stall(word) if word in STALL_EACH else FLAWS[word]()
    pace = Pace(
        lease=LEASE,
        attempt=timedelta(seconds=2),
        at_once=16,
        first_wait=timedelta(seconds=0.2),
        longest_wait=timedelta(seconds=1),
    )
    ahead = timedelta(seconds=offset)
    while True:
        try:
            Publisher(now=lambda: clock.now() + ahead, pace=pace).run()
        except Exception as error:  # noqa: BLE001  the database was busy: the next round goes on
            print(type(error).__qualname__, file=sys.stderr, flush=True)
        time.sleep(0.02)


def stall(place: str) -> None:
    """Freeze this process now and then at a place, as a long pause of its machine would; whoever started it wakes it."""
    from vocero.lib import http
    from vocero.sharing import crew, publishing

    def before(real: Callable[..., Any]) -> Callable[..., Any]:
        def stalled(*args: Any, **named: Any) -> Any:
            if random.random() < STALL_EACH[place]:
                os.kill(os.getpid(), signal.SIGSTOP)
            return real(*args, **named)

        return stalled

    if place == "claimed":
        publishing.Publisher._ask_now = before(publishing.Publisher._ask_now)  # type: ignore[method-assign]
    elif place == "asked":
        crew.carry = before(crew.carry)
    else:
        http._Stream.write = before(http._Stream.write)  # type: ignore[method-assign]


def without_fencing() -> None:
    """Plant a fault: a publisher neither looks at its lease nor at the attempt's number, and calls have no end."""
    from vocero.lib import http
    from vocero.sharing import crew, publishing

    real = crew.carry
    http._Wire.left = lambda self: 30.0  # type: ignore[method-assign]
    publishing.Publisher._is_ours = lambda *_: True  # type: ignore[method-assign]
    crew.carry = lambda job: real(replace(job, ends=time.monotonic() + 60))


def without_looking() -> None:
    """Plant a fault: whoever takes over sends at once, without asking the network first."""
    from vocero.sharing import outbox

    real = outbox.claim
    outbox.claim = lambda *args, **named: [replace(made, look_first=False) for made in real(*args, **named)]


FLAWS = {"without-fencing": without_fencing, "without-looking": without_looking}


def report() -> list[dict[str, Any]]:
    """Give what we believe of every share."""
    from vocero.company.queries import house
    from vocero.sharing.links import link_address
    from vocero.sharing.models import Share

    company = house()
    return [
        {
            "network": share.network,
            "state": share.state,
            "reason": share.reason,
            "link": link_address(share.link, company),
            "attempts": share.attempt,
        }
        for share in Share.objects.select_related("link").order_by("pk")
    ]


if __name__ == "__main__":
    main()

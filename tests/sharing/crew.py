"""A process that forks publishers on demand, so that a drill can kill them by dozens: `python -m tests.sharing.crew`.

It reads commands, one a line, and answers each with one line of JSON: `make N`, `start`, `later SECONDS`, `report`.
"""

import json
import os
import signal
import sys
import time
from datetime import timedelta
from typing import Any

NETWORKS = ("fake-key", "fake-record", "fake-lookup", "fake-none")
TEXT = "Worth a look, and not only for millers."
LEASE = timedelta(seconds=6)


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
        command, _space, number = line.strip().partition(" ")
        answer: Any = None
        if command == "make":
            answer = make(int(number))
        elif command == "later":
            offset = float(number)
        elif command == "report":
            answer = report()
        elif command == "start":
            answer = fork(offset)
            children.append(answer)
        connections.close_all()
        print(json.dumps(answer), flush=True)
    for child in children:
        try:
            os.kill(child, signal.SIGKILL)
        except ProcessLookupError:
            continue


def make(count: int) -> int:
    """Plan shares that are due now, in turn on the four networks."""
    from tests.cast import enrol as enrolled
    from tests.cast import make_house, make_member
    from tests.servers.fake_networks import make_account
    from tests.sharing.library import make_post
    from vocero.lib import clock
    from vocero.sharing import services

    at = clock.now() - timedelta(minutes=1)
    house = make_house()
    ana = make_member("Ana López", team=house.sales)
    enrolled(ana, house)
    post = make_post(house, at=at)
    accounts = [make_account(ana, network, at=at) for network in NETWORKS]
    for number in range(count):
        account = accounts[number % len(accounts)]
        services.share_post(ana, post, network=account.network, account=account, text=TEXT, at=at, disclosed=False)
    return count


def fork(offset: float) -> int:
    """Fork a publisher whose clock is `offset` seconds ahead; gives its process id."""
    child = os.fork()
    if child:
        return child
    from vocero.lib import clock
    from vocero.lib.processes import end_with_parent
    from vocero.sharing.outbox import Pace
    from vocero.sharing.publishing import Publisher

    end_with_parent(signal.SIGKILL)
    pace = Pace(
        lease=LEASE,
        attempt=timedelta(seconds=2),
        at_once=4,
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

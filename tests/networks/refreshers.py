"""A process that forks refreshers of tokens, so that a drill can let them race and die: `python -m tests.networks.refreshers`.

It reads commands, one a line, and answers each with one line of JSON: `make N URL`, `round AHEAD_SECONDS [die] [no-lock]`
(eight refreshers go through all accounts at once; one that dies does so between answer and save), `reconnect JSON`, `report`.
"""

import json
import os
import random
import signal
import sys
from datetime import timedelta
from typing import Any

from tests.networks.single_use import token

REFRESHERS = 8
DIES = 0.4
"""How often a refresher that dies does so, as a part of all its refreshes."""


def main() -> None:
    """Set up the database, then do as told until the input ends."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vocero.config.settings")
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connections

    call_command("migrate", verbosity=0)
    connections.close_all()
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        command, *words = line.split()
        answer = {"make": make, "round": race, "reconnect": reconnect, "report": report}[command](*words)
        connections.close_all()
        print(json.dumps(answer), flush=True)


def make(count: str, url: str) -> int:
    """Connect so many accounts on the server."""
    from tests.cast import make_house, make_member
    from vocero.lib import clock
    from vocero.networks.models import Account

    house = make_house()
    for number in range(int(count)):
        member = make_member(f"Ana{number} López", team=house.sales)
        account = Account(
            member=member, network="bluesky", instance=url, remote_id=f"did:plc:{number}", handle="@ana.test"
        )
        account.connected_at = clock.now()
        keep(account, 0)
    return int(count)


def keep(account: Any, serial: int) -> None:
    """Store an account's credentials as just connected."""
    from vocero.networks import vault

    account.state = "connected"
    account.refresh_started_at = account.refreshed_at = None
    account.credentials = vault.seal_account(
        account, {"access": token(account.remote_id, 0), "refresh": token(account.remote_id, serial)}
    )
    account.save()


def reconnect(serials: str) -> int:
    """Let the members connect again whom we asked to; gives how many these were."""
    from vocero.networks.models import Account

    known, lost = json.loads(serials), Account.objects.filter(state="reconnect")
    for account in (found := list(lost)):
        keep(account, known.get(account.remote_id, 0))
    return len(found)


def race(ahead: str, *words: str) -> dict[str, int]:
    """Let refreshers go through all accounts at the same time; gives how many were killed."""
    gate, opener = os.pipe()
    children = [fork(gate, opener, timedelta(seconds=float(ahead)), words) for _ in range(REFRESHERS)]
    os.close(gate)
    os.close(opener)  # the children wait for this
    killed = sum(os.WIFSIGNALED(os.waitpid(child, 0)[1]) for child in children)
    return {"killed": killed}


def fork(gate: int, opener: int, ahead: timedelta, words: tuple[str, ...]) -> int:
    """Fork one refresher, which begins when everybody stands ready."""
    child = os.fork()
    if child:
        return child
    os.close(opener)
    os.read(gate, 1)
    from vocero.lib import clock
    from vocero.lib.processes import end_with_parent
    from vocero.networks import services
    from vocero.networks.base import NetworkError
    from vocero.networks.models import Account

    end_with_parent(signal.SIGKILL)
    random.seed(os.getpid())
    for word in words:
        {"die": die, "no-lock": unlock}[word]()
    accounts = list(Account.objects.filter(state="connected"))
    random.shuffle(accounts)
    for account in accounts:
        try:
            services.refresh_account(account, at=clock.now() + ahead)
        except NetworkError:
            continue
    os._exit(0)


def die() -> None:
    """Let this refresher be killed now and then between the network's answer and the save."""
    from vocero.networks import vault

    real = vault.seal_account

    def sealed(*args: Any) -> bytes:
        if random.random() < DIES:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args)

    vault.seal_account = sealed


def unlock() -> None:
    """Plant a fault: whoever wants to refresh may, whether somebody else is at it or not."""
    from django.db.models import Q

    from vocero.networks.services import acting

    acting.Q = lambda **_: Q()  # type: ignore[assignment, misc]


def report() -> dict[str, int]:
    """Give how many accounts there are in each state."""
    from collections import Counter

    from vocero.networks.models import Account

    return dict(Counter(Account.objects.values_list("state", flat=True)))


if __name__ == "__main__":
    main()

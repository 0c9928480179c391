"""Fills an outbox for the benchmark of publishing, plans its shares for a moment, and says what became of them.

`python -m bench.outbox fill SHARES PORT...`, `... plan SECONDS`, `... report PORT`, on the installation of the environment.
"""

import base64
import json
import os
import random
import string
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

TEXT = "Our mill runs on sunlight now. Here is how we did it."
BIG = {0: 0.25, 1: 0.15}
"""Which part of all shares goes to the first two instances; the rest is spread evenly."""
SEED = 6
_CHUNK = 500
_BASE62 = string.ascii_letters + string.digits


def fill(shares: int, ports: list[int]) -> None:
    """Make a company, one advocate with one account for every share, and the shares; even instances are Bluesky's kind."""
    from bench.company import fill as make_company
    from vocero.company.models import Program
    from vocero.content.models import Post
    from vocero.networks.models import Account
    from vocero.networks.registry import get_network
    from vocero.networks.vault import seal_account
    from vocero.people.models import Enrolment, Member
    from vocero.sharing.models import Link, Share

    make_company(0)
    at = datetime.now(UTC)
    program, post = Program.objects.get(), Post.objects.get()
    ends = (
        base64.urlsafe_b64encode(json.dumps({"exp": int(at.timestamp()) + 86400 * 300}).encode()).decode().rstrip("=")
    )
    for first in range(0, shares, _CHUNK):
        numbers = range(first, min(first + _CHUNK, shares))
        members = Member.objects.bulk_create(
            Member(name=f"Advocate {number}", email=f"a{number}@aurora.example", created_at=at) for number in numbers
        )
        Enrolment.objects.bulk_create(
            Enrolment(member=member, program=program, state="joined", joined_at=at, changed_at=at) for member in members
        )
        accounts = []
        for number, member in zip(numbers, members, strict=True):
            place = place_of(number, shares, len(ports))
            account = Account(
                member=member, network="mastodon" if place % 2 else "bluesky",
                instance=f"http://127.0.0.1:{ports[place]}", remote_id=f"did:plc:{number}", handle=f"@a{number}.example",
                connected_at=at, followers_due_at=at + timedelta(days=300),
            )  # fmt: skip
            account.credentials = seal_account(account, {"access": f"a.{ends}.c", "refresh": f"a.{ends}.c"})
            accounts.append(account)
        Account.objects.bulk_create(accounts)
        made = Share.objects.bulk_create(
            Share(
                program=program, member=account.member, post=post, account=account, network=account.network,
                channel="api", state="cancelled", text=TEXT, language="en", origin="curated", kind=post.kind,
                purposes=post.purposes, disclosed=True, created_at=at, key=get_network(account.network).new_key(at),
            )
            for account in accounts
        )  # fmt: skip
        Link.objects.bulk_create(
            Link(
                token=token(number),
                kind="share",
                share=share,
                post=post,
                target_url=post.url,
                utm={},
                created_at=at,
            )
            for number, share in zip(numbers, made, strict=True)
        )


def token(number: int) -> str:
    """Give the token of a share's link: always the same, because what its calls meet is drawn from it."""
    return "".join(random.Random(f"{SEED} {number}").choices(_BASE62, k=11))


def place_of(number: int, shares: int, many: int) -> int:
    """Which instance a share goes to: two big ones, then all others in turn."""
    part, begins = number / shares, 0.0
    for place, size in BIG.items():
        if begins <= part < begins + size:
            return place
        begins += size
    return len(BIG) + number % (many - len(BIG))


def plan(seconds: float) -> float:
    """Plan all shares for the same moment, as if nothing had been tried yet; gives that moment."""
    from django.db import connection, transaction

    from vocero.company.models import Schedule
    from vocero.sharing.models import Attempt, Share

    at = datetime.now(UTC) + timedelta(seconds=seconds)
    with transaction.atomic():
        Attempt.objects.all().delete()
        Schedule.objects.all().delete()
        Share.objects.update(
            state="planned", due_at=at, attempt=0, lease_until=None, first_sent_at=None, out_at=None, day_on=None,
            ended_at=None, remote_id="", remote_url="", reason="", certainty="", engagement_due_at=None,
        )  # fmt: skip
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")
    return at.timestamp()


def report(slowest: int) -> dict[str, Any]:
    """What became of the shares: how many in each state, which are said to be out, when the last was out, and the last
    that was not for the slowest instance, which has this port."""
    from django.db.models import Count, Max

    from vocero.sharing.models import Share

    states = dict(Share.objects.values_list("state").annotate(Count("pk")).order_by())
    last = Share.objects.aggregate(last=Max("out_at"))["last"]
    others = Share.objects.exclude(account__instance__endswith=f":{slowest}").aggregate(last=Max("out_at"))["last"]
    out = list(Share.objects.filter(state="sent").values_list("link__token", flat=True))
    moments = {"last": last.timestamp() if last else 0.0, "last_of_others": others.timestamp() if others else 0.0}
    return {"states": states, "out": out, **moments}


def main(words: list[str]) -> None:
    """Do what the first word says and print what came of it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vocero.config.settings")
    import django

    django.setup()
    if words[0] == "fill":
        fill(int(words[1]), [int(word) for word in words[2:]])
        print("{}")
    elif words[0] == "plan":
        print(json.dumps(plan(float(words[1]))))
    else:
        print(json.dumps(report(int(words[1]))))


if __name__ == "__main__":
    main(sys.argv[1:])

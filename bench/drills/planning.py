"""Plans shares through the product's own services, each by an advocate with an account on one fake Mastodon.

`python -m bench.drills.planning ADDRESS` reads `[[wall, zone], ...]` on its standard input, in the installation of the
environment, and prints `[[share, token], ...]` in the same order.
"""

import json
import os
import sys
from datetime import UTC, datetime, timedelta

TEXT = "Our mill runs on sunlight now. Here is how we did it."


def plan(address: str, walls: list[tuple[str, str]]) -> list[tuple[int, str]]:
    """Plan one share for each time on a wall, five days before it; gives each with the token of its link."""
    from django.db import transaction

    from bench.company import fill
    from vocero.company.models import Program
    from vocero.content.models import Post
    from vocero.networks.models import Account
    from vocero.networks.vault import seal_account
    from vocero.people.models import Enrolment, Member
    from vocero.sharing.models import Link
    from vocero.sharing.services import Later, share_post

    fill(0)
    at = datetime.now(UTC)
    program, post = Program.objects.get(), Post.objects.get()
    made = []
    with transaction.atomic():
        for number, (wall, zone) in enumerate(walls):
            member = Member.objects.create(
                name=f"Advocate {number}", email=f"a{number}@aurora.example", created_at=at, time_zone=zone
            )
            Enrolment.objects.create(member=member, program=program, state="joined", joined_at=at, changed_at=at)
            account = Account(
                member=member, network="mastodon", instance=address, remote_id=str(number), handle=f"@a{number}.example",
                connected_at=at, followers_due_at=at + timedelta(days=3000),
            )  # fmt: skip
            account.credentials = seal_account(account, {"access": "a.b.c"})
            account.save()
            later = Later(datetime.fromisoformat(wall), zone)
            asked_at = later.wall.replace(tzinfo=UTC) - timedelta(days=5)
            share = share_post(member, post, network="mastodon", account=account, text=TEXT, at=asked_at, later=later)
            made.append((share.pk, Link.objects.get(share=share).token))
    return made


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vocero.config.settings")
    import django

    django.setup()
    print(json.dumps(plan(sys.argv[1], json.load(sys.stdin))))

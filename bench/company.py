"""Fills an installation for benchmarks and drills: a company, advocates, one post, and as many shares with links as asked.

`python -m bench.company SHARES` works on the installation that the environment names and prints the links' tokens.
"""

import os
import sys
from datetime import UTC, datetime, timedelta


def fill(shares: int, *, members: int = 10) -> list[str]:
    """Make the company, if it is not there, and shares by its advocates through the product's own services."""
    from django.db import transaction

    from vocero.company.models import Installation, Program
    from vocero.content.models import Post
    from vocero.people.models import Enrolment, Member
    from vocero.sharing.models import Link
    from vocero.sharing.services import share_post
    from vocero.tracking.services import make_salts

    at = datetime.now(UTC)
    house, made = Installation.objects.get_or_create(
        pk=1, defaults={"name": "Aurora Mills", "base_url": "http://127.0.0.1", "set_up_at": at}
    )
    make_salts(house, at=at)
    if made:
        program = Program.objects.create(name={"en": "Our voices"}, created_at=at)
        for number in range(members):
            member = Member.objects.create(name=f"Member {number}", email=f"m{number}@aurora.example", created_at=at)
            Enrolment.objects.create(member=member, program=program, state="joined", joined_at=at, changed_at=at)
        Post.objects.create(
            program=program, state="offered", url="https://aurora.example/sun", title="Sun", kind="industry_insight",
            origin="curated", purposes=["enlighten"], language="en", created_at=at, updated_at=at, offered_at=at,
        )  # fmt: skip
    post = Post.objects.get()
    tokens = []
    with transaction.atomic():
        everybody = list(Member.objects.all())
        for number in range(shares):
            moment = at + timedelta(milliseconds=number)
            share = share_post(everybody[number % len(everybody)], post, network="linkedin", text="Look", at=moment)
            tokens.append(Link.objects.get(share=share).token)
    return tokens


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vocero.config.settings")
    import django

    django.setup()
    print("\n".join(fill(int(sys.argv[1]))))

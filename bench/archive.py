"""The archive: a month of a million clicks is compared, written as a file and taken out; bytes and time a click."""

import os
import random
import sys
from datetime import date, timedelta

from bench import apart

CLICKS = 1_000_000
SHARES = 100_000
MONTH_ON = date(2026, 6, 1)
DAYS = 30
# How often each value comes among readers' clicks: a company of four countries, more phones than computers.
COUNTRIES = ("ES", "ES", "ES", "ES", "IT", "IT", "PL", "PL", "DE", "US")
DEVICES = ("p", "p", "p", "d", "d", "t")
NETWORK_CLASSES = (1, 1, 1, 1, 1, 1, 1, 0, 2)


def run(*, clicks: int = CLICKS, shares: int = SHARES) -> dict[str, float]:
    """Fill a database in a process of its own and archive its month."""
    return apart.measure("bench.archive", clicks, shares)


def main(clicks: int, shares: int) -> None:
    """Fill, archive and measure; prints one figure a line."""
    import django

    django.setup()
    import time
    from datetime import UTC, datetime

    from vocero.tracking import archive, stats
    from vocero.tracking.models import ClickMonth

    _fill(shares)
    _click(clicks)
    stats.rebuild(MONTH_ON, MONTH_ON + timedelta(days=DAYS - 1))
    moments: dict[str, float] = {"begun": time.perf_counter()}

    def tell(text: str) -> None:
        for name in ("agree", "read", "are in"):
            if name in text:
                moments[name] = time.perf_counter()

    (month,) = archive.months_due(before_on=date(2026, 9, 1))
    gone = archive.settle(month, archive.folder(), at=datetime.now(UTC), tell=tell)
    row = ClickMonth.objects.get()
    if not gone == row.clicks == clicks:
        raise SystemExit(f"{clicks} clicks went in, {row.clicks} are in the file, {gone} rows went")
    begun = time.perf_counter()
    archive.rebuild(month.first_on, month.last_on, archive.folder())
    figures = {
        "archive_bytes_per_click": row.bytes / row.clicks,
        "seconds_to_compare": moments["agree"] - moments["begun"],
        "seconds_to_write": moments["are in"] - moments["agree"],
        "seconds_to_delete": begun - moments["are in"],
        "seconds_to_rebuild_from_file": time.perf_counter() - begun,
    }
    for name, value in figures.items():
        print(name, value)


def _fill(shares: int) -> None:
    from datetime import UTC, datetime, time

    from bench.company import fill
    from vocero.company.models import Program
    from vocero.content.models import Campaign, Post
    from vocero.people.models import Member
    from vocero.sharing.models import Link, Share

    draw = random.Random(3)
    at = datetime.combine(MONTH_ON, time(8), UTC)
    fill(0)
    program = Program.objects.get()
    campaigns = [
        Campaign.objects.create(program=program, name=f"Campaign {n}", code=f"c{n}", created_at=at) for n in range(12)
    ]
    member = Member.objects.create(name="Person", email="p@a.example", created_at=at)
    posts = Post.objects.bulk_create(
        [Post(program=program, state="offered", title="x", created_at=at, updated_at=at) for _ in range(300)]
    )
    subjects = {
        post.pk: {
            "campaign": draw.choice([None, *campaigns]), "origin": draw.choice(["curated", "company", "promotional"]),
            "kind": draw.choice(["branded", "industry_insight"]), "topics": draw.sample(range(1, 31), 2),
        }
        for post in posts
    }  # fmt: skip
    made = Share.objects.bulk_create(
        [
            Share(
                program=program, member=member, post=post, network=draw.choice(["linkedin", "linkedin", "x", "facebook"]),
                channel="handoff", state="sent", certainty="measured", text="", created_at=at, out_at=at, day_on=MONTH_ON,
                purposes=["enlighten"], team_path=[1, draw.randint(2, 40)], location=f"City {draw.randint(1, 20)}",
                language=draw.choice(["en", "es", "it", "pl"]), **subjects[post.pk],
            )
            for post in (draw.choice(posts) for _ in range(shares))
        ],
        batch_size=1000,
    )  # fmt: skip
    Link.objects.bulk_create(
        [Link(kind="share", share=share, post_id=share.post_id, target_url="https://a.example", created_at=at) for share in made],
        batch_size=1000,
    )  # fmt: skip


def _click(clicks: int) -> None:
    """Store clicks as they come: few shares have most of them, 44 visitors for 100 clicks, 18 of 100 are no reader's."""
    from datetime import UTC, datetime, time

    from vocero.sharing.models import Link
    from vocero.tracking.ingest import store_clicks
    from vocero.tracking.models import Referrer
    from vocero.tracking.segment import ClickIds, day_number
    from vocero.tracking.store import ClickRow
    from vocero.tracking.visitors import visitor_number

    draw = random.Random(5)
    ids = ClickIds()
    origins = [
        Referrer.objects.create(origin=f"https://{name}.example").pk for name in ("linkedin", "x", "facebook", "news")
    ]
    links = list(Link.objects.order_by("pk").values_list("pk", flat=True))
    begun_us = int(datetime.combine(MONTH_ON, time(), UTC).timestamp()) * 1_000_000
    step, rows = DAYS * 86_400_000_000 // clicks, []
    for number in range(clicks):
        at_us = begun_us + number * step + draw.randrange(step)
        day = MONTH_ON + timedelta(days=(number * step) // 86_400_000_000)
        link = (
            links[min(int(draw.paretovariate(0.9)) - 1, len(links) - 1)] if draw.random() < 0.5 else draw.choice(links)
        )
        who = random.Random(f"{day}{draw.randint(0, clicks // DAYS // 2)}").randbytes(16)
        verdict = "bot" if draw.random() < 0.18 else "valid"
        rows.append(
            ClickRow(
                ids.next(at_us), link, visitor_number(day_number(day), who), verdict, draw.choice(COUNTRIES),
                draw.choice(NETWORK_CLASSES), draw.choice(DEVICES), draw.choice([None, origins[0], *origins]),
            )
        )  # fmt: skip
        if len(rows) == 5000 or number == clicks - 1:
            store_clicks(rows)
            rows = []


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vocero.config.settings")
    main(int(sys.argv[1]), int(sys.argv[2]))

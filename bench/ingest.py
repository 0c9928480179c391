"""The ingest: how many clicks of segments a CPU-second becomes rows and roll-ups, and how many bytes they take."""

import os
import random
import statistics
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench import apart, growth

CLICKS = 1_000_000
SHARES = 100_000
MEMBERS = 5_000
POSTS, TEAMS, TOPICS, CAMPAIGNS = 300, 40, 30, 12
NETWORKS = ("linkedin", "x", "facebook", "mastodon", "bluesky", "whatsapp")
DAYS = 30
_SEGMENT_BYTES = 64 << 20


def run(*, clicks: int = CLICKS, shares: int = SHARES, sizes: Sequence[int] = growth.SIZES) -> dict[str, float]:
    """Take clicks in, in a process of its own, from an empty table; then roll them up again.

    Then, for each of the sizes, take fewer of them in on top of so many that are in the tables already (`bench/growth.py`).
    """
    return apart.measure("bench.ingest", clicks, shares) | growth.measure(growth.CLICKS, growth.SHARES, sizes)


def main(clicks: int, shares: int) -> None:
    """Fill, take in and measure; prints one figure a line."""
    import django

    django.setup()
    import time

    from django.conf import settings
    from django.db import connection

    from vocero.tracking import stats
    from vocero.tracking.ingest import Ingest, Prepared, Stored
    from vocero.tracking.segment import ClickRecord

    held: list[float] = []

    class Timed(Ingest):
        """Notes for how long each batch holds the database's writing: from all prepared to all committed."""

        def _prepare(self, records: Sequence[ClickRecord], origin: str) -> Prepared:
            prepared = super()._prepare(records, origin)
            held.append(-time.perf_counter())
            return prepared

        def _remember(self, stored: Stored) -> None:
            held[-1] += time.perf_counter()
            super()._remember(stored)

    fill(shares)
    folder = settings.ENVIRONMENT.segments
    connection.cursor().execute("VACUUM")
    before = _bytes_of()
    write_segments(folder, clicks, shares)
    segment_bytes = sum(path.stat().st_size for path in folder.glob("*.clicks"))
    began, cpu = time.perf_counter(), time.process_time()
    taken = Timed(folder).drain(at=datetime.now(UTC))
    used, wall = time.process_time() - cpu, time.perf_counter() - began
    began = time.perf_counter()
    days = stats.days_to_count()
    for day in days:
        stats.count_visitors(day)
    visitors = time.perf_counter() - began
    after = _bytes_of()
    began = time.perf_counter()
    stats.rebuild(days[0], days[-1])
    figures = {
        "clicks": taken,
        "clicks_per_cpu_second": taken / used,
        "clicks_per_second": taken / wall,
        "median_transaction_ms": statistics.median(held) * 1000,
        "longest_transaction_ms": max(held) * 1000,
        "seconds_to_count_visitors": visitors,
        "seconds_to_rebuild": time.perf_counter() - began,
        "segment_bytes_per_click": segment_bytes / taken,
        "hot_bytes_per_click": (after["clicks"] - before["clicks"]) / taken,
        "roll_up_bytes_per_click": (after["roll_ups"] - before["roll_ups"]) / taken,
    }
    for name, value in figures.items():
        print(name, value)


def fill(shares: int) -> None:
    """Fill the company with shares of a month ago, and what they need."""
    from bench import company
    from vocero.company.models import Program
    from vocero.content.models import Campaign, Post, Topic
    from vocero.people.models import Member, Team
    from vocero.sharing.models import Link, Share

    draw = random.Random(3)
    at = datetime.now(UTC) - timedelta(days=DAYS)
    if not Program.objects.exists():
        company.fill(0)
    program = Program.objects.get()
    teams = Team.objects.bulk_create([Team(name=f"Team of the stream {number}") for number in range(TEAMS)])
    topics = Topic.objects.bulk_create(
        [Topic(program=program, name={"en": f"Topic {number}"}, created_at=at) for number in range(TOPICS)]
    )
    campaigns = Campaign.objects.bulk_create(
        [
            Campaign(program=program, name=f"Campaign {number}", code=f"stream-{number}", created_at=at)
            for number in range(CAMPAIGNS)
        ]
    )
    members = Member.objects.bulk_create(
        [Member(name=f"Person {number}", email=f"p{number}@stream.example", created_at=at) for number in range(MEMBERS)]
    )
    posts = Post.objects.bulk_create(
        [Post(program=program, state="offered", title="x", created_at=at, updated_at=at) for _ in range(POSTS)]
    )
    about = {
        post.pk: {
            "campaign": draw.choice([None, *campaigns]),
            "origin": draw.choice(["curated", "company", "promotional"]),
            "kind": draw.choice(["branded", "industry_insight"]),
            "topics": [topic.pk for topic in draw.sample(topics, 2)],
        }
        for post in posts
    }
    of = {
        member.pk: {
            "team_path": [team.pk for team in draw.sample(teams, 2)],
            "location": f"City {draw.randint(1, 20)}",
            "language": draw.choice(["en", "es", "it", "pl"]),
        }
        for member in members
    }
    made = Share.objects.bulk_create(
        [
            Share(
                program=program, member=member, post=post, network=draw.choice(NETWORKS), channel="handoff", state="sent",
                certainty="measured", text="", created_at=at, out_at=at, day_on=at.date(), purposes=["enlighten"],
                **about[post.pk], **of[member.pk],
            )
            for member, post in ((draw.choice(members), draw.choice(posts)) for _ in range(shares))
        ],
        batch_size=1000,
    )  # fmt: skip
    Link.objects.bulk_create(
        [
            Link(kind="share", share=share, post_id=share.post_id, target_url="https://a.example", created_at=at)
            for share in made
        ],
        batch_size=1000,
    )


def write_segments(folder: Path, clicks: int, shares: int, *, segments: int = 0) -> None:
    """Write clicks as they come: in the order of time, few shares with most of them, 44 visitors for 100 clicks.

    They are of the last links, as many as there are shares; in so many segments, or in those of 64 MiB.
    """
    from vocero.sharing.models import Link
    from vocero.tracking.segment import ClickIds, ClickRecord, SegmentWriter, day_number, encode

    draw = random.Random(5)
    ids = ClickIds()
    links = sorted(Link.objects.order_by("-pk").values_list("pk", flat=True)[:shares])
    first = datetime.now(UTC) - timedelta(days=DAYS)
    step = DAYS * 86_400_000_000 // clicks
    at_us = int(first.timestamp()) * 1_000_000
    writer = SegmentWriter.create(folder, node="bench", at_us=at_us)
    for number in range(clicks):
        at_us += step
        link = (
            links[min(int(draw.paretovariate(0.9)) - 1, len(links) - 1)] if draw.random() < 0.5 else draw.choice(links)
        )
        robot = draw.random() < 0.18
        agent = f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/{100 + number % 300}.0 Safari/537.36"
        record = ClickRecord(
            ids.next(at_us), at_us, link, day_number((first + timedelta(microseconds=step * number)).date()),
            draw.randint(0, clicks // DAYS // 2).to_bytes(16, "big"), 0, b"ES", 0,
            (f"curl/8.{number % 20}" if robot else agent).encode(), b"https://www.linkedin.com",
        )  # fmt: skip
        writer.append(encode(record))
        part = clicks // segments if segments else clicks
        if writer.size > _SEGMENT_BYTES or ((number + 1) % part == 0 and number + 1 < clicks):
            writer.close()
            writer = SegmentWriter.create(folder, node="bench", at_us=at_us)
    writer.close()


def _bytes_of() -> dict[str, int]:
    """Give the bytes of the tables of clicks and of roll-ups, with their indexes."""
    from django.db import connection

    from vocero.tracking.store import ROLL_UPS

    clicks = {"tracking_click", "unique_click"}
    roll_ups = {table.name for table in ROLL_UPS}
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, SUM(pgsize) FROM dbstat GROUP BY name")
        sizes = dict(cursor.fetchall())
    return {
        kind: sum(size for name, size in sizes.items() if name in names)
        for kind, names in (("clicks", clicks), ("roll_ups", roll_ups))
    }


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vocero.config.settings")
    main(*map(int, sys.argv[1:]))

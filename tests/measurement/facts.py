"""A company that has lived: facts of random people, shares, clicks, engagement and conversions, from a seed."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from typing import Any

from tests.cast import House, make_house, make_member
from tests.sharing.library import make_post
from vocero.company.models import ApiKey
from vocero.content.models import Campaign, Origin, Post, Topic
from vocero.people.models import ConsentEvent, Enrolment, Invitation, Member, Team
from vocero.sharing import frozen
from vocero.sharing.models import EngagementReading, Link, Share
from vocero.tracking import counts, stats
from vocero.tracking.ingest import store_clicks
from vocero.tracking.keys import Places
from vocero.tracking.models import Click, Conversion
from vocero.tracking.segment import day_number, first_id_at
from vocero.tracking.store import ClickRow
from vocero.tracking.visitors import visitor_number

NETWORKS = ("linkedin", "mastodon", "bluesky", "x")
_IDS = count(1)


def noon(day: date) -> datetime:
    """Give the middle of a day in UTC, which is that day in every zone the tests count in."""
    return datetime.combine(day, time(12), UTC)


def join(member: Member, house: House, *, at: datetime, state: str = Enrolment.State.JOINED) -> Enrolment:
    """Invite a member and record their answer at a moment."""
    invite(member, house, at=at - timedelta(hours=1))
    enrolment = Enrolment.objects.create(member=member, program=house.program, state=state, joined_at=at, changed_at=at)
    ConsentEvent.objects.create(enrolment=enrolment, text=house.consent_text, state=state, language="en", at=at)
    return enrolment


def invite(member: Member, house: House, *, at: datetime) -> Invitation:
    """Invite a member by mail."""
    return Invitation.objects.create(
        member=member, program=house.program, channel="mail", token_hash=f"{member.pk}-{at.timestamp()}",
        created_at=at, sent_at=at, expires_at=at + timedelta(days=30),
    )  # fmt: skip


def share_on(member: Member, post: Post, day: date, **values: Any) -> Share:
    """Make a share that counts on a day, with its link and everything frozen."""
    known: dict[str, Any] = {
        "network": "linkedin",
        "channel": Share.Channel.HANDOFF,
        "state": Share.State.SENT,
        "certainty": Share.Certainty.SELF_REPORTED,
        "text": "…",
        "created_at": noon(day),
        "out_at": noon(day),
        "day_on": day,
    }
    columns = frozen.dimensions(member, post, language=member.language)
    share = Share.objects.create(member=member, post=post, **(columns | known | values))
    Link.objects.create(
        kind=Link.Kind.SHARE, share=share, post=post, target_url=post.url or "https://a.example", created_at=noon(day)
    )
    return share


def click_on(share: Share, day: date, visitors: Sequence[int], verdict: str = Click.Verdict.VALID) -> list[ClickRow]:
    """Let visitors click the link of a share on a day, once each time they are named; gives the clicks as stored.

    They go in as the ingest puts them in: the database says which are unique, and the roll-ups are added to.
    """
    rows = [
        ClickRow(
            next(_IDS),
            share.link.pk,
            visitor_number(day_number(day), number.to_bytes(16)),
            str(verdict),
            "ES",
            1,
            "p",
            None,
        )
        for number in visitors
    ]
    stored = store_clicks([row._replace(id=row.id + first_id_at(noon(day))) for row in rows])
    places = Places()
    stats.add(counts.count_clicks(stored, places.of([share.link.pk]), places.cuts))
    return [ClickRow(*row) for row in stored]


def count_visitors() -> None:
    """Count the visitors of all days, as the ingest does when it has time."""
    for day in stats.days_to_count():
        stats.count_visitors(day)


def read_on(share: Share, day: date, *, reactions: int = 0, comments: int = 0, reshares: int = 0) -> EngagementReading:
    """Note the totals that a network reported for a share."""
    return EngagementReading.objects.update_or_create(
        share=share,
        day_on=day,
        defaults={"reactions": reactions, "comments": comments, "reshares": reshares, "read_at": noon(day)},
    )[0]


def convert_on(house: House, day: date, share: Share | None = None, **values: Any) -> Conversion:
    """Make a conversion: credited to the share when there is one, else without credit."""
    key = ApiKey.objects.filter(kind="secret").first() or ApiKey.objects.create(
        program=house.program, name="Shop", kind="secret", prefix="vk_", secret_hash="0" * 64, created_at=noon(day)
    )
    known: dict[str, Any] = {
        "external_id": f"order-{Conversion.objects.count()}",
        "kind": Conversion.Kind.PURCHASE,
        "amount": 10_000,
        "currency": "EUR",
        "company_amount": 10_000,
        "state": Conversion.State.CREDITED if share else Conversion.State.NOT_CREDITED,
        "at": noon(day),
        "received_at": noon(day),
    }
    return Conversion.objects.create(program=house.program, api_key=key, share=share, day_on=day, **(known | values))


@dataclass
class Company:
    """A random company and what its facts are."""

    house: House
    first_on: date
    last_on: date
    teams: list[Team] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    posts: list[Post] = field(default_factory=list)
    shares: list[Share] = field(default_factory=list)


def live(seed: int, *, first_on: date, last_on: date, most_people: int = 60, most_shares: int = 160) -> Company:
    """Make a random company and let it share, be clicked, liked and bought from between two days."""
    draw = random.Random(seed)
    company = Company(make_house(f"Random {seed}"), first_on, last_on)
    house = company.house
    house.installation.set_up_at = noon(first_on)
    house.installation.save()
    house.program.created_at = noon(first_on)
    house.program.save()
    _make_people(company, draw, draw.randint(8, most_people))
    _make_posts(company, draw)
    sharers = [member for member in company.members if draw.random() < draw.choice([0.3, 0.7, 0.95])]
    days = (last_on - first_on).days
    for _ in range(draw.randint(10, most_shares)):
        if not sharers:
            break
        member, day = draw.choice(sharers), first_on + timedelta(days=draw.randint(0, days))
        share = share_on(
            member, draw.choice(company.posts), day, network=draw.choice(NETWORKS),
            certainty=draw.choice(list(Share.Certainty)), personalized=draw.random() < 0.4,
        )  # fmt: skip
        company.shares.append(share)
        _react(company, draw, share, day)
    count_visitors()
    return company


def _make_people(company: Company, draw: random.Random, count: int) -> None:
    house = company.house
    tops = [Team.objects.create(name=f"Division {number}") for number in range(draw.randint(1, 4))]
    leaves = [
        Team.objects.create(name=f"Team {number}", parent=draw.choice(tops)) for number in range(draw.randint(0, 6))
    ]
    company.teams = [*tops, *leaves]
    for number in range(count):
        member = make_member(
            f"Person {number}", team=draw.choice([*company.teams, None]), email=f"p{number}@random.example",
            location=draw.choice(["Madrid", "Milano", "Kraków", ""]), language=draw.choice(["en", "es", "it", "pl"]),
        )  # fmt: skip
        Member.objects.filter(pk=member.pk).update(created_at=noon(company.first_on) - timedelta(days=9))
        if draw.random() < 0.9:
            join(member, house, at=noon(company.first_on) - timedelta(days=draw.randint(0, 5)))
            company.members.append(member)


def _make_posts(company: Company, draw: random.Random) -> None:
    house, at = company.house, noon(company.first_on)
    topics = [Topic.objects.create(program=house.program, name={"en": name}, created_at=at) for name in ("A", "B", "C")]
    campaign = Campaign.objects.create(program=house.program, name="Spring", code="spring", created_at=at)
    for number in range(4):
        post = make_post(
            house, at=at, url=f"https://aurora.example/{number}", origin=draw.choice(list(Origin)),
            campaign=draw.choice([campaign, None]), purposes=["enlighten", "educate"][: draw.randint(1, 2)],
        )  # fmt: skip
        post.topics.set(draw.sample(topics, draw.randint(0, 2)))
        company.posts.append(post)


def _react(company: Company, draw: random.Random, share: Share, day: date) -> None:
    left = (company.last_on - day).days
    for _ in range(draw.choice([0, 0, 1, 3])):
        verdict = draw.choice([Click.Verdict.VALID] * 4 + [Click.Verdict.BOT, Click.Verdict.OWN])
        click_on(share, day + timedelta(days=draw.randint(0, min(left, 5))), [draw.randint(1, 9)], verdict)
    if draw.random() < 0.3:
        reactions = 0
        for ahead in sorted(draw.sample(range(left + 1), min(left + 1, 2))):
            reactions += draw.randint(0, 4)
            read_on(share, day + timedelta(days=ahead), reactions=reactions, comments=draw.randint(0, 2))
    if draw.random() < 0.2:
        convert_on(
            company.house, day + timedelta(days=draw.randint(0, left)), share,
            amount=draw.choice([None, 5_000, 12_345]), company_amount=draw.choice([None, 4_000]),
            verified=draw.random() < 0.8,
        )  # fmt: skip

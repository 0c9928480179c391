"""Posts, accounts and shares that the tests of sharing begin with."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from tests.cast import MOMENT, House, People
from vocero.content.models import Caption, Kind, Origin, Post
from vocero.networks import vault
from vocero.networks.models import Account
from vocero.people.models import Member
from vocero.sharing import services
from vocero.sharing.models import Share

AT = MOMENT + timedelta(days=2)
CURATED = "Worth a look, and not only for millers."
Publish = Callable[..., int]


def make_post(house: House, *, at: datetime = MOMENT, **values: Any) -> Post:
    """Make an offered post with a link and one English caption for any network, unless `captions` says otherwise."""
    captions = values.pop("captions", [("en", "", "Our mill runs on sunlight now. Here is how we did it.")])
    known: dict[str, Any] = {
        "state": Post.State.OFFERED,
        "url": "https://aurora.example/sun",
        "title": "A mill that runs on sunlight",
        "description": "How we replaced gas with 3,000 panels.",
        "site_name": "Aurora Mills",
        "kind": Kind.INDUSTRY_INSIGHT,
        "origin": Origin.CURATED,
        "purposes": ["enlighten"],
        "language": "en",
    }
    post = Post.objects.create(program=house.program, created_at=at, updated_at=at, offered_at=at, **(known | values))
    for position, (language, network, text) in enumerate(captions):
        Caption.objects.create(
            post=post, language=language, network=network, text=text, position=position, created_at=at
        )
    return post


def make_account(member: Member, network: str = "mastodon", *, at: datetime = MOMENT, **values: Any) -> Account:
    """Connect an account of a member without asking any network."""
    known = {"remote_id": f"{network}-{member.pk}", "handle": f"{member.public_id}@{network}.test", "connected_at": at}
    account = Account(member=member, network=network, **(known | values))
    account.credentials = vault.seal_account(account, {"access": "a token"})
    account.save()
    return account


def make_share(people: People, account: Account, **values: Any) -> Share:
    """Plan a share that goes out in ten seconds, unless `values` say otherwise."""
    post = values.pop("post", None) or make_post(people.house)
    known: dict[str, Any] = {"network": "pigeon", "account": account, "text": CURATED, "at": AT, "disclosed": False}
    return services.share_post(account.member, post, **(known | values))


def state(share: Share) -> tuple[str, str]:
    """Give where a share stands, and why."""
    share.refresh_from_db()
    return share.state, share.reason


def outcomes(share: Share) -> list[str]:
    """Give how each attempt of a share ended."""
    return list(share.attempts.order_by("number").values_list("outcome", flat=True))

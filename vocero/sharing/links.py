"""The tracked link of a share: its target, its UTM values and its address."""

from datetime import datetime

from vocero.company.models import Installation
from vocero.content.models import Caption, Post
from vocero.lib.ids import LINK_TOKEN_LENGTH
from vocero.sharing.models import Link, Share

MEDIUM = "employee-advocacy"


def utm_values(post: Post, *, network: str, caption: Caption | None) -> dict[str, str]:
    """Give the UTM values of a link: network, medium, campaign's code, and post and variant; never a person."""
    content = f"{post.public_id}-{caption.public_id}" if caption else post.public_id
    values = {"source": network, "medium": MEDIUM, "content": content}
    if post.campaign:
        values["campaign"] = post.campaign.code
    return values


def make_link(share: Share, *, at: datetime) -> Link:
    """Make the link of a share to the address of its post; the post must have one."""
    return Link.objects.create(
        kind=Link.Kind.SHARE,
        share=share,
        post=share.post,
        target_url=share.post.url,
        utm=utm_values(share.post, network=share.network, caption=share.caption),
        created_at=at,
    )


def link_address(link: Link, house: Installation) -> str:
    """Give the address that people click: the links' own host if there is one, else the base address."""
    base = house.links_url or house.base_url
    return f"{base.rstrip('/')}/l/{link.token}"


def sample_address(house: Installation) -> str:
    """Give an address as long as that of a link, for counting and previews before there is one."""
    return link_address(Link(token="x" * LINK_TOKEN_LENGTH), house)

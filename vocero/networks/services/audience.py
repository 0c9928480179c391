"""What members tell and choose about networks, and the number of followers that a network tells."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from vocero.networks import reasons
from vocero.networks.models import Audience, NetworkChoice
from vocero.networks.registry import UnknownNetwork, get_network, network_names
from vocero.people.models import Member

_MOST = 2_000_000_000


def record_audience(member: Member, *, network: str, low: int, high: int, at: datetime) -> Audience:
    """Record the rough range of followers that a member entered. Raises NetworkRefusal for an unknown network."""
    adapter_of(network)
    low, high = sorted((max(low, 0), max(high, 0)))
    return _record(member, network, low=low, high=high, origin=Audience.Origin.ENTERED, at=at)


def forget_audience(member: Member, *, network: str) -> None:
    """Remove what a member entered for a network; a number that the network told stays."""
    Audience.objects.filter(member=member, network=network, origin=Audience.Origin.ENTERED).delete()


@transaction.atomic
def choose_networks(member: Member, *, names: Sequence[str]) -> None:
    """Put these networks first for a member, in this order; unknown names are dropped."""
    NetworkChoice.objects.filter(member=member).delete()
    known = [name for name in dict.fromkeys(names) if name in network_names()]
    NetworkChoice.objects.bulk_create(
        NetworkChoice(member=member, network=name, position=position) for position, name in enumerate(known)
    )


def keep_followers(member: Member, network: str, number: int, *, at: datetime) -> Audience:
    """Record the number of followers that a network told."""
    return _record(member, network, low=number, high=number, origin=Audience.Origin.READ, at=at)


def _record(member: Member, network: str, *, low: int, high: int, origin: Audience.Origin, at: datetime) -> Audience:
    values = {"low": min(low, _MOST), "high": min(high, _MOST), "origin": origin, "updated_at": at}
    return Audience.objects.update_or_create(member=member, network=network, defaults=values)[0]


def adapter_of(network: str) -> object:
    """Give a network by its name. Raises NetworkRefusal when it is not installed."""
    try:
        return get_network(network)
    except UnknownNetwork as error:
        raise reasons.no_such_network() from error

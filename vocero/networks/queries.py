"""Read a member's accounts, chosen networks and audiences, and what each network takes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from vocero.networks.base import Channel, Network
from vocero.networks.limits import Limits
from vocero.networks.models import Account, Audience, NetworkChoice
from vocero.networks.registry import UnknownNetwork, get_network, networks
from vocero.people.models import Member

ENDS_SOON = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class NetworkOption:
    """A network as a member has it: `chosen` at joining, with the account that would be used, if there is one."""

    network: Network
    chosen: bool
    account: Account | None

    @property
    def is_ready(self) -> bool:
        """Whether a share can start at once: by hand, in practice, or with a connected account."""
        if self.network.channel is not Channel.API:
            return True
        return self.account is not None and self.account.state == Account.State.CONNECTED


def accounts_of(member: Member) -> list[Account]:
    """Give the accounts that a member has connected, also those to be reconnected, the latest first."""
    kept = Account.objects.filter(member=member).exclude(state=Account.State.DISCONNECTED)
    return list(kept.order_by("-connected_at", "-pk"))


def account_for(member: Member, network: str) -> Account | None:
    """Give the account that a share of this member to this network uses: the one connected last."""
    return (
        Account.objects.filter(member=member, network=network)
        .exclude(state=Account.State.DISCONNECTED)
        .order_by("-connected_at", "-pk")
        .first()
    )


def choices_of(member: Member) -> list[str]:
    """Give the names of the networks a member chose, in their order."""
    return list(NetworkChoice.objects.filter(member=member).values_list("network", flat=True))


def options_for(member: Member) -> list[NetworkOption]:
    """Give every network for a member: the chosen ones first in their order, then the rest; two queries."""
    return options_of(choices_of(member), accounts_of(member))


def options_of(chosen: Sequence[str], accounts: Iterable[Account]) -> list[NetworkOption]:
    """Give every network for somebody who chose these and connected these accounts, the latest first."""
    latest: dict[str, Account] = {}
    for account in accounts:
        latest.setdefault(account.network, account)
    options = [NetworkOption(network, network.name in chosen, latest.get(network.name)) for network in networks()]
    place = {name: position for position, name in enumerate(chosen)}
    return sorted(options, key=lambda option: place.get(option.network.name, len(place)))


def limits_of(network: str, account: Account | None = None) -> Limits:
    """Give what a network takes, with what the account's own server told. Raises UnknownNetwork."""
    return get_network(network).limits_for(account.limits if account else {})


def audiences_of(member: Member) -> dict[str, Audience]:
    """Give a member's audiences by network."""
    return {audience.network: audience for audience in Audience.objects.filter(member=member)}


def to_ask_for_reconnect(at: datetime) -> QuerySet[Account]:
    """Give the accounts whose members are to be asked, once, to connect again: dead ones, and those that die within days.

    A network whose credentials refresh by themselves is asked about only when that has failed.
    """
    dead = Q(state=Account.State.RECONNECT)
    dying = Q(state=Account.State.CONNECTED, expires_at__lte=at + ENDS_SOON)
    return (
        Account.objects.filter(dead | dying, reconnect_asked_at=None, member__is_active=True)
        .select_related("member")
        .order_by("pk")
    )


def label_of(network: str) -> str:
    """Give a network's own name; its word in rows where the network is not installed any more."""
    try:
        return str(get_network(network).label)
    except UnknownNetwork:
        return network

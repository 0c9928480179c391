"""All networks of this installation: the built-in ones, and those that other packages add by an entry point."""

import logging
from functools import lru_cache
from importlib.metadata import entry_points

from vocero.networks.base import Channel, Network
from vocero.networks.bluesky import Bluesky
from vocero.networks.copy import Copy
from vocero.networks.email import Email
from vocero.networks.facebook import Facebook
from vocero.networks.instagram import Instagram
from vocero.networks.linkedin import LinkedIn
from vocero.networks.mastodon import Mastodon
from vocero.networks.practice import Practice
from vocero.networks.threads import Threads
from vocero.networks.whatsapp import WhatsApp
from vocero.networks.x import X

ENTRY_POINTS = "vocero.networks"
_NAME_CHARACTERS = 20

logger = logging.getLogger(__name__)

BUILT_IN: tuple[Network, ...] = (
    LinkedIn(),
    Mastodon(),
    Bluesky(),
    X(),
    Facebook(),
    Instagram(),
    Threads(),
    WhatsApp(),
    Email(),
    Copy(),
    Practice(),
)


class UnknownNetwork(LookupError):
    """No network of this name is installed (any more)."""


@lru_cache(maxsize=1)
def _installed() -> dict[str, Network]:
    found = {network.name: network for network in BUILT_IN}
    for entry in sorted(entry_points(group=ENTRY_POINTS), key=lambda entry: entry.name):
        network = entry.load()()
        if not isinstance(network, Network) or network.name != entry.name or len(network.name) > _NAME_CHARACTERS:
            raise TypeError(f"the entry point {entry.value} is not a network called {entry.name}")
        if network.name in found:
            raise TypeError(f"there are two networks called {network.name}")
        logger.info("network %s comes from %s", network.name, entry.value)
        found[network.name] = network
    return found


def networks() -> tuple[Network, ...]:
    """Give all networks, in the order in which pages show them."""
    return tuple(_installed().values())


def network_names() -> tuple[str, ...]:
    """Give the names of all networks, in the same order."""
    return tuple(_installed())


def get_network(name: str) -> Network:
    """Give a network by its name. Raises UnknownNetwork."""
    try:
        return _installed()[name]
    except KeyError:
        raise UnknownNetwork(name) from None


def by_api() -> tuple[Network, ...]:
    """Give the networks that a member can connect an account of."""
    return tuple(network for network in networks() if network.channel is Channel.API)


def forget_installed() -> None:
    """Read the entry points anew at the next question; for tests that add a network."""
    _installed.cache_clear()


def put_in_place(*replacements: Network) -> None:
    """Let these networks answer instead of those of the same name, in this process; the demo has stand-ins."""
    installed = _installed()
    for network in replacements:
        installed[get_network(network.name).name] = network

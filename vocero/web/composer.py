"""What the composer needs to be drawn: the text, where it may go, and what each network will make of it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.utils.functional import Promise

from vocero.networks.limits import Limits

type Text = str | Promise


@dataclass(frozen=True)
class ComposerNetwork:
    """One network to choose; `before` and `after` are what is added to the words there (disclosure, hashtags, link).

    `note` says under the preview what this network does differently. `value` is what the form sends (an account's id
    where a member has several), by default the network's name.
    """

    name: str
    label: Text
    limits: Limits
    value: str = ""
    handle: str = ""
    note: Text = ""
    before: str = ""
    after: str = ""
    is_first: bool = True
    is_chosen: bool = False

    @property
    def sent(self) -> str:
        return self.value or self.name

    @property
    def room(self) -> int:
        """Give how many characters are left for the words themselves, or 0 when nothing limits them."""
        if self.limits.characters is None:
            return 0
        return self.limits.characters - self.limits.count(self.before + self.after)


@dataclass(frozen=True)
class Card:
    """The link as previews show it."""

    title: str = ""
    description: str = ""
    host: str = ""
    image_url: str = ""
    image_alt: str = ""


@dataclass(frozen=True)
class Composer:
    """Everything on the composer's sheet. `checks_url` answers a POST of the form with `components/findings.html`."""

    text: str
    networks: Sequence[ComposerNetwork]
    author: str
    card: Card = field(default_factory=Card)
    findings: Sequence[Any] = ()
    checks_url: str = ""
    autosave_key: str = ""
    label: Text = ""
    placeholder: Text = ""
    help: Text = ""
    nudge: Text = ""
    badges: Sequence[Text] = ()
    name: str = "text"
    network_name: str = "network"

    @property
    def first(self) -> list[ComposerNetwork]:
        """Give the networks chosen at joining."""
        return [network for network in self.networks if network.is_first]

    @property
    def others(self) -> list[ComposerNetwork]:
        """Give the rest, which stand under "More"."""
        return [network for network in self.networks if not network.is_first]

    @property
    def has_chosen_other(self) -> bool:
        return any(network.is_chosen for network in self.others)

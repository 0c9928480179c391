"""What sharing says no with, each a sentence for the person."""

from vocero.lib.errors import Refusal


class NotShared(Refusal):
    """The share could not be made; nothing was stored and nothing was sent."""


class NotNow(Refusal):
    """The share is in a state in which this cannot be done any more."""

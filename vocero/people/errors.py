"""What people's services refuse, each with a sentence that says what to do."""

from vocero.lib.errors import Refusal


class NotAllowed(Refusal):
    """A member, team or segment cannot become what was asked for."""


class NotInvited(Refusal):
    """A personal link or code does not open anything; the sentence says how to go on."""


class NotReadable(Refusal):
    """A people list cannot be read; the sentence says what to change in the file."""

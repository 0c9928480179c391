"""What somebody did with a post before: one short text a share out of the query that is asked anyway."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Final, NamedTuple, Self

from django.db.models import F, TextField, Value
from django.db.models.functions import Cast, Concat

from vocero.sharing.models import Share

State = Share.State
LIVING: Final = (State.PLANNED, State.SENDING, State.SENT, State.UNCONFIRMED, State.STARTED)
"""States in which a share is out, or may still become so."""

_BETWEEN: Final = "|"
_PARTS: Final = ("public_id", "network", "state", "due_wall", "reason")


class Earlier(NamedTuple):
    """A living share of the reader's own: where, in which state, and for which moment it was planned (blank: at once)."""

    public_id: str
    network: str
    state: str
    due_wall: str = ""
    reason: str = ""

    @classmethod
    def told(cls, text: str) -> Self:
        """Read what `as_text` wrote; the number in front only keeps the order."""
        return cls(*text.split(_BETWEEN)[1:])

    @property
    def is_out(self) -> bool:
        """Whether the network has it, as it told us or as the advocate did."""
        return self.state == State.SENT

    @property
    def due_on(self) -> date | None:
        """The day that was chosen, by the advocate's own clock."""
        return datetime.fromisoformat(self.due_wall).date() if self.due_wall else None


def as_text() -> Concat:
    """Give the expression of a share that `Earlier.told` reads."""
    parts: list[Cast | F | Value] = [Cast("pk", TextField())]
    for name in _PARTS:
        parts += [Value(_BETWEEN), F(name)]
    return Concat(*parts, output_field=TextField())


def told(texts: Sequence[str]) -> tuple[Earlier, ...]:
    """Read many, the latest first."""
    latest_first = sorted(texts, key=lambda text: int(text.partition(_BETWEEN)[0]), reverse=True)
    return tuple(map(Earlier.told, latest_first))

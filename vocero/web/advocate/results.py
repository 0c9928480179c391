"""What an advocate's own shares did: clicks, what came of them and what networks told, for that advocate alone."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from vocero.people.models import Member
from vocero.sharing.models import Share
from vocero.sharing.queries import Received
from vocero.tracking.models import ShareTotal
from vocero.tracking.queries import clicks_of_advocate, credited_at


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of one share; `clicks` are unique valid ones."""

    clicks: int = 0
    conversions: int = 0
    received: Received = field(default_factory=Received)

    @property
    def reactions(self) -> int:
        """Everything that people did with it on the network."""
        return self.received.reactions + self.received.comments + self.received.reshares

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to show yet."""
        return not (self.clicks or self.conversions or self.reactions)


def results_of(shares: Sequence[Share], received: dict[int, Received]) -> dict[int, Result]:
    """Give the figures of shares by id; two queries however many there are."""
    clicks, conversions = clicks_of(shares), credited_at(share.pk for share in shares)
    return {
        share.pk: Result(
            clicks.get(share.pk, 0), len(conversions.get(share.pk, ())), received.get(share.pk, Received())
        )
        for share in shares
    }


def clicks_of(shares: Sequence[Share]) -> dict[int, int]:
    """Give the unique clicks of shares by id."""
    return dict(ShareTotal.objects.filter(share__in=[share.pk for share in shares]).values_list("share_id", "unique"))


def clicks_of_member(member: Member) -> int:
    """Give the unique clicks of all shares of a member."""
    return clicks_of_advocate(member.pk)

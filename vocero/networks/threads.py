"""Threads, by hand: its dialog takes text and link."""

from vocero.networks.base import Draft
from vocero.networks.by_hand import ByHand, address
from vocero.networks.limits import Limits


class Threads(ByHand):
    """A post takes 500 characters."""

    name = "threads"
    label = "Threads"
    limits = Limits(characters=500)

    def handoff(self, draft: Draft) -> str:
        beside = draft.link is not None and draft.link.url not in draft.text
        return address(
            "https://www.threads.net/intent/post",
            text=draft.text.rstrip(),
            url=draft.link.url if draft.link and beside else "",
        )

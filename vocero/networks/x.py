"""X, by hand: its dialog takes text and link; letters outside the Latin blocks and emoji count two, a link 23."""

from vocero.networks.base import Draft
from vocero.networks.by_hand import ByHand, address
from vocero.networks.limits import Counting, Limits


class X(ByHand):
    """A post takes 280 units (twitter-text's weighted count); paying members have more, we do not rely on it."""

    name = "x"
    label = "X"
    limits = Limits(characters=280, counting=Counting.WEIGHTED, link_length=23)

    def compose(self, draft: Draft) -> str:
        if draft.link is None or draft.link.url in draft.text:
            return draft.text
        return f"{draft.text.rstrip()} {draft.link.url}".lstrip()

    def handoff(self, draft: Draft) -> str:
        beside = draft.link is not None and draft.link.url not in draft.text
        return address(
            "https://x.com/intent/post", text=draft.text.rstrip(), url=draft.link.url if draft.link and beside else ""
        )

"""Facebook, by hand: its dialog takes the link alone, the member pastes the text."""

from vocero.networks.base import Draft
from vocero.networks.by_hand import ByHand, address
from vocero.networks.limits import Limits


class Facebook(ByHand):
    """A profile cannot be posted to by programs; the preview is made from the page behind the link."""

    name = "facebook"
    label = "Facebook"
    limits = Limits(characters=63206, link_in_text=False, takes_text=False, needs_link=True)

    def handoff(self, draft: Draft) -> str:
        return address("https://www.facebook.com/sharer/sharer.php", u=draft.link.url) if draft.link else ""

"""Instagram, by hand: an image from the phone's share sheet, the caption pasted; links in captions do not work."""

from vocero.networks.base import Draft
from vocero.networks.by_hand import ByHand
from vocero.networks.limits import Limits


class Instagram(ByHand):
    """A caption takes 2,200 characters; without an image there is no post."""

    name = "instagram"
    label = "Instagram"
    limits = Limits(
        characters=2200, link_in_text=False, link_works=False, card=False, takes_text=False, needs_image=True
    )

    def handoff(self, draft: Draft) -> str:
        return "https://www.instagram.com/"

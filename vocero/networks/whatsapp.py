"""WhatsApp, by hand: the text with its link, to whomever the member picks there."""

from vocero.networks.base import Draft
from vocero.networks.by_hand import ByHand, address
from vocero.networks.limits import Limits


class WhatsApp(ByHand):
    """A message takes about 65,000 characters; addresses of that length do not open everywhere, so we stop at 4,000."""

    name = "whatsapp"
    label = "WhatsApp"
    limits = Limits(characters=4000)

    def handoff(self, draft: Draft) -> str:
        return address("https://wa.me/", text=self.compose(draft))

"""LinkedIn, by hand: its dialog takes the link alone, the member pastes the text."""

from vocero.networks.base import Draft
from vocero.networks.by_hand import ByHand, address
from vocero.networks.limits import Limits


class LinkedIn(ByHand):
    """A post takes 3,000 characters; the preview is made from the page behind the link."""

    name = "linkedin"
    label = "LinkedIn"
    limits = Limits(characters=3000, link_in_text=False, takes_text=False)

    def handoff(self, draft: Draft) -> str:
        if draft.link is None:
            return "https://www.linkedin.com/feed/?shareActive=true"
        return address("https://www.linkedin.com/sharing/share-offsite/", url=draft.link.url)

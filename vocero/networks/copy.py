"""Copy, by hand: the text with its link, to be pasted wherever the member likes."""

from django.utils.translation import pgettext_lazy

from vocero.networks.by_hand import ByHand
from vocero.networks.limits import Limits


class Copy(ByHand):
    """There is no dialog to open and no limit that we could know."""

    name = "copy"
    label = pgettext_lazy("where to share", "Copy")
    limits = Limits(card=False)

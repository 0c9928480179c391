"""E-mail, by hand: a message in the member's own mail program."""

from urllib.parse import quote

from django.utils.translation import pgettext_lazy

from vocero.networks.base import Draft
from vocero.networks.by_hand import ByHand
from vocero.networks.limits import Limits


class Email(ByHand):
    """Mail programs cut addresses of more than some thousand characters, so we stop at 1,800 for the text."""

    name = "email"
    label = pgettext_lazy("where to share", "E-mail")
    limits = Limits(characters=1800, card=False)

    def handoff(self, draft: Draft) -> str:
        subject = " ".join(draft.link.title.split()) if draft.link else ""
        body = "\r\n".join(self.compose(draft).splitlines())
        fields = {"subject": subject, "body": body}
        return "mailto:?" + "&".join(f"{name}={quote(value, safe='')}" for name, value in fields.items() if value)

"""The states, reasons and notes of sharing, put into words for the person whose share it is."""

from dataclasses import dataclass, replace

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vocero.company.models import StoredFile
from vocero.networks.reasons import REASONS as NETWORK_REASONS
from vocero.sharing.models import Share

type Text = str | Promise

NOTES: dict[str, Text] = {
    "linkedin": _("LinkedIn takes no text from us: we copy yours, you paste it there."),
    "facebook": _("Facebook takes no text from us: we copy yours, you paste it there."),
    "instagram": _("Links do not work in Instagram captions. You choose the picture and paste the text there."),
    "threads": _("Threads opens with your text filled in."),
    "x": _("X opens with your text filled in."),
    "whatsapp": _("WhatsApp opens with your text filled in. You choose who gets it."),
    "email": _("Your mail program opens with your text filled in. You choose who gets it."),
    "copy": _("The text is copied, to be pasted wherever you like."),
    "practice": _("Nothing leaves, nobody sees it, nothing counts. Try whatever you like."),
}

SENT_TO_PEOPLE = frozenset({"whatsapp", "email"})
"""By these a text goes to people whom the member chooses: it is sent, not posted."""
NO_PLACE = frozenset({"email", "copy"})
"""Nothing is out "on" these."""

State = Share.State


@dataclass(frozen=True)
class Told:
    """A share's state in words: a short label, what it means, what to do, and how good it is."""

    label: Text
    meaning: Text = ""
    kind: str = ""
    icon: str = "circle"


_PLANNED_REASONS: dict[str, Text] = {
    "guideline": _("It waits until you have read the new guideline."),
    "reconnect": _("It waits until you have connected your account again."),
    "stopped": _("The program team has stopped all sharing for a while. It waits."),
    "later": _("The network was busy. We try again in a few minutes."),
}
_ENDED_REASONS: dict[str, Text] = {
    "by_member": _("You took it back before it was sent."),
    "left": _("You left the program, so nothing was sent."),
    "paused": _("You were taking a break, so nothing was sent."),
    "deactivated": _("This account was closed, so nothing was sent."),
    "post_gone": _("The post was taken back before yours was due. Nothing was sent."),
    "post_ended": _("The post had ended before yours was due. Nothing was sent."),
    "too_late": _(
        "It could not be sent for more than a day, and late it might have surprised you. Share it again if you like."
    ),
    "disconnected": _("Your account is not connected any more. Connect it and share again."),
    "check": _("Something in the text is not allowed any more. Share it again and see what."),
    "network_down": _("The network could not be reached for a day. Share it again if you like."),
    "no_network": _("This network is not available here any more."),
    "not_there": _("You looked, and it was not there. Share it again if you like."),
}


_TOLD: dict[str, Told] = {
    State.PLANNED: Told(_("Planned"), "", "brand", "clock"),
    State.SENDING: Told(_("On its way"), _("We ask the network until we know that it is out."), "brand", "send"),
    State.SENT: Told(_("Out"), "", "good", "circle-check"),
    State.UNCONFIRMED: Told(
        _("Not sure"),
        _("The network did not tell us whether it is out. Please look, so that it is not posted twice."),
        "warn",
        "circle-help",
    ),
    State.FAILED: Told(_("Not sent"), _("The network did not take it. Nothing was sent."), "bad", "circle-x"),
    State.CANCELLED: Told(_("Taken back"), "", "", "undo-2"),
    State.STARTED: Told(_("Begun"), _("Did you finish it? The first click on it will tell us too."), "warn", "pencil"),
    State.NOT_POSTED: Told(_("Not posted"), _("Nothing was posted, and that is fine."), "", "circle"),
    State.WITHDRAWN: Told(_("Taken down"), _("You took it down. Its link still leads to the post."), "", "archive"),
}
_PRACTICE = Told(_("Practice"), _("Nothing left, and nobody saw it. Well done."), "", "footprints")


def told(share: Share) -> Told:
    """Put a share's state into words, with the reason where there is one."""
    if share.channel == Share.Channel.PRACTICE:
        return _PRACTICE
    words = _TOLD[share.state]
    if share.state == State.PLANNED:
        return replace(words, meaning=_PLANNED_REASONS.get(share.reason, ""))
    if share.state in {State.FAILED, State.CANCELLED}:
        reason = _ENDED_REASONS.get(share.reason) or NETWORK_REASONS.get(share.reason)
        return replace(words, meaning=reason or words.meaning)
    return words


def file_url(file: StoredFile | None) -> str:
    """Give the address of a stored picture; empty when there is none."""
    return reverse("public:file", args=[file.key]) if file is not None else ""

"""What the reader did with a post before, in words that promise no more than is known, and the step that comes next."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum

from django.urls import reverse
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from vocero.networks.queries import label_of
from vocero.sharing.earlier import Earlier, State


class Step(StrEnum):
    """What a card offers as the next thing to do."""

    SHARE = "share"
    SHARE_AGAIN = "again"
    LOOK = "look"
    GO_ON = "go-on"
    CLEAR_UP = "clear-up"


_STEPS = {
    State.UNCONFIRMED: Step.CLEAR_UP,
    State.STARTED: Step.GO_ON,
    State.SENDING: Step.LOOK,
    State.PLANNED: Step.LOOK,
}
"""What waits for the reader comes before what waits for us, and that before what is out."""


def step_of(earlier: Sequence[Earlier]) -> tuple[Step, str]:
    """Give the next step with a post, and its address unless that is the composer."""
    for state, step in _STEPS.items():
        for one in earlier:
            if one.state == state:
                return step, reverse("advocate:shares-share", args=[one.public_id])
    return (Step.SHARE_AGAIN if earlier else Step.SHARE), ""


def said(earlier: Sequence[Earlier]) -> str:
    """Say what became of a post: what is out first, then what is not out yet, each with its networks."""
    networks: dict[tuple[str, date | None, bool], list[str]] = {}
    order = [State.SENT, *_STEPS]
    for one in sorted(earlier, key=lambda one: order.index(State(one.state))):
        planned = one.state == State.PLANNED
        names = networks.setdefault((one.state, one.due_on if planned else None, planned and bool(one.reason)), [])
        if (name := label_of(one.network)) not in names:
            names.append(name)
    return " · ".join(_said(*key, ", ".join(names)) for key, names in networks.items())


def begun_before(network: str, earlier: Sequence[Earlier]) -> Earlier | None:
    """Give what was done with a post on one network: what is out, else the latest."""
    there = [one for one in earlier if one.network == network]
    return next((one for one in there if one.is_out), there[0] if there else None)


def _said(state: str, due_on: date | None, waits: bool, networks: str) -> str:
    words = {"networks": networks}
    if state == State.SENT:
        return _("Shared on %(networks)s") % words
    if state == State.STARTED:
        return _("Begun: %(networks)s. Did you finish it?") % words
    if state == State.UNCONFIRMED:
        return _("Not sure whether it is out: %(networks)s") % words
    if waits:
        return _("Planned, and waiting: %(networks)s") % words
    if due_on is not None:
        day = date_format(due_on, "MONTH_DAY_FORMAT")
        return _("Planned for %(day)s: %(networks)s") % {**words, "day": day}
    return _("On its way: %(networks)s") % words

"""The exact definition of each KPI; `docs/use/results.md` has a section for each."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from vocero.lib.money import Money

LEAST_PEOPLE: Final = 5
"""From how many people on a figure about people is shown (k)."""

REFERENCE_AUDIENCE: Final = 459
"""Average number of LinkedIn connections of an employee as a published reference (beside 433 on Facebook, 772 on X)."""

type Text = str | Promise
type Value = int | Decimal | Money


class Unit(StrEnum):
    """What a value counts."""

    PEOPLE = "people"
    PER_CENT = "per_cent"
    SHARES = "shares"
    CLICKS = "clicks"
    VISITORS = "visitors"
    REACTIONS = "reactions"
    FOLLOWERS = "followers"
    CONVERSIONS = "conversions"
    MONEY = "money"


class Certainty(StrEnum):
    """How sure a figure is."""

    MEASURED = "measured"
    REPORTED = "reported"
    SELF_REPORTED = "self-reported"
    ESTIMATED = "estimated"


@dataclass(frozen=True, slots=True)
class Definition:
    """What a KPI is called and exactly how it is made; `docs/use/results.md` has a section for each code."""

    code: str
    name: Text
    unit: Unit
    certainty: Certainty
    formula: Text


DEFINITIONS: Final = {
    definition.code: definition
    for definition in (
        Definition(
            "invited", _("Invited"), Unit.PEOPLE, Certainty.MEASURED,
            _("People with an open account who were sent an invitation, or were given a link or a code, or joined."),
        ),
        Definition(
            "joined", _("Joined"), Unit.PEOPLE, Certainty.MEASURED,
            _("People whose last answer was to take part; a break counts as taking part."),
        ),
        Definition(
            "active", _("Active"), Unit.PEOPLE, Certainty.MEASURED,
            _("Different people with at least one counted share in the period."),
        ),
        Definition(
            "participation", _("Taking part"), Unit.PER_CENT, Certainty.MEASURED,
            _("Active people ÷ people who had joined by the end of the period."),
        ),
        Definition(
            "shares", _("Shares"), Unit.SHARES, Certainty.MEASURED,
            _("Shares known to be out: published by us, proved by a click, or told by the person."),
        ),
        Definition(
            "clicks", _("Valid clicks"), Unit.CLICKS, Certainty.MEASURED,
            _("Requests for tracked links, without robots, previews, prefetching and the advocate’s own."),
        ),
        Definition(
            "unique_clicks", _("Unique clicks"), Unit.CLICKS, Certainty.MEASURED,
            _("The first valid click of each visitor on each link on each day."),
        ),
        Definition(
            "daily_visitors", _("Daily visitors"), Unit.VISITORS, Certainty.MEASURED,
            _("Different visitors of each day, added over the days. The same person on two days counts twice."),
        ),
        Definition(
            "engagement", _("Engagement"), Unit.REACTIONS, Certainty.REPORTED,
            _("Growth of reactions + comments + reshares as the networks report them; taken-back ones are subtracted."),
        ),
        Definition(
            "potential_reach", _("Possible reach"), Unit.FOLLOWERS, Certainty.SELF_REPORTED,
            _("Sum of the followers of everybody who shared, on the networks they shared to: possible, not reached."),
        ),
        Definition(
            "plain_reach", _("Possible reach, plain formula"), Unit.FOLLOWERS, Certainty.ESTIMATED,
            _("People who joined × average followers of a person."),
        ),
        Definition(
            "conversions", _("Conversions"), Unit.CONVERSIONS, Certainty.MEASURED,
            _("Purchases, leads and applications from your own server, credited to the last valid click before them."),
        ),
        Definition(
            "credited_value", _("Credited value"), Unit.MONEY, Certainty.MEASURED,
            _("Sum of the amounts of these conversions in the company’s currency."),
        ),
        Definition(
            "emv", _("What these clicks would have cost as ads"), Unit.MONEY, Certainty.ESTIMATED,
            _("Unique clicks × cost of a click on that network on that day, from the rates you confirmed."),
        ),
    )
}  # fmt: skip
"""In the order in which they are shown: what clicks would have cost as ads comes last and is never added to anything."""

REASONS: Final[dict[str, Text]] = {
    "head": _("only asked for the headers"),
    "preview": _("a network’s preview of the link"),
    "bot": _("robots, and floods from one address"),
    "prefetch": _("fetched ahead by a browser, not opened"),
    "no_agent": _("no browser named"),
    "own": _("the advocate’s own clicks"),
}


KINDS: Final[dict[str, Text]] = {
    "purchase": _("purchases"),
    "lead": _("leads"),
    "application": _("applications"),
    "sign_up": _("sign-ups"),
    "other": _("others"),
}

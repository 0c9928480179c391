"""Cuts within one campaign, topic, origin or network: what there is to choose, and the table or how far it is."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from django.http import Http404
from django.utils.formats import time_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from vocero.company.models import Installation, Program
from vocero.company.revisions import Kept, Token
from vocero.content.models import Campaign, Origin, Topic
from vocero.lib.words import pick
from vocero.measurement import queries, slices, slicing
from vocero.measurement.alldays import AllDays
from vocero.measurement.definitions import Text
from vocero.measurement.dimensions import Dimension
from vocero.measurement.slices import Question
from vocero.measurement.spans import Span
from vocero.networks.base import Channel
from vocero.networks.queries import label_of
from vocero.networks.registry import networks
from vocero.web.manager import cuts

MOST_CAMPAIGNS: Final = 200
"""So many of the newest campaigns can be chosen."""
GROUPS: Final[dict[str, Text]] = {
    Dimension.CAMPAIGN.value: gettext_lazy("Campaign"),
    Dimension.TOPIC.value: gettext_lazy("Topic"),
    Dimension.ORIGIN.value: gettext_lazy("Origin"),
    queries.NETWORK: gettext_lazy("Network"),
}


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that a cut can be narrowed to: `value` stands in addresses, `key` in the roll-ups."""

    within: str
    value: str
    key: str
    name: str


@dataclass(frozen=True)
class Narrowing:
    """What there is to choose for a cut, by group, and what was chosen."""

    groups: tuple[tuple[Text, tuple[Choice, ...]], ...] = ()
    chosen: Choice | None = None
    written: str = ""

    @property
    def options(self) -> SafeString:
        """Give the options of a list of all choices, with the chosen one marked."""
        if self.chosen is None:
            return SafeString(self.written)
        value = _value(self.chosen)
        return SafeString(self.written.replace(value, f"{value} selected", 1))


@dataclass(frozen=True)
class Slicing:
    """A table within something, or how far the work on it has come."""

    cut: cuts.Cut | None = None
    days_done: int = 0
    days: int = 0
    has_failed: bool = False


_KEPT: Final = Kept(dict[tuple[int, str, tuple[str, ...], str | None], Narrowing])
"""What there is to choose in this state of the company, by program, cut and language."""


def read(program: Program, by: str, wished: str, languages: tuple[str, ...], state: Token = None) -> Narrowing:
    """Give the choices for a cut of content, none for one of people, whose narrowing is left out; raises Http404 for
    something that there is not. A cut is never narrowed to one of its own rows.

    In a known `state` of the company the choices come from memory.
    """
    if by in cuts.PEOPLE_CUTS:
        return Narrowing()
    kept, key = _KEPT.at(state), (program.pk, by, languages, get_language())
    if key not in kept:
        kept[key] = _offer(program, by, languages)
    offered = kept[key]
    every = (choice for _name, choices in offered.groups for choice in choices)
    chosen = next((choice for choice in every if choice.value == wished), None) if wished else None
    if wished and chosen is None and not wished.startswith(f"{by}:"):
        raise Http404
    return replace(offered, chosen=chosen)


def _offer(program: Program, by: str, languages: tuple[str, ...]) -> Narrowing:
    every = [choice for choice in _choices(program, languages) if choice.within != by]
    groups = [(name, tuple(one for one in every if one.within == within)) for within, name in GROUPS.items()]
    offered = tuple((name, found) for name, found in groups if found)
    written = format_html_join(
        "",
        '<optgroup label="{}">{}</optgroup>',
        ((name, format_html_join("", "<option {}>{}</option>", map(_option, found))) for name, found in offered),
    )
    return Narrowing(offered, written=written)


def _option(choice: Choice) -> tuple[str, str]:
    return _value(choice), choice.name


def _value(choice: Choice) -> SafeString:
    return format_html('value="{}"', choice.value)


def _choices(program: Program, languages: tuple[str, ...]) -> Iterator[Choice]:
    campaigns = Campaign.objects.filter(program=program).order_by("-created_at", "-pk")
    for pk, public_id, name in campaigns.values_list("pk", "public_id", "name")[:MOST_CAMPAIGNS]:
        yield Choice(Dimension.CAMPAIGN, f"{Dimension.CAMPAIGN}:{public_id}", str(pk), str(name))
    topics = Topic.objects.filter(program=program, alias_of=None).values_list("pk", "public_id", "name")
    named = [(pick(name, languages), pk, public_id) for pk, public_id, name in topics]
    for topic, pk, public_id in sorted(named, key=lambda one: one[0].casefold()):
        yield Choice(Dimension.TOPIC, f"{Dimension.TOPIC}:{public_id}", str(pk), topic)
    for origin in Origin:
        yield Choice(Dimension.ORIGIN, f"{Dimension.ORIGIN}:{origin.value}", origin.value, str(origin.label))
    for network in networks():
        if network.channel is Channel.PRACTICE:
            continue  # it is never counted
        yield Choice(queries.NETWORK, f"{queries.NETWORK}:{network.name}", network.name, label_of(network.name))


def table(
    program: Program,
    house: Installation,
    span: Span,
    *,
    by: str,
    chosen: Choice | None,
    languages: tuple[str, ...],
    at: datetime,
    today_lies_in: bool,
    first: cuts.First | None = None,
    days: AllDays | None = None,
    state: Token = None,
) -> Slicing:
    """Give the table of a cut within something: from roll-ups, at once where there is little, or from a slice.

    `first` says which rows are enough: what can be had without the others then comes without them.
    `days` of everybody and the `state` of the company let what is settled come from memory.
    """
    about = (program, house, span, by, languages)
    network = chosen.key if chosen and chosen.within == queries.NETWORK else ""
    if first and first.is_by_figure and by in slices.CONTENT and (network or not chosen):
        return Slicing(cuts.read_first(*about, first=first, network=network, days=days, state=state))
    if chosen is None or queries.NETWORK in {by, chosen.within}:
        pair = (chosen.within, chosen.key) if chosen else None
        return Slicing(cuts.read(*about, within=pair))
    question = Question(program.pk, Dimension(by), Dimension(chosen.within), chosen.key, span)
    note = _("Only what came through shares, without other links of a post.")
    if slices.is_small(question):
        answer: slices.Answer = {}
        slices.add_days(answer, question, question.days(), currency=house.currency)
        return Slicing(cuts.lay_out(by, *slices.rows_of(answer), languages, note=note, first=first))
    slice_ = slicing.ask(question, at=at)
    if slice_.made_at is None:
        return Slicing(
            days_done=slice_.days_done,
            days=slice_.days or len(question.days()),
            has_failed=slicing.has_failed(slice_, at=at),
        )
    if today_lies_in:
        made = _("Worked out at %(time)s.") % {"time": time_format(localtime(slice_.made_at))}
        note = f"{note} {made}"
    return Slicing(cuts.lay_out(by, *slices.rows_of(slice_.answer), languages, note=note, first=first))

"""Checks on a draft: small functions in an order, each giving findings that say which words and what to do."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vocero.lib.text import urls
from vocero.networks.base import Card, Draft
from vocero.networks.limits import Limits, Objection, Problem
from vocero.networks.registry import get_network
from vocero.policy import spelling
from vocero.policy.disclosure import says_it, with_disclosure
from vocero.policy.matching import Match
from vocero.policy.models import Term
from vocero.policy.rules import Rule, Rules


class Level(StrEnum):
    """Whether a finding stops the share or only advises."""

    BLOCK = "block"
    ADVISE = "advise"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend: which of the advocate's own words, what is wrong in a sentence, and what to do."""

    code: str
    level: Level
    words: str
    message: str
    advice: str

    @property
    def blocks(self) -> bool:
        """Whether the share must wait until this is mended."""
        return self.level is Level.BLOCK


@dataclass(frozen=True, slots=True)
class Image:
    """What the checks look at in an image that goes with the text."""

    content_type: str
    alt: str


@dataclass(frozen=True, slots=True)
class Candidate:
    """What somebody is about to say on a network.

    `text` holds the advocate's words without the disclosure put in front, `disclosure` the wording chosen, and
    `disclosed` whether it is switched on. `origin` is the post's; a post without one counts as the company's own.
    `link` is the tracked address, or one as long; `limits` are those that the account's server told, if it did.
    `settled`: the disclosure stands in the text as it was accepted when it was shared; wordings may have changed since.
    """

    text: str = field(repr=False)
    network: str
    language: str
    origin: str = ""
    disclosure: str = ""
    disclosed: bool = True
    link: str = ""
    post_url: str = ""
    images: Sequence[Image] = ()
    limits: Limits | None = None
    settled: bool = False


type Check = Callable[[Candidate, Rules], Iterator[Finding]]


def findings(candidate: Candidate, rules: Rules) -> list[Finding]:
    """Run every check; what blocks comes first, otherwise in the order of CHECKS."""
    found = [finding for check in CHECKS for finding in check(candidate, rules)]
    return sorted(found, key=lambda finding: not finding.blocks)


def must_disclose(text: str, *, origin: str, rules: Rules) -> bool:
    """Say whether the employment has to be told: on the company's own posts, or where the text names it or a product."""
    return origin != CURATED or bool(rules.terms.name.find(text))


def full_text(candidate: Candidate, rules: Rules) -> str:
    """Give the text as it goes out: the disclosure in front where it is on and not said already; without the link."""
    if not candidate.disclosed:
        return candidate.text.strip()
    disclosure = candidate.disclosure or rules.wordings_in(candidate.language)[0]
    return with_disclosure(candidate.text, disclosure, wordings=rules.all_wordings, names=rules.names)


def says_employment(candidate: Candidate, rules: Rules) -> bool:
    """Say whether the text as it goes out tells the employment early."""
    chosen = [candidate.disclosure] if candidate.disclosure else []
    return says_it(full_text(candidate, rules), [*rules.all_wordings, *chosen], names=rules.names)


def something_to_say(candidate: Candidate, rules: Rules) -> Iterator[Finding]:
    """An empty post helps nobody; a link alone may stand, and so may an image."""
    if not candidate.text.strip() and not candidate.link and not candidate.images:
        yield Finding("empty", Level.BLOCK, "", _("There is nothing to share yet."), _("Write a sentence of your own."))


def employment_said(candidate: Candidate, rules: Rules) -> Iterator[Finding]:
    """On the company's own posts and wherever it is named, readers must learn early that the writer works there."""
    if candidate.settled or says_employment(candidate, rules):
        return
    named = rules.terms.name.find(candidate.text)
    if candidate.origin != CURATED:
        message = _("This post is about your own company, so people must know that you work there.")
    elif named:
        message = _("You name your company or something it makes, so people must know that you work there.")
    else:
        return
    yield Finding(
        "disclosure",
        Level.BLOCK,
        named[0].words if named else "",
        message,
        _("Switch “say that I work here” on, or say it in your own words in the first line."),
    )


def nothing_banned(candidate: Candidate, rules: Rules) -> Iterator[Finding]:
    """Phrases that the program team does not want in posts; what to say instead is theirs to write."""
    for match, rule in _guarded(candidate, rules, Term.Kind.BANNED):
        yield Finding(
            "banned",
            Level.BLOCK if rule.blocks else Level.ADVISE,
            match.words,
            _("This wording is not for posts."),
            rules.advice(rule, candidate.language) or _("Say it another way, or leave it out."),
        )


def nothing_confidential(candidate: Candidate, rules: Rules) -> Iterator[Finding]:
    """Confidential terms: only the writer's own words are told, never the rule that found them, and all look alike."""
    for match, _rule in _guarded(candidate, rules, Term.Kind.CONFIDENTIAL):
        yield Finding(
            "confidential",
            Level.BLOCK,
            match.words,
            _("This may not be public."),
            _("Leave it out. If you think it may be said, ask the program team."),
        )


def names_spelled(candidate: Candidate, rules: Rules) -> Iterator[Finding]:
    """Names of company and products as they are written: case, spaces, accents and slips of a letter or two."""
    for slip in spelling.slips(candidate.text, rules.terms.named, rules.terms.name, language=candidate.language):
        yield Finding(
            "spelling",
            Level.BLOCK if slip.rule.blocks else Level.ADVISE,
            slip.words,
            _("Did you mean “%(name)s”?") % {"name": slip.rule.text},
            rules.advice(slip.rule, candidate.language) or _("We write it “%(name)s”.") % {"name": slip.rule.text},
        )


def own_address_untracked(candidate: Candidate, rules: Rules) -> Iterator[Finding]:
    """The post's own address typed by hand leads there, but tells nobody that it worked."""
    for _start, _end, url in urls(candidate.text):
        if candidate.post_url and url.rstrip("/") == candidate.post_url.rstrip("/"):
            yield Finding(
                "untracked",
                Level.ADVISE,
                url,
                _("Your link is added for you."),
                _("Take this address out: clicks on it cannot be counted for you."),
            )
            return


def fits_network(candidate: Candidate, rules: Rules) -> Iterator[Finding]:
    """What the network takes: how long, counted as it counts, and which images."""
    network = get_network(candidate.network)
    limits = candidate.limits or network.limits
    media = tuple((image.content_type, image.alt) for image in candidate.images)
    for objection in limits.objections(composed(candidate, rules), media, has_link=bool(candidate.link)):
        if objection.problem is not Problem.EMPTY:
            yield _objection(objection, str(network.label))


def images_described(candidate: Candidate, rules: Rules) -> Iterator[Finding]:
    """An image without words is missing for everybody who cannot see it."""
    missing = sum(not image.alt.strip() for image in candidate.images)
    if missing:
        yield Finding(
            "alt",
            Level.ADVISE,
            "",
            ngettext("%(count)s image has no description.", "%(count)s images have no description.", missing)
            % {"count": missing},
            _("Say in a few words what can be seen, for people who cannot see it."),
        )


CURATED: Final = "curated"
CHECKS: Final[tuple[Check, ...]] = (
    something_to_say,
    nothing_confidential,
    nothing_banned,
    employment_said,
    fits_network,
    names_spelled,
    own_address_untracked,
    images_described,
)


def composed(candidate: Candidate, rules: Rules) -> str:
    """Give the text exactly as it would stand on the network, with disclosure and link: what is counted and previewed."""
    card = Card(candidate.link) if candidate.link else None
    return get_network(candidate.network).compose(Draft(full_text(candidate, rules), card, language=candidate.language))


def _objection(objection: Objection, network: str) -> Finding:
    """Put a network's objection into words."""
    over = objection.actual - objection.most
    message, advice = {
        Problem.TOO_LONG: lambda: (
            _("That is too long for %(network)s: %(actual)s of %(most)s characters."),
            ngettext("Take out %(over)s character.", "Take out %(over)s characters.", over),
        ),
        Problem.TOO_MANY_BYTES: lambda: (
            _("That is too long for %(network)s: emoji and accents take more room there."),
            _("Shorten the text a little, or use fewer emoji."),
        ),
        Problem.NEEDS_IMAGE: lambda: (
            _("%(network)s needs an image."),
            _("Choose one of the post's images, or another network."),
        ),
        Problem.NEEDS_LINK: lambda: (
            _("%(network)s needs a link, and this post has none."),
            _("Choose another network."),
        ),
        Problem.TOO_MANY_IMAGES: lambda: (
            _("%(network)s takes at most %(most)s images."),
            ngettext("Leave out %(over)s image.", "Leave out %(over)s images.", over),
        ),
        Problem.IMAGE_TYPE: lambda: (
            _("%(network)s does not take this kind of image."),
            _("Leave the image out, or choose another network."),
        ),
        Problem.ALT_TOO_LONG: lambda: (
            _("An image's description is too long for %(network)s: %(actual)s of %(most)s characters."),
            _("Ask the program team for a shorter one, or leave the image out."),
        ),
    }[objection.problem]()
    values = {"network": network, "actual": objection.actual, "most": objection.most, "over": over}
    return Finding(objection.problem.value, Level.BLOCK, "", message % values, advice % values)


def _guarded(candidate: Candidate, rules: Rules, kind: str) -> Iterator[tuple[Match, Rule]]:
    """Find guarded terms of a kind, each of the writer's words once."""
    told: set[str] = set()
    for match in rules.terms.guard.find(candidate.text):
        rule = rules.terms.guarded[match.term]
        if rule.kind == kind and match.words.casefold() not in told:
            told.add(match.words.casefold())
            yield match, rule

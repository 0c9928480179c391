"""What the checks know: the company's terms, its names and its disclosure wordings, made ready for matching."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock

from django.db.models import Count, Max, Min, Q

from vocero.company.models import Installation
from vocero.lib import crypto
from vocero.lib.words import pick
from vocero.policy.disclosure import STARTERS, wording
from vocero.policy.matching import Matcher
from vocero.policy.models import DisclosureWording, Term


@dataclass(frozen=True, slots=True)
class Rule:
    """One term with what it does; the text of a confidential one stays in this process."""

    kind: str
    text: str = field(repr=False)
    blocks: bool
    advice: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything that a check needs beside the draft."""

    company: str
    terms: "Terms"
    wordings: Mapping[str, Sequence[str]]

    @property
    def names(self) -> list[str]:
        """The company's own names."""
        return [self.company, *(rule.text for rule in self.terms.rules if rule.kind == Term.Kind.COMPANY)]

    @property
    def all_wordings(self) -> list[str]:
        """Every accepted disclosure wording in every language."""
        return [text for texts in self.wordings.values() for text in texts]

    def wordings_in(self, *languages: str) -> Sequence[str]:
        """Give the accepted wordings of the first of these languages that has some; never none."""
        for language in (*languages, "en"):
            for code in (language, language.split("-")[0]):
                if self.wordings.get(code):
                    return self.wordings[code]
        return next(iter(self.wordings.values()))

    def advice(self, rule: Rule, language: str) -> str:
        """Give what the program team wrote to do instead."""
        return pick(rule.advice, (language,))


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms with one matcher for what must not be said and one for the names of company and products."""

    rules: Sequence[Rule] = field(repr=False)
    guarded: Sequence[Rule] = field(repr=False)
    named: Sequence[Rule] = field(repr=False)
    guard: Matcher = field(repr=False)
    name: Matcher = field(repr=False)


def load_rules(house: Installation) -> Rules:
    """Read the rules in force; the matchers are kept until a term changes (three queries at most, two usually)."""
    return Rules(company=house.name, terms=_terms(house.name), wordings=_wordings(house.name))


def seal_of(term: Term) -> str:
    """Give what a confidential term's ciphertext is bound to."""
    return f"policy.term:{term.public_id}:text"


def text_of(term: Term) -> str:
    """Give the text of a term, unsealed if it is confidential. Raises crypto.Undecipherable."""
    return crypto.decrypt(bytes(term.sealed), bound_to=seal_of(term)) if term.sealed else term.text


_lock = Lock()
_kept: dict[str, tuple[object, Terms]] = {}


def _terms(company: str) -> Terms:
    state = Term.objects.aggregate(
        all=Count("pk"),
        live=Count("pk", filter=Q(archived_at=None)),
        newest=Max("pk"),
        last=Max("public_id"),
        first=Min("public_id"),
    )
    version = (company, *state.values())
    kept = _kept.get("terms")
    if kept is not None and kept[0] == version:
        return kept[1]
    with _lock:
        terms = _build(company)
        _kept["terms"] = (version, terms)
    return terms


def _build(company: str) -> Terms:
    rules = [
        Rule(term.kind, text_of(term), term.blocks, term.advice)
        for term in Term.objects.filter(archived_at=None).order_by("pk")
    ]
    own = Rule(Term.Kind.COMPANY, company, blocks=False)
    guarded = [rule for rule in rules if rule.kind in {Term.Kind.BANNED, Term.Kind.CONFIDENTIAL}]
    named = [own, *(rule for rule in rules if rule.kind in {Term.Kind.COMPANY, Term.Kind.PRODUCT})]
    return Terms(
        rules=rules,
        guarded=guarded,
        named=named,
        guard=Matcher(rule.text for rule in guarded),
        name=Matcher(rule.text for rule in named),
    )


def _wordings(company: str) -> Mapping[str, Sequence[str]]:
    found: dict[str, list[str]] = {}
    for row in DisclosureWording.objects.filter(archived_at=None).order_by("position", "pk"):
        found.setdefault(row.language, []).append(wording(row.text, company))
    starters = {language: [wording(text, company) for text in texts] for language, texts in STARTERS.items()}
    return starters | found

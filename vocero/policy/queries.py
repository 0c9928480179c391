"""Reads what may be said: the guideline in force, who has accepted it, the rules, and whether sending is stopped."""

from dataclasses import dataclass
from datetime import datetime

from vocero.lib.words import pick, pick_language
from vocero.people.models import Member
from vocero.policy.models import Acknowledgement, DisclosureWording, Guideline, StopSwitch, Term
from vocero.policy.rules import text_of


@dataclass(frozen=True, slots=True)
class ShownTerm:
    """A term as the program team sees it; a confidential one only in the list for those who may see it."""

    public_id: str
    kind: str
    text: str
    blocks: bool
    advice: dict[str, str]
    added_at: datetime


def current_guideline() -> Guideline | None:
    """Give the guideline in force: the newest published one; None before there is any."""
    return Guideline.objects.filter(published_at__isnull=False).order_by("-version").first()


def guideline_to_accept(member: Member) -> Guideline | None:
    """Give the guideline that this member has yet to accept before the next share; None when there is none."""
    current = current_guideline()
    if current is None or Acknowledgement.objects.filter(member=member, guideline=current).exists():
        return None
    return current


def guideline_text(guideline: Guideline, *, languages: tuple[str, ...], company: str) -> tuple[str, str]:
    """Give the language shown and the guideline's Markdown in it, with the company's name put in."""
    language = pick_language(guideline.text, languages) or "en"
    return language, pick(guideline.text, languages).replace("{company}", company)


def stop_in_force() -> StopSwitch | None:
    """Give the stop that holds now, or None; read before each send."""
    return StopSwitch.objects.filter(released_at=None).order_by("engaged_at").first()


def mail_waits() -> bool:
    """Whether mail that nobody asked for this minute waits: a copy was restored, and nobody has looked at it yet."""
    return StopSwitch.objects.filter(released_at=None, holds_mail=True).exists()


def shown_terms(*, kind: str) -> list[ShownTerm]:
    """Give the live terms of a kind for the program team, unsealed, in alphabetical order."""
    terms = [
        ShownTerm(term.public_id, term.kind, text_of(term), term.blocks, dict(term.advice), term.created_at)
        for term in Term.objects.filter(kind=kind, archived_at=None)
    ]
    return sorted(terms, key=lambda term: term.text.casefold())


def live_wordings() -> list[DisclosureWording]:
    """Give the company's own disclosure wordings by language and position."""
    return list(DisclosureWording.objects.filter(archived_at=None))

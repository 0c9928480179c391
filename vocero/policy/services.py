"""Writes what may be said: guideline versions and their acceptance, terms, disclosure wordings and the stop switch."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from vocero.company import audit
from vocero.lib import crypto
from vocero.lib.errors import Refusal
from vocero.lib.text import one_line
from vocero.lib.words import only_filled
from vocero.people.models import Member
from vocero.policy import starter
from vocero.policy.disclosure import STARTERS
from vocero.policy.matching import squeezed
from vocero.policy.models import Acknowledgement, DisclosureWording, Guideline, StopSwitch, Term
from vocero.policy.queries import current_guideline, shown_terms, stop_in_force
from vocero.policy.rules import seal_of

LONGEST_TERM = 200
LONGEST_WORDING = 120
SHORTEST_SECRET = 3


class NotAllowed(Refusal):
    """A guideline, term, wording or stop cannot be what was given."""


@transaction.atomic
def publish_guideline(text: Mapping[str, str], *, at: datetime, by: Member | None = None) -> Guideline:
    """Put a new version of the guideline in force; everybody is asked to accept it before their next share.

    The same words again make no new version. Raises NotAllowed when every language is empty.
    """
    words = only_filled(text)
    if not words:
        raise NotAllowed(_("Please write the guideline in at least one language."), field="text")
    current = current_guideline()
    if current is not None and current.text == words:
        return current
    last = Guideline.objects.aggregate(last=Max("version"))["last"] or 0
    made = Guideline.objects.create(version=last + 1, text=words, created_by=by, created_at=at, published_at=at)
    audit.record("policy.guideline_published", actor=_name(by), at=at, subject=f"v{made.version}")
    return made


def acknowledge(member: Member, guideline: Guideline, *, language: str, at: datetime) -> Acknowledgement:
    """Record that a member accepts a version in the language they read; a second time changes nothing.

    Raises NotAllowed when another version has come into force meanwhile.
    """
    current = current_guideline()
    if current is None or current.pk != guideline.pk:
        raise NotAllowed(_("The guideline has just changed. Please read the new one."))
    given, _made = Acknowledgement.objects.get_or_create(
        member=member, guideline=guideline, defaults={"language": language[:8], "at": at}
    )
    return given


@transaction.atomic
def add_term(
    kind: str,
    text: str,
    *,
    at: datetime,
    by: Member | None = None,
    blocks: bool | None = None,
    advice: Mapping[str, str] | None = None,
) -> Term:
    """Add a term; a confidential one is sealed and always blocks, names advise unless told to block.

    Raises NotAllowed when it is empty, too long, too short to be kept secret, or there already.
    """
    text = one_line(text)
    _check_term(kind, text)
    confidential = kind == Term.Kind.CONFIDENTIAL
    term = Term(
        kind=kind,
        text="" if confidential else text,
        blocks=confidential or (kind == Term.Kind.BANNED if blocks is None else blocks),
        advice={} if confidential else only_filled(advice or {}),
        created_at=at,
    )
    if confidential:
        term.sealed = crypto.encrypt(text, bound_to=seal_of(term))
    term.save()
    audit.record("policy.term_added", actor=_name(by), at=at, subject=term.public_id, detail={"kind": kind})
    return term


@transaction.atomic
def archive_term(term: Term, *, at: datetime, by: Member | None = None) -> None:
    """Take a term out of the checks; a sealed one loses its text for good."""
    if Term.objects.filter(pk=term.pk, archived_at=None).update(archived_at=at, sealed=None):
        audit.record("policy.term_archived", actor=_name(by), at=at, subject=term.public_id, detail={"kind": term.kind})
    term.refresh_from_db()


@transaction.atomic
def replace_wordings(language: str, texts: Sequence[str], *, at: datetime, by: Member | None = None) -> None:
    """Replace the accepted disclosure wordings of a language; `{company}` stands for the name, the first is preselected.

    Raises NotAllowed for an unknown language, no wording, one too long, or one that does not say who employs.
    """
    if language not in dict(settings.LANGUAGES):
        raise NotAllowed(_("Please choose one of the languages in the list."), field="language")
    wanted = list(dict.fromkeys(one_line(text) for text in texts if one_line(text)))
    if not wanted:
        raise NotAllowed(_("Keep at least one wording, so that everybody has one to choose."), field="texts")
    for text in wanted:
        if len(text) > LONGEST_WORDING:
            raise NotAllowed(_("Please keep “%(text)s” shorter: at most 120 characters."), field="texts", text=text)
    DisclosureWording.objects.filter(language=language, archived_at=None).update(archived_at=at)
    DisclosureWording.objects.bulk_create(
        DisclosureWording(language=language, text=text, position=position) for position, text in enumerate(wanted)
    )
    audit.record("policy.wordings_changed", actor=_name(by), at=at, subject=language)


@transaction.atomic
def install_starters(*, at: datetime, by: Member | None = None) -> Guideline:
    """Put the starter guideline and wordings in force where the company has none of its own; gives the one in force."""
    if not DisclosureWording.objects.filter(archived_at=None).exists():
        for language, texts in STARTERS.items():
            replace_wordings(language, texts, at=at, by=by)
    return current_guideline() or publish_guideline(starter.guideline(), at=at, by=by)


@transaction.atomic
def engage_stop(*, by: Member, reason: str, at: datetime, holds_mail: bool = False) -> StopSwitch:
    """Stop everything that has not begun to leave, for everybody, until it is released; a second time changes nothing.

    With `holds_mail` invitations, reminders and the weekly mail wait as well, also when a stop was in force before.
    """
    held = stop_in_force()
    if held is not None:
        if holds_mail and not held.holds_mail:
            held.holds_mail = True
            held.save(update_fields=["holds_mail"])
        return held
    made = StopSwitch.objects.create(engaged_at=at, engaged_by=by, reason=one_line(reason)[:280], holds_mail=holds_mail)
    audit.record("policy.stop_engaged", actor=_name(by), at=at)
    return made


@transaction.atomic
def release_stop(*, by: Member, at: datetime) -> None:
    """Let shares leave again; what has waited for more than a day does not go out late."""
    if StopSwitch.objects.filter(released_at=None).update(released_at=at, released_by=by):
        audit.record("policy.stop_released", actor=_name(by), at=at)


def _check_term(kind: str, text: str) -> None:
    if kind not in Term.Kind.values:
        raise NotAllowed(_("Please choose what kind of term it is."), field="kind")
    letters = squeezed(text)
    if not letters:
        raise NotAllowed(_("Please write the word or phrase."), field="text")
    if len(text) > LONGEST_TERM:
        raise NotAllowed(_("Please keep it under 200 characters."), field="text")
    if kind == Term.Kind.CONFIDENTIAL and len(letters) < SHORTEST_SECRET:
        raise NotAllowed(_("Please use at least three letters: shorter words stand in too many texts."), field="text")
    if any(squeezed(term.text) == letters for term in shown_terms(kind=kind)):
        raise NotAllowed(_("This one is in the list already."), field="text")


def _name(by: Member | None) -> str:
    return by.public_id if by else ""

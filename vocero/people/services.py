"""Writes people: the first owner, members and roles, and each member's own answer to the program."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import available_timezones

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import F, Max
from django.utils.translation import gettext_lazy as _

from vocero.company import audit
from vocero.company import services as company
from vocero.company.models import Installation, Program
from vocero.lib.words import only_filled
from vocero.people.errors import NotAllowed
from vocero.people.models import ConsentEvent, ConsentText, Enrolment, Invitation, Member, Segment, Team
from vocero.people.starter import joining_texts

EDITABLE: Final = ("name", "email", "team", "location", "country", "language", "time_zone", "job_title")


@transaction.atomic
def set_up_company(
    *,
    company_name: str,
    owner_name: str,
    owner_email: str,
    base_url: str,
    time_zone: str,
    language: str,
    currency: str,
    at: datetime,
    password: str = "",
    points: bool = True,
    is_demo: bool = False,
) -> tuple[Installation, Member]:
    """Make the company, its first program, the first version of the joining text and the owner.

    Without a password the owner signs in with a mailed code or a personal link. Raises a Refusal whose `field` is one
    of these parameters (`company`, `owner_name` ...), AlreadySetUp when there is a company.
    """
    house, _program = company.set_up(
        name=company_name,
        base_url=base_url,
        time_zone=time_zone,
        language=language,
        currency=currency,
        at=at,
        points=points,
        is_demo=is_demo,
    )
    publish_joining_text(joining_texts(), actor="", at=at)
    try:
        owner = add_member(
            {"name": owner_name, "email": owner_email, "language": language, "time_zone": time_zone},
            actor="",
            at=at,
            role=Member.Role.OWNER,
        )
    except NotAllowed as refusal:
        refusal.field = f"owner_{refusal.field}"
        raise
    if password:
        owner.set_password(password)
        owner.save(update_fields=["password"])
    return house, owner


@transaction.atomic
def publish_joining_text(texts: Mapping[str, str], *, actor: str, at: datetime) -> ConsentText:
    """Make the next version of what joining means, `{language: Markdown}`; who joins from now on is shown this one."""
    filled = only_filled(texts)
    if not filled:
        raise NotAllowed(_("Please write the text in at least one language."), field="text")
    version = (ConsentText.objects.aggregate(last=Max("version"))["last"] or 0) + 1
    text = ConsentText.objects.create(version=version, text=filled, created_at=at)
    audit.record("people.joining_text_published", actor=actor, at=at, detail={"version": version})
    return text


@transaction.atomic
def add_member(values: Mapping[str, Any], *, actor: str, at: datetime, role: str = Member.Role.ADVOCATE) -> Member:
    """Add a person; `values` holds the fields of EDITABLE. Raises NotAllowed with the field that is wrong."""
    member = Member(role=role, created_at=at, **checked(values))
    member.set_unusable_password()
    try:
        with transaction.atomic():
            member.save(force_insert=True)
    except IntegrityError as error:
        raise NotAllowed(_("Somebody with this e-mail is already in the list."), field="email") from error
    audit.record("people.added", actor=actor, at=at, subject=member.public_id, detail={"role": role})
    return member


@transaction.atomic
def change_member(member: Member, values: Mapping[str, Any], *, actor: str, at: datetime) -> list[str]:
    """Change what the list knows of a person and give the names of the fields that changed. Raises NotAllowed."""
    given = checked({"name": member.name, **values})
    changed = [field for field, value in given.items() if getattr(member, field) != value]
    for field in changed:
        setattr(member, field, given[field])
    if not changed:
        return []
    try:
        with transaction.atomic():
            member.save(update_fields=changed)
    except IntegrityError as error:
        raise NotAllowed(_("Somebody with this e-mail is already in the list."), field="email") from error
    audit.record("people.changed", actor=actor, at=at, subject=member.public_id, detail={"fields": changed})
    return changed


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Give a member's fields as they are stored: spaces tidied, e-mail in lower case. Raises NotAllowed with the field."""
    clean: dict[str, Any] = {}
    for field, value in values.items():
        if field not in EDITABLE:
            raise ValueError(field)
        clean[field] = " ".join(value.split()) if isinstance(value, str) else value
    if "name" in clean and not clean["name"]:
        raise NotAllowed(_("Please give a name."), field="name")
    for field, most in (("name", 150), ("location", 120), ("job_title", 120)):
        if len(clean.get(field, "")) > most:
            raise NotAllowed(_("This is too long: at most %(most)s characters fit."), field=field, most=most)
    if "email" in clean:
        clean["email"] = (clean["email"] or "").lower() or None
        _check_email(clean["email"])
    if clean.get("language") and clean["language"] not in dict(settings.LANGUAGES):
        raise NotAllowed(_("Please choose one of the languages in the list."), field="language")
    if clean.get("time_zone") and clean["time_zone"] not in available_timezones():
        raise NotAllowed(_("Please choose a time zone from the list, such as Europe/Warsaw."), field="time_zone")
    return clean


def _check_email(email: str | None) -> None:
    if email is None:
        return
    try:
        validate_email(email)
    except ValidationError as error:
        raise NotAllowed(
            _("This is not an e-mail address. It should look like ana@example.com."), field="email"
        ) from error


@transaction.atomic
def set_role(member: Member, *, role: str, actor: str, at: datetime) -> None:
    """Make a member owner, part of the program team, or neither. Raises NotAllowed for the last owner."""
    if role not in Member.Role.values:
        raise NotAllowed(_("Please choose one of the roles in the list."), field="role")
    if member.role == role:
        return
    _keep_an_owner(member)
    audit.record("people.role_changed", actor=actor, at=at, subject=member.public_id, detail={"to": role})
    member.role = role
    member.session_epoch += 1
    member.save(update_fields=["role", "session_epoch"])


@transaction.atomic
def deactivate(member: Member, *, actor: str, at: datetime) -> None:
    """Close a member's account: sessions end, ways in close. `privacy.services.deactivate_member` calls this first and
    then stops what the packages above have planned. Raises NotAllowed for the last owner."""
    _keep_an_owner(member)
    member.is_active, member.deactivated_at = False, at
    member.session_epoch += 1
    member.save(update_fields=["is_active", "deactivated_at", "session_epoch"])
    Invitation.objects.filter(member=member, expires_at__gt=at).update(expires_at=at)
    Invitation.objects.filter(member=member, sent_at=None).update(due_at=None)
    audit.record("people.deactivated", actor=actor, at=at, subject=member.public_id)


@transaction.atomic
def reactivate(member: Member, *, actor: str, at: datetime) -> None:
    """Open a member's account again; what was stopped stays stopped."""
    member.is_active, member.deactivated_at = True, None
    member.save(update_fields=["is_active", "deactivated_at"])
    audit.record("people.activated", actor=actor, at=at, subject=member.public_id)


def end_sessions(member: Member) -> None:
    """Sign a member out on every device."""
    Member.objects.filter(pk=member.pk).update(session_epoch=F("session_epoch") + 1)
    member.refresh_from_db(fields=["session_epoch"])


def set_own_password(member: Member, *, password: str) -> None:
    """Give a member a password; every other session ends with it."""
    member.set_password(password)
    member.save(update_fields=["password"])


def _keep_an_owner(member: Member) -> None:
    if member.role != Member.Role.OWNER or not member.is_active:
        return
    others = Member.objects.select_for_update().filter(role=Member.Role.OWNER, is_active=True).exclude(pk=member.pk)
    if not others.exists():
        raise NotAllowed(_("This is the only owner. Make somebody else an owner first."), field="role")


def join(member: Member, program: Program, *, text: ConsentText, language: str, at: datetime) -> Enrolment:
    """Record that the member wants to take part, and the version and language of the text that they were shown."""
    return _answer(member, program, Enrolment.State.JOINED, language=language, at=at, text=text)


def decline(member: Member, program: Program, *, text: ConsentText | None, language: str, at: datetime) -> Enrolment:
    """Record "No, thank you": no reminder follows and nobody is told. Changing one's mind later is possible."""
    return _answer(member, program, Enrolment.State.DECLINED, language=language, at=at, text=text)


def pause(member: Member, program: Program, *, language: str, at: datetime, until_on: date | None = None) -> Enrolment:
    """Stop everything for a while, until a day or until the member goes on. Raises NotAllowed when not taking part."""
    _must_take_part(member, program)
    return _answer(member, program, Enrolment.State.PAUSED, language=language, at=at, until_on=until_on)


def resume(member: Member, program: Program, *, language: str, at: datetime) -> Enrolment:
    """Go on after a pause. Raises NotAllowed when not taking part."""
    _must_take_part(member, program)
    return _answer(member, program, Enrolment.State.JOINED, language=language, at=at)


def leave(member: Member, program: Program, *, language: str, at: datetime) -> Enrolment:
    """Record that the member takes part no more. `privacy.services.leave` calls this and stops what is planned above."""
    _must_take_part(member, program)
    return _answer(member, program, Enrolment.State.LEFT, language=language, at=at)


def show_name(member: Member, program: Program, *, shows: bool) -> None:
    """Let the member's name stand beside their own results, or not; their own choice alone."""
    Enrolment.objects.filter(member=member, program=program).update(shows_name=shows)


def _must_take_part(member: Member, program: Program) -> None:
    taking_part = [Enrolment.State.JOINED, Enrolment.State.PAUSED]
    if not Enrolment.objects.filter(member=member, program=program, state__in=taking_part).exists():
        raise NotAllowed(_("You are not taking part at the moment, so there is nothing to change."))


@transaction.atomic
def _answer(
    member: Member,
    program: Program,
    state: str,
    *,
    language: str,
    at: datetime,
    text: ConsentText | None = None,
    until_on: date | None = None,
) -> Enrolment:
    """Change the enrolment and append the line that proves it."""
    enrolment, _made = Enrolment.objects.select_for_update().get_or_create(
        member=member, program=program, defaults={"state": state, "changed_at": at}
    )
    if state == Enrolment.State.JOINED and text is not None:
        enrolment.joined_at = enrolment.joined_at or at
        enrolment.consent_text = text
    enrolment.state, enrolment.changed_at, enrolment.paused_until_on = state, at, until_on
    enrolment.save()
    ConsentEvent.objects.create(
        enrolment=enrolment, text=text or enrolment.consent_text, state=state, language=language[:8], at=at
    )
    return enrolment


@transaction.atomic
def save_segment(
    segment: Segment,
    *,
    name: Mapping[str, str],
    teams: list[Team],
    locations: list[str],
    languages: list[str],
    actor: str,
    at: datetime,
) -> Segment:
    """Write a segment's name and its three rules (all of them must fit). Raises NotAllowed without a name."""
    names = only_filled(name)
    if not names:
        raise NotAllowed(_("Please give the segment a name."), field="name")
    segment.name, segment.locations, segment.languages = names, sorted(set(locations)), sorted(set(languages))
    if segment._state.adding:
        segment.created_at = at
    segment.save()
    segment.teams.set(teams)
    audit.record("people.segment_saved", actor=actor, at=at, subject=segment.public_id)
    return segment


def archive_segment(segment: Segment, *, actor: str, at: datetime) -> None:
    """Put a segment away; posts that were offered to it are no longer shown through it."""
    segment.archived_at = at
    segment.save(update_fields=["archived_at"])
    audit.record("people.segment_archived", actor=actor, at=at, subject=segment.public_id)

"""The people list: who is in it, who was invited, whose mail bounced. What anybody answered stands nowhere here."""

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from vocero.company.queries import main_program
from vocero.lib import clock
from vocero.lib.errors import Refusal
from vocero.notices import mail
from vocero.people import invitations, services
from vocero.people.models import Invitation, Member
from vocero.people.queries import BOUNCED, DEACTIVATED, IMPORTED, INVITED, can_remind, people_list
from vocero.privacy import services as privacy
from vocero.web.access import manager, owner, signed_in
from vocero.web.manager.people_forms import MemberForm, find_team, team_choices
from vocero.web.tables import Column, Table

PER_PAGE = 50
MOST_CODES = 200
STATES = {
    IMPORTED: gettext_lazy("Not invited yet"),
    INVITED: gettext_lazy("Invited"),
    BOUNCED: gettext_lazy("Mail bounced"),
    DEACTIVATED: gettext_lazy("Deactivated"),
}
BADGES = {IMPORTED: "", INVITED: "good", BOUNCED: "bad", DEACTIVATED: "warn"}


@manager
def overview(request: HttpRequest) -> HttpResponse:
    """The list, fifty at a time, with search and filters; a constant number of queries."""
    program = main_program()
    table = Table(
        request.GET,
        [
            Column("name", gettext_lazy("Name"), sort="name"),
            Column("team", gettext_lazy("Team"), sort=("team__name", "name")),
            Column("location", gettext_lazy("Location"), sort=("location", "name")),
            Column("state", gettext_lazy("Invitation"), sort=("invited_at", "name")),
        ],
        default="name",
    )
    state, team = request.GET.get("state", ""), find_team(request.GET.get("team", ""))
    search = request.GET.get("q", "").strip()
    people = people_list(program, search=search, state=state, team_id=team.pk if team else None)
    page = Paginator(people.order_by(*table.order_by), PER_PAGE).get_page(request.GET.get("page"))
    for row in page:
        row.state_label, row.badge = STATES[row.state], BADGES[row.state]  # type: ignore[attr-defined]
    context = {
        "page": page,
        "table": table,
        "q": search,
        "state": state,
        "states": STATES.items(),
        "team": team.public_id if team else "",
        "teams": team_choices(),
        "can_remind": can_remind(program),
        "reminded_at": program.reminded_at,
        "mail_works": mail.is_configured(),
        "is_filtered": bool(search or state or team),
    }
    return render(request, "manager/people/list.html", context)


@manager
def add(request: HttpRequest) -> HttpResponse:
    """Add one person by hand."""
    form = MemberForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            member = services.add_member(form.values(), actor=signed_in(request).public_id, at=clock.now())
        except Refusal as refusal:
            form.add_error(_field(form, refusal), str(refusal))
        else:
            messages.success(request, _("%(name)s is in the list.") % {"name": member.name})
            return redirect("manager:people-person", member.public_id)
    return render(request, "manager/people/add.html", {"form": form}, status=422 if form.errors else 200)


@manager
def person(request: HttpRequest, public_id: str) -> HttpResponse:
    """What the list knows of one person, and the ways to invite them."""
    member = _listed(public_id)
    form = MemberForm.of(member, request.POST if request.method == "POST" else None)
    allowed = may_change(signed_in(request), member)
    if request.method == "POST" and allowed and form.is_valid():
        before = member.email
        try:
            changed = services.change_member(member, form.values(), actor=signed_in(request).public_id, at=clock.now())
        except Refusal as refusal:
            member.refresh_from_db()
            form.add_error(_field(form, refusal), str(refusal))
        else:
            _tell_old_address(member, before, changed)
            messages.success(request, _("Saved.") if changed else _("Nothing was changed."))
            return redirect("manager:people-person", member.public_id)
    context = {
        "member": member,
        "form": form,
        "may_change": allowed,
        "state_label": STATES[member.state],  # type: ignore[attr-defined]
        "badge": BADGES[member.state],  # type: ignore[attr-defined]
        "mail_works": mail.is_configured(),
        "roles": Member.Role.choices,
        "is_owner": signed_in(request).role == Member.Role.OWNER,
    }
    return render(request, "manager/people/person.html", context, status=422 if form.errors else 200)


@manager
@require_POST
def invite(request: HttpRequest) -> HttpResponse:
    """Invite the chosen people, or everybody who was not invited yet, by mail."""
    program = main_program()
    if not mail.is_configured():
        messages.warning(request, _("No mail is set up yet. Hand over personal links or printed codes instead."))
        return redirect("manager:people")
    people = people_list(program, state=IMPORTED) if request.POST.get("all") else _chosen(request)
    count = invitations.invite(people, program=program, actor=signed_in(request).public_id, at=clock.now())
    if count:
        told = ngettext("%(count)s invitation is on its way.", "%(count)s invitations are on their way.", count) % {
            "count": count
        }
        messages.success(request, told)
    else:
        messages.info(request, _("Nobody to invite: choose people who have an e-mail."))
    return redirect((request.POST.get("back") == "person" and _one(request)) or reverse("manager:people"))


@manager
@require_POST
def remind(request: HttpRequest) -> HttpResponse:
    """Remind everybody who has not answered, once, without saying who or how many they are."""
    program = main_program()
    if can_remind(program) and mail.is_configured():
        invitations.remind(program, actor=signed_in(request).public_id, at=clock.now())
        messages.success(
            request, _("The reminder goes to everybody who has not answered. You will not see who that is.")
        )
    return redirect("manager:people")


@manager
@never_cache
@require_POST
def link(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make a personal link and show it once."""
    member = _listed(public_id)
    if not may_change(signed_in(request), member):
        raise Http404
    made = personal_links(request, [member], Invitation.Channel.LINK)
    if not made:
        return redirect("manager:people-person", public_id)
    return render(request, "manager/people/link.html", {"member": member, "address": made[0][1]})


@manager
@never_cache
@require_POST
def codes(request: HttpRequest) -> HttpResponse:
    """Print a card with a personal QR code for each chosen person."""
    chosen = [one for one in _chosen(request) if may_change(signed_in(request), one)]
    if not chosen:
        messages.info(request, _("Choose the people whose codes you want to print."))
        return redirect("manager:people")
    if len(chosen) > MOST_CODES:
        messages.warning(request, _("Please choose at most 200 people at once."))
        return redirect("manager:people")
    return render(
        request, "manager/people/codes.html", {"cards": personal_links(request, chosen, Invitation.Channel.QR)}
    )


@owner
@require_POST
def change_role(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make somebody owner, part of the program team, or neither."""
    member = _listed(public_id)
    try:
        services.set_role(member, role=request.POST.get("role", ""), actor=signed_in(request).public_id, at=clock.now())
        messages.success(
            request, _("%(name)s is now: %(role)s.") % {"name": member.name, "role": member.get_role_display()}
        )
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("manager:people-person", public_id)


@manager
@require_POST
def change_activity(request: HttpRequest, public_id: str) -> HttpResponse:
    """Deactivate somebody, or activate them again."""
    member, actor, at = _listed(public_id), signed_in(request), clock.now()
    if not may_change(actor, member):
        raise Http404
    try:
        if request.POST.get("active") == "yes":
            services.reactivate(member, actor=actor.public_id, at=at)
            messages.success(request, _("%(name)s is active again.") % {"name": member.name})
        else:
            privacy.deactivate_member(member, actor=actor.public_id, at=at)
            messages.success(request, _("%(name)s is deactivated.") % {"name": member.name})
    except Refusal as refusal:
        messages.error(request, str(refusal))
    return redirect("manager:people-person", public_id)


@owner
@require_POST
def erase(request: HttpRequest, public_id: str) -> HttpResponse:
    """Erase a deactivated person for good, once the owner has typed the name."""
    member, actor = _listed(public_id), signed_in(request)
    if member.is_active:
        raise Http404
    if " ".join(request.POST.get("name", "").split()) != member.name:
        messages.error(request, _("The name is not the same. Nothing was erased."))
        return redirect("manager:people-person", public_id)
    privacy.erase_member(member, actor=actor.public_id, at=clock.now())
    messages.success(request, _("Everything that said who this was is gone."))
    return redirect("manager:people")


def may_change(actor: Member, member: Member) -> bool:
    """Whether somebody may change another one's entry: owners everybody's, the program team all but its own and owners'."""
    return actor.role == Member.Role.OWNER or not member.runs_the_program


def _listed(public_id: str) -> Member:
    member = people_list(main_program()).filter(public_id=public_id).first()
    if member is None:
        raise Http404
    return member


def _chosen(request: HttpRequest) -> list[Member]:
    wanted = request.POST.getlist("id")[:5000]
    return list(Member.objects.filter(public_id__in=wanted, is_active=True, erased_at=None).order_by("name"))


def _one(request: HttpRequest) -> str:
    return reverse("manager:people-person", args=[request.POST.get("id", "")])


def personal_links(request: HttpRequest, members: list[Member], channel: str) -> list[tuple[Member, str]]:
    """Make a personal link for each and give them with their members; who is deactivated is told as a message."""
    made = []
    for member in members:
        try:
            key = invitations.personal_link(
                member, program=main_program(), channel=channel, actor=signed_in(request).public_id, at=clock.now()
            )
        except Refusal as refusal:
            messages.error(request, str(refusal))
            continue
        made.append((member, mail.base_url() + reverse("public:welcome", args=[key.token])))
    return made


def _tell_old_address(member: Member, before: str | None, changed: list[str]) -> None:
    """Whose sign-in address was changed learns it at the old one, in case it was not meant."""
    if "email" in changed and before:
        services.end_sessions(member)
        mail.send(
            before,
            kind="address_changed",
            at=clock.now(),
            context={"name": member.get_short_name()},
            language=member.language,
        )


def _field(form: Any, refusal: Refusal) -> str | None:
    return refusal.field if refusal.field in form.fields else None

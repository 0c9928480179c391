"""The tree of teams: make, rename, move, merge, put away."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vocero.lib import clock
from vocero.lib.errors import Refusal
from vocero.people import teams
from vocero.people.models import Team
from vocero.people.queries import team_rows, with_descendants
from vocero.web.access import manager, signed_in
from vocero.web.manager.people_forms import MergeForm, TeamForm, find_team


@manager
def overview(request: HttpRequest) -> HttpResponse:
    """All teams as a tree, and a form for a new one."""
    rows = team_rows()
    form = TeamForm(request.POST if request.method == "POST" else None, rows=rows)
    if request.method == "POST" and form.is_valid():
        parent = find_team(form.cleaned_data["parent"])
        try:
            teams.create_team(
                form.cleaned_data["name"], parent=parent, actor=signed_in(request).public_id, at=clock.now()
            )
        except Refusal as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            messages.success(request, _("The team is there."))
            return redirect("manager:people-teams")
    context = {"rows": rows, "form": form}
    return render(request, "manager/people/teams.html", context, status=422 if form.errors else 200)


@manager
def team(request: HttpRequest, public_id: str) -> HttpResponse:
    """Rename, move, merge or put away one team."""
    one = _team(public_id)
    inside = with_descendants([one.pk])
    others = [row for row in team_rows() if row.team.pk not in inside]
    form = TeamForm(
        request.POST if request.method == "POST" else None,
        rows=others,
        initial={"name": one.name, "parent": one.parent.public_id if one.parent else ""},
    )
    if request.method == "POST" and form.is_valid():
        parent, actor, at = find_team(form.cleaned_data["parent"]), signed_in(request).public_id, clock.now()
        try:
            if parent != one.parent:
                teams.move_team(one, parent=parent, actor=actor, at=at)
            if form.cleaned_data["name"] != one.name:
                teams.rename_team(one, name=form.cleaned_data["name"], actor=actor, at=at)
        except Refusal as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("manager:people-teams")
    context = {"team": one, "form": form, "merge": MergeForm(rows=others), "can_merge": bool(others)}
    return render(request, "manager/people/team.html", context, status=422 if form.errors else 200)


@manager
@require_POST
def merge(request: HttpRequest, public_id: str) -> HttpResponse:
    """Make a team part of another one."""
    one, into = _team(public_id), find_team(request.POST.get("into", ""))
    if into is None:
        messages.error(request, _("Please choose the team to merge it into."))
        return redirect("manager:people-team", public_id)
    try:
        teams.merge_team(one, into=into, actor=signed_in(request).public_id, at=clock.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("manager:people-team", public_id)
    messages.success(
        request, _("Everybody in %(team)s now belongs to %(into)s.") % {"team": one.name, "into": into.name}
    )
    return redirect("manager:people-teams")


@manager
@require_POST
def archive(request: HttpRequest, public_id: str) -> HttpResponse:
    """Put an empty team away."""
    try:
        teams.archive_team(_team(public_id), actor=signed_in(request).public_id, at=clock.now())
    except Refusal as refusal:
        messages.error(request, str(refusal))
        return redirect("manager:people-team", public_id)
    messages.success(request, _("The team is put away."))
    return redirect("manager:people-teams")


def _team(public_id: str) -> Team:
    one = Team.objects.filter(public_id=public_id, archived_at=None).select_related("parent").first()
    if one is None:
        raise Http404
    return one

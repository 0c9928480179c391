"""Segments: groups that posts are offered to, by team, location and language, and by hand."""

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vocero.company.queries import main_program
from vocero.lib import clock
from vocero.lib.errors import Refusal
from vocero.lib.words import pick
from vocero.people import services
from vocero.people.models import Member, Segment
from vocero.people.queries import SEGMENT_PICKED_SHOWN, members_of, sizes_of
from vocero.web.access import manager, signed_in
from vocero.web.manager.people_forms import SegmentForm

FOUND_SHOWN = 8


@manager
def overview(request: HttpRequest) -> HttpResponse:
    """All segments with how many people of the list are in each."""
    kept = Segment.objects.filter(program=main_program(), archived_at=None)
    segments = list(kept.order_by("pk").prefetch_related("teams"))
    sizes = sizes_of(segments)
    rows = [(segment, name_of(segment), _rules(segment), sizes[segment.pk]) for segment in segments]
    return render(request, "manager/people/segments.html", {"rows": rows})


@manager
def edit(request: HttpRequest, public_id: str = "") -> HttpResponse:
    """Make a segment or change one."""
    segment = _segment(public_id) if public_id else Segment(program=main_program())
    form = (
        SegmentForm.of(segment, name_of(segment), request.POST if request.method == "POST" else None)
        if public_id
        else SegmentForm(request.POST if request.method == "POST" else None)
    )
    if request.method == "POST" and form.is_valid():
        names = {**segment.name, get_language() or "en": form.cleaned_data["name"]}
        try:
            services.save_segment(
                segment,
                name=names,
                teams=form.chosen_teams(),
                locations=form.cleaned_data["locations"],
                languages=form.cleaned_data["languages"],
                actor=signed_in(request).public_id,
                at=clock.now(),
            )
        except Refusal as refusal:
            form.add_error(refusal.field, str(refusal))
        else:
            messages.success(request, _("Saved."))
            return redirect("manager:people-segment", segment.public_id)
    context: dict[str, Any] = {"form": form, "segment": segment if public_id else None, "name": name_of(segment)}
    if public_id:
        context |= _picked(segment, request.GET.get("find", ""))
        context["count"] = members_of(segment).count()
    return render(request, "manager/people/segment.html", context, status=422 if form.errors else 200)


@manager
@require_POST
def pick_member(request: HttpRequest, public_id: str) -> HttpResponse:
    """Put somebody into a segment by hand, or take them out again."""
    segment = _segment(public_id)
    member = Member.objects.filter(public_id=request.POST.get("member", ""), is_active=True).first()
    if member is not None and request.POST.get("out"):
        segment.picked.remove(member)
    elif member is not None:
        segment.picked.add(member)
    return redirect("manager:people-segment", public_id)


@manager
@require_POST
def archive(request: HttpRequest, public_id: str) -> HttpResponse:
    """Put a segment away."""
    services.archive_segment(_segment(public_id), actor=signed_in(request).public_id, at=clock.now())
    messages.success(request, _("The segment is put away."))
    return redirect("manager:people-segments")


def name_of(segment: Segment) -> str:
    """Give a segment's name in the reader's language."""
    return pick(segment.name, [get_language() or "en"])


def _rules(segment: Segment) -> list[str]:
    return [*(team.name for team in segment.teams.all()), *segment.locations, *(code for code in segment.languages)]


def _picked(segment: Segment, search: str) -> dict[str, Any]:
    found: list[Member] = []
    if search.strip():
        people = Member.objects.filter(is_active=True).exclude(pk__in=segment.picked.values("pk"))
        for word in search.split()[:4]:
            people = people.filter(name__icontains=word)
        found = list(people.select_related("team").order_by("name")[:FOUND_SHOWN])
    picked = list(segment.picked.select_related("team").order_by("name")[:SEGMENT_PICKED_SHOWN])
    return {"picked": picked, "found": found, "find": search}


def _segment(public_id: str) -> Segment:
    segment = Segment.objects.filter(public_id=public_id, program=main_program(), archived_at=None).first()
    if segment is None:
        raise Http404
    return segment

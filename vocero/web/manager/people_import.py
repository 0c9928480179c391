"""Bringing in a people list: upload, say which column is what, look at what would happen, write."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from vocero.lib import clock
from vocero.lib.errors import Refusal
from vocero.people import importing
from vocero.people.models import PeopleImport
from vocero.web.access import manager, signed_in
from vocero.web.manager.people_forms import ColumnsForm, ListForm

PER_PAGE = 50
KINDS = (importing.FAULTY, importing.NEW, importing.CHANGED, importing.SAME)


@manager
def upload(request: HttpRequest) -> HttpResponse:
    """Choose the file."""
    form = ListForm(*((request.POST, request.FILES) if request.method == "POST" else ()))
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data["file"]
        try:
            uploaded = importing.upload(given.name, given.read(), by=signed_in(request), at=clock.now())
        except Refusal as refusal:
            form.add_error("file", str(refusal))
        else:
            known = {"email", "name"} <= set(uploaded.mapping) or {"email", "first_name"} <= set(uploaded.mapping)
            return redirect(
                "manager:people-import-check" if known else "manager:people-import-columns", uploaded.public_id
            )
    return render(request, "manager/people/import.html", {"form": form}, status=422 if form.errors else 200)


@manager
@never_cache
def columns(request: HttpRequest, public_id: str) -> HttpResponse:
    """Say which column holds what; the guess is filled in."""
    uploaded = _waiting(request, public_id)
    form = ColumnsForm(uploaded, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            importing.map_columns(uploaded, form.mapping())
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            return redirect("manager:people-import-check", public_id)
    rows = [cells for _number, cells in uploaded.rows[: importing.ROWS_SHOWN]]
    context = {"form": form, "uploaded": uploaded, "rows": rows}
    return render(request, "manager/people/import_columns.html", context, status=422 if form.errors else 200)


@manager
@never_cache
def check(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show what each line would do; nothing has been written yet."""
    uploaded = _waiting(request, public_id)
    try:
        importing.map_columns(uploaded, uploaded.mapping)
    except Refusal as refusal:
        messages.info(request, str(refusal))
        return redirect("manager:people-import-columns", public_id)
    seen = importing.preview(uploaded)
    counts = seen.counts
    kind = request.GET.get("kind", "")
    if kind not in KINDS:
        kind = next((one for one in KINDS if counts[one]), importing.NEW)
    context = {
        "uploaded": uploaded,
        "counts": {one: counts[one] for one in KINDS},
        "writes": counts[importing.NEW] + counts[importing.CHANGED],
        "kind": kind,
        "page": Paginator(seen.of(kind), PER_PAGE).get_page(request.GET.get("page")),
        "new_teams": seen.new_teams,
        "fields": [
            name for name in ("team", "location", "country", "language", "job_title") if name in uploaded.mapping
        ],
    }
    return render(request, "manager/people/import_check.html", context)


@manager
@require_POST
def confirm(request: HttpRequest, public_id: str) -> HttpResponse:
    """Start writing."""
    importing.confirm(_waiting(request, public_id), actor=signed_in(request).public_id, at=clock.now())
    return redirect("manager:people-import-progress", public_id)


@manager
@require_POST
def discard(request: HttpRequest, public_id: str) -> HttpResponse:
    """Forget the uploaded list."""
    importing.discard(_waiting(request, public_id))
    messages.info(request, _("Nothing was written, and the list is forgotten."))
    return redirect("manager:people-import")


@manager
@never_cache
def progress(request: HttpRequest, public_id: str) -> HttpResponse:
    """Write on, a thousand lines at each request, and show how far it is; at the end what came of it."""
    uploaded = _own(request, public_id)
    if uploaded.state != PeopleImport.State.CONFIRMED:
        return redirect("manager:people-import")
    if request.method == "POST":
        uploaded = importing.write_step(uploaded, at=clock.now())
    finished = importing.is_finished(uploaded)
    context = {
        "uploaded": uploaded,
        "finished": finished,
        "total": uploaded.result.get("total", 0),
        "faults": importing.faults_of(uploaded) if finished else [],
        "nothing_changed": finished and not (uploaded.result.get("new") or uploaded.result.get("changed")),
    }
    template = "manager/people/import_progress.html"
    if request.headers.get("HX-Request"):
        template += "#progress"
    return render(request, template, context)


def _own(request: HttpRequest, public_id: str) -> PeopleImport:
    uploaded = PeopleImport.objects.filter(public_id=public_id, created_by=signed_in(request)).first()
    if uploaded is None:
        raise Http404
    return uploaded


def _waiting(request: HttpRequest, public_id: str) -> PeopleImport:
    uploaded = _own(request, public_id)
    if uploaded.state != PeopleImport.State.UPLOADED:
        raise Http404
    return uploaded

"""Guideline and checks: what people are asked to keep to, what the checks look for, and the stop."""

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import get_language_info, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from vocero.company.models import Installation
from vocero.company.queries import house
from vocero.lib.clock import now
from vocero.lib.text import render_markdown
from vocero.policy import checks, queries, services, starter
from vocero.policy.checks import Candidate
from vocero.policy.disclosure import STARTERS
from vocero.policy.models import Term
from vocero.policy.queries import ShownTerm
from vocero.policy.rules import load_rules
from vocero.sharing.queries import on_the_way_count
from vocero.web.access import manager, signed_in

KINDS = (
    (
        Term.Kind.CONFIDENTIAL,
        gettext_lazy("Confidential"),
        gettext_lazy(
            "Names of customers, projects, figures that are not public. Sealed: nobody can read them here again."
        ),
    ),
    (Term.Kind.BANNED, gettext_lazy("Not for posts"), gettext_lazy("Phrases that do more harm than good.")),
    (
        Term.Kind.PRODUCT,
        gettext_lazy("Products"),
        gettext_lazy(
            "Written as they should be: other spellings are pointed out, and whoever names one says that they work here."
        ),
    ),
    (Term.Kind.COMPANY, gettext_lazy("Company names"), gettext_lazy("Other names that the company goes by.")),
)


@manager
@require_http_methods(["GET", "HEAD", "POST"])
def guideline(request: HttpRequest) -> HttpResponseBase:
    """The page; a POST publishes a new version of the guideline."""
    company = house()
    context = _context(request, company)
    if request.method == "POST":
        typed = {code: request.POST.get(f"text-{code}", "") for code, _name in settings.LANGUAGES}
        try:
            made = services.publish_guideline(typed, at=now(), by=signed_in(request))
        except services.NotAllowed as refusal:
            context |= {"error": str(refusal), "texts": _texts(typed)}
            return render(request, "manager/guideline.html", context, status=422)
        messages.success(
            request,
            _("Version %(version)s is in force. Everybody is asked to read it before their next share.")
            % {"version": made.version},
        )
        return redirect("manager:guideline")
    return render(request, "manager/guideline.html", context)


@manager
@require_POST
def add_term(request: HttpRequest) -> HttpResponseBase:
    """Add a term to the checks."""
    advice = request.POST.get("advice", "").strip()
    kind, text = request.POST.get("kind", ""), request.POST.get("text", "")
    try:
        services.add_term(
            kind,
            text,
            at=now(),
            by=signed_in(request),
            blocks=request.POST.get("level") == "block" if "level" in request.POST else None,
            advice={request.LANGUAGE_CODE: advice} if advice else {},
        )
    except services.NotAllowed as refusal:
        told = {"kind": kind, "error": str(refusal), "advice": advice}
        if kind != Term.Kind.CONFIDENTIAL:
            told["text"] = text
        return render(request, "manager/guideline.html", _context(request, house()) | {"term_error": told}, status=422)
    messages.success(request, _("The checks look for it from now on."))
    return _to("checks")


@manager
@require_POST
def archive_term(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Take a term out of the checks."""
    term = Term.objects.filter(public_id=public_id, archived_at=None).first()
    if term is None:
        raise Http404
    services.archive_term(term, at=now(), by=signed_in(request))
    messages.success(request, _("The checks do not look for it any more."))
    return _to("checks")


@manager
@require_POST
def try_text(request: HttpRequest) -> HttpResponse:
    """Say what the checks find in a text, as an advocate would be told."""
    text = request.POST.get("text", "")[:5000]
    candidate = Candidate(text=text, network="copy", language=request.LANGUAGE_CODE, origin="curated", disclosed=False)
    found = checks.findings(candidate, load_rules(house())) if text.strip() else []
    told = {"tried": text, "found": found}
    if "HX-Request" in request.headers:
        return render(request, "manager/guideline.html#found", told)
    return render(request, "manager/guideline.html", _context(request, house()) | told)


@manager
@require_POST
def wordings(request: HttpRequest, language: str) -> HttpResponseBase:
    """Replace the disclosure wordings of a language, one a line."""
    lines = request.POST.get("wordings", "").splitlines()
    try:
        services.replace_wordings(language, lines, at=now(), by=signed_in(request))
    except services.NotAllowed as refusal:
        told = {"language": language, "error": str(refusal), "text": request.POST.get("wordings", "")}
        return render(
            request, "manager/guideline.html", _context(request, house()) | {"wording_error": told}, status=422
        )
    messages.success(request, _("Saved."))
    return _to("disclosure")


@manager
@require_POST
def stop(request: HttpRequest) -> HttpResponseBase:
    """Stop all sharing, or let it go on."""
    if request.POST.get("do") == "release":
        services.release_stop(by=signed_in(request), at=now())
        messages.success(request, _("Sharing goes on. What waited for more than a day is not sent late."))
    else:
        services.engage_stop(by=signed_in(request), reason=request.POST.get("reason", ""), at=now())
        messages.success(request, _("Everything is stopped. What is planned waits."))
    return _to("stop")


def _context(request: HttpRequest, company: Installation) -> dict[str, Any]:
    """Give what the page shows."""
    current = queries.current_guideline()
    texts = dict(current.text) if current else starter.guideline()
    own: dict[str, list[str]] = {}
    for row in queries.live_wordings():
        own.setdefault(row.language, []).append(row.text)
    return {
        "guideline": current,
        "texts": _texts(texts),
        "kinds": [(kind, title, lead, _shown(kind)) for kind, title, lead in KINDS],
        "wordings": [
            (code, _language(code), "\n".join(own.get(code) or STARTERS.get(code, ())))
            for code, _name in settings.LANGUAGES
        ],
        "stop": queries.stop_in_force(),
        "on_the_way": on_the_way_count(),
        "company": company.name,
    }


def _texts(texts: dict[str, str]) -> list[tuple[str, str, str, str]]:
    """Give language, its name, the Markdown and how it reads."""
    return [
        (code, _language(code), texts.get(code, ""), render_markdown(texts.get(code, "")))
        for code, _name in settings.LANGUAGES
    ]


def _shown(kind: str) -> list[ShownTerm]:
    """Give the terms of a kind; of confidential ones nothing but that they are there leaves the server."""
    terms = queries.shown_terms(kind=kind)
    if kind != Term.Kind.CONFIDENTIAL:
        return terms
    return [replace(term, text="") for term in terms]


def _language(code: str) -> str:
    return str(get_language_info(code)["name_local"]).capitalize()


def _to(place: str) -> HttpResponseBase:
    response = redirect("manager:guideline")
    response["Location"] += f"#{place}"
    return response

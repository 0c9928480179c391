"""Sources: the feeds that fill the inbox, how they are doing, and how a new one is found from a pasted address."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from vocero.company.models import Program
from vocero.company.queries import main_program
from vocero.content import queries, services, tasks
from vocero.content.fetching import Discovery, find_feeds
from vocero.content.health import Health, health_of, reason_advice, reason_text
from vocero.content.models import Kind, Origin, Source
from vocero.content.services import Ingested, SourceDetails
from vocero.lib import clock
from vocero.lib.errors import Refusal
from vocero.web.access import manager
from vocero.web.manager.post_forms import PurposesField, WordsChoice, language_choices
from vocero.web.toasts import say


@dataclass(frozen=True, slots=True)
class SourceRow:
    """A source with its health in words."""

    source: Source
    health: Health
    badge: str


class SourceForm(forms.Form):
    """What a manager decides about everything that comes from a source."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    language = forms.ChoiceField(label=gettext_lazy("Language"), required=False)
    origin = forms.ChoiceField(
        label=gettext_lazy("Where it comes from"),
        choices=Origin.choices,
        required=False,
        widget=forms.RadioSelect(attrs={"class": "chips"}),
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("What it is about"),
        choices=[("", gettext_lazy("Decide for each entry")), *Kind.choices],
        required=False,
    )
    purposes = PurposesField()
    topics = WordsChoice(label=gettext_lazy("Topics"))
    days_active = forms.IntegerField(
        label=gettext_lazy("Days an entry stays"),
        help_text=gettext_lazy("After that it leaves the inbox, or is no longer offered."),
        min_value=1,
        max_value=365,
    )
    most_active = forms.IntegerField(
        label=gettext_lazy("At most at a time"),
        help_text=gettext_lazy("Waiting and offered ones are counted apart. The oldest makes room."),
        min_value=1,
        max_value=500,
    )
    most_new_a_day = forms.IntegerField(
        label=gettext_lazy("At most new ones a day"),
        help_text=gettext_lazy("The rest comes in on the next days."),
        min_value=1,
        max_value=100,
    )
    would_post_myself = forms.BooleanField(
        label=gettext_lazy("Yes, I would post what comes from here on my own profile"), required=False
    )
    straight_in = forms.BooleanField(
        label=gettext_lazy("Offer new entries to colleagues without asking me"),
        help_text=gettext_lazy("Needs origin, kind, purpose, topics and your yes to the question above."),
        required=False,
    )

    def __init__(self, program: Program, *args: Any, source: Source, **options: Any) -> None:
        super().__init__(*args, **options)
        fields: dict[str, Any] = self.fields
        fields["language"].choices = language_choices(gettext_lazy("As the feed says"), source.language)
        fields["topics"].queryset = queries.topics(program)
        if not fields["topics"].queryset:
            del fields["topics"]

    @classmethod
    def of(cls, source: Source) -> "SourceForm":
        """Give the form filled with what was decided before."""
        names = "name language origin kind purposes days_active most_active most_new_a_day straight_in".split()
        initial = {name: getattr(source, name) for name in names}
        initial["topics"] = [topic.public_id for topic in source.topics.all()]
        initial["would_post_myself"] = source.self_check_at is not None
        return cls(source.program, source=source, initial=initial)

    def details(self) -> SourceDetails:
        """Give what was typed."""
        data = self.cleaned_data
        return SourceDetails(
            **{name: data[name] for name in "name language origin kind straight_in would_post_myself".split()},
            **{name: data[name] for name in "days_active most_active most_new_a_day".split()},
            purposes=tuple(data["purposes"]),
            topics=tuple(data.get("topics", ())),
        )


@manager
def sources(request: HttpRequest) -> HttpResponse:
    """All sources with their health in words."""
    at = clock.now()
    rows = [_row(source, at) for source in queries.sources(main_program())]
    order = {"bad": 0, "warn": 1, "good": 2, "paused": 3}
    rows.sort(key=lambda row: order[row.health.level])
    return render(request, "manager/sources.html", {"rows": rows})


@manager
def add(request: HttpRequest) -> HttpResponse:
    """Find the feeds of a pasted address, and add the chosen one."""
    if request.method != "POST":
        return render(request, "manager/sources_add.html", {"address": request.GET.get("address", "")[:2000]})
    address = request.POST.get("address", "").strip()[:2000]
    at, program = clock.now(), main_program()
    feed_url = request.POST.get("feed_url", "")
    if feed_url:
        return _add_chosen(request, program, feed_url, at)
    found = find_feeds(address, at=at)
    context = {"address": address, "found": found, "choices": _choices(found), **_reason(found)}
    return render(request, "manager/sources_add.html", context, status=200 if found.feeds else 422)


def _choices(found: Discovery) -> list[dict[str, Any]]:
    return [
        {
            "url": named.url,
            "title": feed.title or named.title,
            "count": len(feed.entries),
            "examples": [entry.title for entry in feed.entries[:3] if entry.title],
            "site_url": found.site_url,
        }
        for named, feed in found.feeds
    ]


def _reason(found: Discovery) -> dict[str, str]:
    if not found.reason:
        return {}
    return {"reason": reason_text(found.reason), "advice": reason_advice(found.reason)}


def _add_chosen(request: HttpRequest, program: Program, feed_url: str, at: datetime) -> HttpResponse:
    name = request.POST.get(f"title-{feed_url}", "").strip() or feed_url
    site_url = request.POST.get("site_url", "")
    site_url = site_url if site_url.startswith(("https://", "http://")) else feed_url
    try:
        details = SourceDetails(name=name[:200])
        source = services.add_source(program, feed_url=feed_url, site_url=site_url[:2000], details=details, at=at)
    except Refusal as refusal:
        context = {"address": request.POST.get("address", ""), "error": str(refusal)}
        return render(request, "manager/sources_add.html", context, status=422)
    ingested = tasks.fetch_now(source, at)
    say(request, _told(ingested))
    return redirect("manager:sources-one", source.public_id)


@manager
def one(request: HttpRequest, public_id: str) -> HttpResponse:
    """One source: its health, how to mend it, and what its entries are."""
    source = _source(public_id)
    form = SourceForm.of(source)
    status = 200
    if request.method == "POST":
        form, at = SourceForm(source.program, request.POST, source=source), clock.now()
        if form.is_valid():
            try:
                services.edit_source(source, details=form.details(), at=at)
            except Refusal as refusal:
                form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
            else:
                say(request, _("Saved. It holds for entries that come from now on."))
                return redirect("manager:sources-one", public_id)
        status, source = 422, _source(public_id)
    context = {"row": _row(source, clock.now()), "source": source, "form": form}
    return render(request, "manager/sources_one.html", context, status=status)


@manager
def move(request: HttpRequest, public_id: str) -> HttpResponse:
    """Pause, resume or mend a source (and read it at once), or remove it."""
    source, at = _source(public_id), clock.now()
    if request.method != "POST":
        return redirect("manager:sources-one", public_id)
    deed = request.POST.get("do")
    if deed == "pause":
        services.pause_source(source)
        say(request, _("Paused. What came in stays."))
    elif deed == "remove":
        services.remove_source(source, at=at)
        say(request, _("Removed. Posts that came from it stay."))
        return redirect("manager:sources")
    elif deed == "mend":
        try:
            services.mend_source(source, at=at, feed_url=request.POST.get("feed_url", "").strip())
        except Refusal as refusal:
            say(request, str(refusal), level=messages.ERROR)
        else:
            _say_after_mending(request, source, tasks.fetch_now(source, at))
    return redirect("manager:sources-one", public_id)


def _say_after_mending(request: HttpRequest, source: Source, ingested: Ingested | None) -> None:
    source.refresh_from_db()
    if source.failures or source.state == Source.State.GONE:
        text = _("It still does not work: %(reason)s") % {"reason": reason_text(source.last_error)}
        say(request, text, level=messages.WARNING)
    else:
        say(request, _told(ingested))


def _told(ingested: Ingested | None) -> str:
    """Say what the first look at a source brought."""
    if ingested is None:
        return _("Added. Its entries come in within a few minutes.")
    if not ingested.new:
        return _("It works. There is nothing new in it right now.")
    return ngettext(
        "It works. %(count)s entry is in your inbox.", "It works. %(count)s entries are in your inbox.", ingested.new
    ) % {"count": ingested.new}


def _row(source: Source, at: datetime) -> SourceRow:
    health = health_of(source, at)
    return SourceRow(source, health, {"good": "good", "warn": "warn", "bad": "bad"}.get(health.level, ""))


def _source(public_id: str) -> Source:
    source = queries.sources(main_program()).select_related("program").filter(public_id=public_id).first()
    if source is None:
        raise Http404
    return source

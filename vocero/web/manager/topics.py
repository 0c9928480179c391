"""Topics: what people follow, named in each language of the pages; added, renamed, merged and put away."""

from typing import Any

from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from vocero.company.queries import main_program
from vocero.content import queries, services
from vocero.content.models import Topic
from vocero.content.queries import FEW_POSTS
from vocero.lib import clock
from vocero.lib.errors import Refusal
from vocero.lib.words import pick
from vocero.web.access import manager
from vocero.web.manager.post_forms import reading_order
from vocero.web.toasts import say

TEMPLATE = "manager/topics.html"


class NameForm(forms.Form):
    """The name of a topic, one field a language."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        for code, label in settings.LANGUAGES:
            self.fields[code] = forms.CharField(label=label, max_length=40, required=False)

    def words(self) -> dict[str, str]:
        """Give {language: name} as typed."""
        return {code: self.cleaned_data.get(code, "") for code, _label in settings.LANGUAGES}


@manager
def topics(request: HttpRequest) -> HttpResponse:
    """All topics with how many live posts they have; a form for a new one."""
    form, status = NameForm(prefix="new"), 200
    if request.method == "POST":
        form = NameForm(request.POST, prefix="new")
        if form.is_valid():
            try:
                services.add_topic(main_program(), name=form.words(), at=clock.now())
            except Refusal as refusal:
                form.add_error(None, str(refusal))
            else:
                say(request, _("The topic is there. Give it to a few posts, so that nobody finds it empty."))
                return redirect("manager:topics")
        status = 422
    return _page(request, form, status=status)


@manager
def one(request: HttpRequest, public_id: str) -> HttpResponse:
    """Rename a topic, merge it into another one, or put it away."""
    topic = Topic.objects.filter(program=main_program(), public_id=public_id, archived_at=None).first()
    if topic is None:
        raise Http404
    if request.method != "POST":
        return redirect("manager:topics")
    at, deed = clock.now(), request.POST.get("do")
    form = NameForm(request.POST, prefix=topic.public_id)
    try:
        if deed == "rename" and form.is_valid():
            services.rename_topic(topic, name=form.words())
            say(request, _("Renamed."))
        elif deed == "merge":
            into = Topic.objects.filter(program=topic.program, public_id=request.POST.get("into", "")).first()
            services.merge_topics(topic, into=into or topic, at=at)
            say(request, _("Merged. Posts, sources and followers moved along."))
        elif deed == "archive":
            services.archive_topic(topic, at=at)
            say(request, _("Put away. Posts that have it keep it; nobody can choose it any more."))
    except Refusal as refusal:
        form.is_valid()
        form.add_error(None, str(refusal))
        return _page(request, NameForm(prefix="new"), status=422, typed={topic.pk: form})
    return redirect("manager:topics")


def _page(
    request: HttpRequest, form: NameForm, *, status: int = 200, typed: dict[int, NameForm] | None = None
) -> HttpResponse:
    stocks = queries.topic_stocks(main_program(), clock.now())
    order = reading_order()
    rows = [
        {
            "topic": stock.topic,
            "name": pick(stock.topic.name, order),
            "names": " · ".join(dict.fromkeys(name for name in stock.topic.name.values() if name)),
            "live": stock.live,
            "is_few": stock.live < FEW_POSTS,
            "form": (typed or {}).get(stock.topic.pk)
            or NameForm(prefix=stock.topic.public_id, initial=stock.topic.name),
            "is_open": stock.topic.pk in (typed or {}),
        }
        for stock in stocks
    ]
    return render(request, TEMPLATE, {"form": form, "rows": rows, "few": FEW_POSTS}, status=status)

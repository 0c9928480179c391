"""The results of one post by network, and thanks to everybody who shared it, without learning who they are."""

from collections.abc import Sequence

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from vocero.content.models import Post
from vocero.lib.clock import now
from vocero.lib.errors import Refusal
from vocero.lib.money import Money
from vocero.lib.replica import from_replica
from vocero.measurement import queries
from vocero.measurement.dimensions import Dimension
from vocero.networks.queries import label_of
from vocero.recognition.models import PostThanks
from vocero.recognition.services import thank_for_post
from vocero.web.access import manager, signed_in
from vocero.web.manager import cuts
from vocero.web.manager.figures import span_name
from vocero.web.manager.results import Asked, sorting
from vocero.web.month import in_a_sentence
from vocero.web.tables import Column, Table


class ThanksForm(forms.Form):
    """A few words to everybody who shared a post."""

    text = forms.CharField(
        label=gettext_lazy("Your words"),
        max_length=280,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "They appear beside the share of everybody who shared this post so far. You do not see who."
        ),
    )


@manager
@require_http_methods(["GET", "HEAD", "POST"])
def post_results(request: HttpRequest, public_id: str) -> HttpResponse:
    """The page; POST sends thanks."""
    asked, at = Asked.read(request), now()
    post = Post.objects.filter(program=asked.program, public_id=public_id).first()
    if post is None:
        raise Http404
    form = ThanksForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            thank_for_post(post, by=signed_in(request), text=form.cleaned_data["text"], at=at)
        except Refusal as refusal:
            form.add_error("text", str(refusal))
        else:
            messages.success(request, _("Your thanks stand beside each share of this post."))
            return redirect(asked.address("manager:results-post", public_id))
    [rows] = from_replica(queries.breakdown)(
        asked.program.pk,
        queries.NETWORK,
        asked.span,
        currency=asked.house.currency,
        within=(Dimension.POST, str(post.pk)),
    )
    silent = cuts.silent_networks()
    lines = [
        cuts.Line(
            key=row.key,
            name=label_of(row.key) if row.key else _("Links of posts, not of shares"),
            shares=row.shares,
            unique=row.unique,
            clicks=row.clicks,
            engagement=row.engagement if row.engagement or row.key not in silent else None,
            conversions=row.conversions,
            value=row.value,
        )
        for row in sorted(rows.values(), key=lambda row: (-row.unique, row.key))
    ]
    table = _table(request)
    lines.sort(key=lambda line: sorting(line, table.order.lstrip("-")), reverse=table.is_descending)
    context = {
        "asked": asked,
        "post": post,
        "name": post.title or post.url or _("Without title"),
        "title": span_name(asked.span),
        "table": table,
        "lines": [
            (line, [(cuts.HEADS[name], value) for name, value in line.cells(asked.house.currency) if name != "before"])
            for line in lines
        ],
        "sentence": _sentence(list(rows.values()), asked.house.currency),
        "form": form,
        "thanks": PostThanks.objects.filter(post=post).select_related("author").order_by("-at")[:5],
        "back": asked.address(by=Dimension.POST.value),
        "here": asked.address("manager:results-post", public_id),
    }
    return render(request, "manager/results_post.html", context, status=422 if form.errors else 200)


def _sentence(rows: Sequence[queries.Row], currency: str) -> str:
    """Say what the post brought in all; nothing where it brought nothing."""
    shares, clicks = sum(row.shares for row in rows), sum(row.unique for row in rows)
    conversions, value = sum(row.conversions for row in rows), sum(row.value for row in rows)
    return in_a_sentence(shares, clicks, conversions, Money(value, currency)) if shares or clicks or conversions else ""


def _table(request: HttpRequest) -> Table:
    heads = [name for name in cuts.HEADS if name != "before"]
    columns = [
        Column("name", _("Network"), sort="name"),
        *(Column(name, cuts.HEADS[name], sort=name, number=True) for name in heads),
    ]
    return Table(request.GET, columns, default="-unique")

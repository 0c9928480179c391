"""Where the links of a post lead: what they do now, and letting them all say that it was corrected or is not there any more."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_http_methods

from vocero.content.models import Post
from vocero.lib import clock
from vocero.sharing.models import Link
from vocero.sharing.queries import Leading, where_links_lead
from vocero.sharing.services.rerouting import NotAnAddress, reroute_links
from vocero.web.access import manager, signed_in
from vocero.web.manager.posts import get_post, row_of
from vocero.web.toasts import say

State = Link.State
ENDS = {State.WITHDRAWN, State.EXPIRED}
"""After these a link leads nowhere, so it is asked first."""


class LeadForm(forms.Form):
    """Where the links are to lead from now on."""

    lead = forms.ChoiceField(
        label=gettext_lazy("Where should they lead?"),
        widget=forms.RadioSelect,
        choices=[
            (State.LIVE, gettext_lazy("To the post")),
            (
                State.REROUTED,
                gettext_lazy("To a correction: visitors read that it was corrected, with a button to another page"),
            ),
            (State.WITHDRAWN, gettext_lazy("Nowhere: visitors read that it has been taken down")),
            (State.EXPIRED, gettext_lazy("Nowhere: visitors read that it was for a limited time, and is over")),
        ],
        error_messages={"required": gettext_lazy("Choose where they should lead.")},
    )
    to = forms.CharField(
        label=gettext_lazy("The other page"),
        max_length=2000,
        widget=forms.URLInput(attrs={"placeholder": "https://"}),
        help_text=gettext_lazy("Nobody is sent there unasked."),
        error_messages={"required": gettext_lazy("Please give the whole address of the page, with https://.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["to"].required = not self.is_bound or self.data.get("lead") == State.REROUTED


@dataclass(frozen=True, slots=True)
class Now:
    """What some of the links do now, in words."""

    text: str
    address: str


@manager
@require_http_methods(["GET", "HEAD", "POST"])
def post_links(request: HttpRequest, public_id: str) -> HttpResponse:
    """The page; POST lets the links lead elsewhere, after asking once if they are to lead nowhere."""
    post = get_post(public_id)
    if request.method != "POST":
        return _page(request, post, None)
    form = LeadForm(request.POST)
    if not form.is_valid() or request.POST.get("back"):
        return _page(request, post, form)
    state = State(form.cleaned_data["lead"])
    if state in ENDS and not request.POST.get("sure"):
        return _page(request, post, form, asks=str(state))
    try:
        changed = reroute_links(
            post, state=state, to=form.cleaned_data["to"], at=clock.now(), actor=signed_in(request).public_id
        )
    except NotAnAddress as refusal:
        form.add_error(refusal.field, str(refusal))
        return _page(request, post, form)
    say(request, _what_happened(changed))
    return redirect("manager:post-links", public_id)


def _page(request: HttpRequest, post: Post, form: LeadForm | None, *, asks: str = "") -> HttpResponse:
    leading = where_links_lead(post)
    many = sum(one.many for one in leading)
    state = leading[0].state if leading else State.LIVE
    corrected = next((one.address for one in leading if one.state == State.REROUTED), "")
    context = {
        "post": post,
        "row": row_of(post),
        "form": form or LeadForm(initial={"lead": state, "to": corrected}),
        "asks": asks,
        "many": many,
        "now": [Now(_said(one), one.address) for one in leading],
        "still_offered": post.state == Post.State.OFFERED and any(one.state != State.LIVE for one in leading),
    }
    return render(
        request, "manager/post_links.html", context, status=422 if form and not request.POST.get("back") else 200
    )


def _said(one: Leading) -> str:
    texts = {
        State.LIVE: ngettext("%(many)s link leads to this page:", "%(many)s links lead to this page:", one.many),
        State.REROUTED: ngettext(
            "%(many)s link says that it was corrected, and offers this page:",
            "%(many)s links say that it was corrected, and offer this page:",
            one.many,
        ),
        State.WITHDRAWN: ngettext(
            "%(many)s link says that it has been taken down.",
            "%(many)s links say that it has been taken down.",
            one.many,
        ),
        State.EXPIRED: ngettext(
            "%(many)s link says that its time is over.", "%(many)s links say that their time is over.", one.many
        ),
    }
    return texts[one.state] % {"many": _written(one.many)}


def _what_happened(changed: int) -> str:
    if not changed:
        return _("They lead there already. Nothing was changed.")
    text = ngettext(
        "%(many)s link was changed. Visitors notice within seconds.",
        "%(many)s links were changed. Visitors notice within seconds.",
        changed,
    )
    return text % {"many": _written(changed)}


def _written(many: int) -> str:
    return number_format(many, use_l10n=True, force_grouping=True)

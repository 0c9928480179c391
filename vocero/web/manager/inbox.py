"""The inbox: what the sources brought, to be offered, looked at closer or dismissed."""

from typing import Any
from urllib.parse import urlencode

from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from vocero.company.queries import main_program
from vocero.content import queries, services
from vocero.content.library import Criteria, library_page
from vocero.content.models import Post
from vocero.lib import clock
from vocero.lib.errors import Refusal
from vocero.web.access import manager, signed_in
from vocero.web.manager.post_forms import OfferForm
from vocero.web.manager.posts import get_post, is_fragment, mix_context, row_of, rows_of
from vocero.web.toasts import say

PAGE = 30
TEMPLATE = "manager/inbox.html"
OFFER = "manager/inbox_offer.html"


@manager
def inbox(request: HttpRequest) -> HttpResponse:
    """All entries that wait, the newest first, thirty at a time."""
    program = main_program()
    criteria = Criteria(state=Post.State.INBOX, sort="-appeared", source=request.GET.get("source", "")[:20])
    page = library_page(
        program, criteria, after=request.GET.get("after", ""), before=request.GET.get("before", ""), size=PAGE
    )
    sources: list[Any] = list(queries.sources(program))
    context = {
        "rows": rows_of(page.posts),
        "next_url": _address(criteria.source, "after", page.next_key),
        "previous_url": _address(criteria.source, "before", page.previous_key),
        "sources": sources,
        "source": criteria.source,
        "waiting": sum(source.waiting for source in sources),
        **mix_context(program),
    }
    return render(request, TEMPLATE, context)


def _address(source: str, name: str, key: str) -> str:
    return "?" + urlencode([*([("source", source)] if source else []), (name, key)]) if key else ""


@manager
def offer(request: HttpRequest, public_id: str) -> HttpResponse:
    """Offer a waiting entry with the few things that are needed; in place, or on a page of its own."""
    post = get_post(public_id)
    if post.state != Post.State.INBOX:
        return redirect("manager:editor", public_id)
    if request.method != "POST":
        return _form(request, post, OfferForm.of(post))
    form = OfferForm(post.program, request.POST, post=post)
    if form.is_valid():
        at = clock.now()
        try:
            with transaction.atomic():
                services.edit_post(post, details=form.details(post), at=at)
                services.offer_post(
                    post, by=signed_in(request), at=at, would_post_myself=form.cleaned_data["would_post_myself"]
                )
        except services.NotReady as refusal:
            problems = refusal.problems
            form.add_problems({"text" if name == "captions" else name: text for name, text in problems.items()})
        except Refusal as refusal:
            form.add_error(None, str(refusal))
        else:
            say(request, _("“%(title)s” is offered to your colleagues.") % {"title": post.title[:60]})
            if is_fragment(request):
                waiting = queries.inbox(post.program).count()
                return render(request, f"{OFFER}#done", {"post": post, "waiting": waiting, **mix_context(post.program)})
            return redirect("manager:inbox")
    return _form(request, post, form, status=422)


def _form(request: HttpRequest, post: Post, form: OfferForm, *, status: int = 200) -> HttpResponse:
    context = {"form": form, "row": row_of(post), "post": post, **mix_context(post.program)}
    origin = form["origin"].value() or ""
    context["mix_warning"] = context["mix"].warning_for(origin)
    template = f"{OFFER}#form" if is_fragment(request) else OFFER
    return render(request, template, context, status=status)


@manager
def row(request: HttpRequest, public_id: str) -> HttpResponse:
    """One waiting entry as its row in the list; for going back from the form in place."""
    post = get_post(public_id)
    if post.state != Post.State.INBOX:
        raise Http404
    if not is_fragment(request):
        return redirect("manager:inbox")
    return render(request, f"{TEMPLATE}#row", {"row": row_of(post)})


@manager
def dismiss(request: HttpRequest) -> HttpResponse:
    """Dismiss the chosen entries at once; for ten seconds they can be brought back."""
    if request.method != "POST":
        return redirect("manager:inbox")
    posts = _chosen(request)
    count = services.dismiss_posts(posts, at=clock.now())
    if count:
        undo = reverse("manager:inbox-bring-back") + "?ids=" + ",".join(post.public_id for post in posts)
        text = ngettext("%(count)s entry dismissed.", "%(count)s entries dismissed.", count) % {"count": count}
        say(request, text, undo_url=undo)
    if is_fragment(request):
        return render(
            request, f"{TEMPLATE}#dismissed", {"gone": posts, "waiting": queries.inbox(main_program()).count()}
        )
    return redirect("manager:inbox")


@manager
def bring_back(request: HttpRequest) -> HttpResponse:
    """Undo a dismissal."""
    if request.method == "POST":
        count = services.bring_back_posts(_chosen(request), at=clock.now())
        if count:
            say(request, ngettext("%(count)s entry is back.", "%(count)s entries are back.", count) % {"count": count})
    return redirect("manager:inbox")


def _chosen(request: HttpRequest) -> list[Post]:
    """Give the posts that a form chose (`post`) or an address names (`ids`), of this program alone."""
    ids = request.POST.getlist("post") + request.GET.get("ids", "").split(",")
    return list(Post.objects.filter(program=main_program(), public_id__in=[one for one in ids if one][:500]))

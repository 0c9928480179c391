"""The editor: one post with everything about it, its preview beside it, and the button that offers it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.formats import time_format
from django.utils.translation import gettext as _

from vocero.company.files import NotAnImage, store_image
from vocero.content import readiness, services, tasks
from vocero.content.fetching import FetchFailed, fetch_page
from vocero.content.health import reason_text
from vocero.content.models import Post
from vocero.content.pages import host_of
from vocero.lib import clock
from vocero.lib.errors import Refusal
from vocero.networks.base import Card, Draft
from vocero.networks.registry import get_network, networks
from vocero.web.access import manager, signed_in
from vocero.web.files import file_url
from vocero.web.manager.post_forms import PostForm, captions_of, typed_captions
from vocero.web.manager.posts import get_post, mix_context, row_of
from vocero.web.toasts import say

TEMPLATE = "manager/editor.html"
AUTOSAVED = {Post.State.DRAFT, Post.State.INBOX}
CARD_SIDE = 1200


@dataclass(slots=True)
class Sheet:
    """The forms of one post as they were typed, and what is wrong besides the fields."""

    form: PostForm
    captions: Any
    captions_error: str = ""
    images_error: str = ""

    def is_valid(self) -> bool:
        """Check both, so that everything that is wrong is said at once."""
        right = bool(self.form.is_valid()) & bool(self.captions.is_valid())
        self.captions_error = next(iter(self.captions.non_form_errors()), "")
        return right

    def add_problems(self, problems: dict[str, Any]) -> None:
        """Put what a service refused to where it belongs."""
        for name, message in problems.items():
            if name == "captions":
                self.captions_error = str(message)
            elif name == "images":
                self.images_error = str(message)
            else:
                self.form.add_problems({name: message})


@manager
def editor(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show a post, or save what was typed; nothing typed is lost when something is wrong."""
    post = get_post(public_id)
    if request.method != "POST":
        return _page(request, post, Sheet(PostForm.of(post), captions_of(post)))
    at, sheet = clock.now(), _typed(request.POST, post)
    _take_pictures(request, post, sheet, at)
    if sheet.is_valid() and not _was_changed(sheet, post):
        try:
            _save(post, sheet, at)
            if request.POST.get("do") == "offer":
                _offer(request, post, sheet, at)
        except services.NotReady as refusal:
            sheet.add_problems(refusal.problems)
        except Refusal as refusal:
            sheet.form.add_error(refusal.field if refusal.field in sheet.form.fields else None, str(refusal))
        else:
            if not (sheet.images_error or sheet.captions_error):
                return _done(request, post)
    return _page(request, get_post(public_id), sheet, status=422)


def _done(request: HttpRequest, post: Post) -> HttpResponse:
    if request.POST.get("do") == "offer":
        say(
            request, _("“%(title)s” is offered to your colleagues.") % {"title": row_of(get_post(post.public_id)).title}
        )
        return redirect("manager:library")
    say(request, _("Saved."))
    return redirect("manager:editor", post.public_id)


def _typed(data: QueryDict, post: Post) -> Sheet:
    return Sheet(PostForm(post.program, data, post=post), captions_of(post, data))


def _was_changed(sheet: Sheet, post: Post) -> bool:
    """Refuse once when somebody else saved meanwhile; saving again then means it."""
    if not sheet.form.was_changed_meanwhile(post):
        return False
    sheet.form.add_error(
        None,
        _("Somebody else changed this post while you were writing. What you typed is here; save again to keep yours."),
    )
    sheet.form.mark_seen(post.updated_at)
    return True


def _save(post: Post, sheet: Sheet, at: datetime) -> None:
    details = sheet.form.details(typed_captions(sheet.captions), standing=services.details_of(post))
    with transaction.atomic():
        services.edit_post(post, details=details, at=at)
    sheet.form.mark_seen(at)


def _offer(request: HttpRequest, post: Post, sheet: Sheet, at: datetime) -> None:
    services.offer_post(
        post, by=signed_in(request), at=at, would_post_myself=sheet.form.cleaned_data["would_post_myself"]
    )


def _take_pictures(request: HttpRequest, post: Post, sheet: Sheet, at: datetime) -> None:
    """Keep uploaded pictures and the words for them first: they would be lost if another field were wrong."""
    alts = {image.pk: request.POST.get(f"alt-{image.pk}", image.alt) for image in post.images.all()}
    removed = [image.pk for image in post.images.all() if request.POST.get(f"remove-{image.pk}")]
    services.describe_images(post, alts, removed=removed)
    if request.POST.get("drop_card_image"):
        services.set_card_image(post, None, at=post.updated_at)
    try:
        for upload in request.FILES.getlist("pictures")[:8]:
            services.add_image(post, store_image(_bytes(upload), at=at), alt="", at=post.updated_at)
        card = request.FILES.get("card_picture")
        if isinstance(card, UploadedFile):
            file = store_image(_bytes(card), at=at, longest_side=CARD_SIDE)
            services.set_card_image(post, file, at=post.updated_at)
    except (NotAnImage, services.PostRefused) as refusal:
        sheet.images_error = str(refusal)


def _bytes(upload: Any) -> bytes:
    content: bytes = upload.read()
    return content


def _page(request: HttpRequest, post: Post, sheet: Sheet, *, status: int = 200) -> HttpResponse:
    at = clock.now()
    context = {
        "post": post,
        "row": row_of(post),
        "form": sheet.form,
        "captions": sheet.captions,
        "captions_error": sheet.captions_error,
        "images_error": sheet.images_error,
        "autosaves": post.state in AUTOSAVED,
        "missing": [] if post.state == Post.State.OFFERED else list(_missing(post, at).values()),
        "has_links": post.links.exists(),
        "is_over": bool(post.expires_at and post.expires_at <= at),
        **_preview_context(request, sheet, post),
        **mix_context(post.program),
    }
    context["mix_warning"] = context["mix"].warning_for(sheet.form["origin"].value() or "")
    return render(request, TEMPLATE, context, status=status)


def _missing(post: Post, at: datetime) -> dict[str, Any]:
    return {name: text for name, text in readiness.problems_of(post, at=at).items() if name != "would_post_myself"}


@manager
def preview(request: HttpRequest, public_id: str) -> HttpResponse:
    """Show what was typed as a network will show it; nothing is stored."""
    post = get_post(public_id)
    if request.method != "POST":
        return redirect("manager:editor", public_id)
    sheet = _typed(request.POST, post)
    sheet.is_valid()
    return render(request, f"{TEMPLATE}#preview", {"post": post, **_preview_context(request, sheet, post)})


def _preview_context(request: HttpRequest, sheet: Sheet, post: Post) -> dict[str, Any]:
    """Give what the link card shows for the chosen network: the caption for it, title, picture, and what is different."""
    shown = [network for network in networks() if network.name not in {"practice", "copy"}]
    wanted = request.POST.get("preview_network") or request.GET.get("preview_network") or ""
    chosen = next((network for network in shown if network.name == wanted), shown[0])
    form, image = sheet.form, next(iter(post.images.all()), None)
    url = form["url"].value() or ""
    note = "" if chosen.limits.takes_text else _("%(network)s takes no text from us: people paste it themselves.")
    return {
        "preview_networks": shown,
        "preview_network": chosen.name,
        "preview_text": _caption_for(sheet, chosen.name),
        "preview_title": (form["title"].value() or "") if url else "",
        "preview_description": form["description"].value() or "",
        "preview_host": host_of(url) or "",
        "preview_image_url": file_url(image.file if image else post.card_image),
        "preview_image_alt": image.alt if image else "",
        "preview_note": note % {"network": chosen.label} if note else "",
        "preview_author": signed_in(request).name,
    }


def _caption_for(sheet: Sheet, network: str) -> str:
    """Give the typed caption for a network, else the first for any."""
    typed = [(form["network"].value() or "", (form["text"].value() or "").strip()) for form in sheet.captions]
    own = next((text for name, text in typed if name == network and text), "")
    text = own or next((text for name, text in typed if not name and text), "")
    tags = services.clean_hashtags(sheet.form["hashtags"].value() or "")
    whole = f"{text}\n\n{' '.join(f'#{tag}' for tag in tags)}".strip() if tags else text
    url = sheet.form["url"].value() or ""
    return get_network(network).compose(Draft(text=whole, link=Card(url=url) if url else None))


@manager
def autosave(request: HttpRequest, public_id: str) -> HttpResponse:
    """Keep a draft while it is being written, as far as it is right; what is offered changes only by Save."""
    post = get_post(public_id)
    if request.method != "POST":
        return redirect("manager:editor", public_id)
    sheet, at = _typed(request.POST, post), clock.now()
    saved = False
    if post.state in AUTOSAVED and sheet.is_valid() and not sheet.form.was_changed_meanwhile(post):
        try:
            _save(post, sheet, at)
            saved = True
        except Refusal:
            saved = False
    text = _("Draft kept at %(time)s") % {"time": time_format(timezone.localtime(at), "TIME_FORMAT")} if saved else ""
    return render(request, f"{TEMPLATE}#kept", {"text": text, "saved": saved, "seen_at": at.isoformat()})


@manager
def read_again(request: HttpRequest, public_id: str) -> HttpResponse:
    """Read the linked page anew and take title, description and picture from it."""
    post = get_post(public_id)
    if request.method == "POST" and post.url:
        at = clock.now()
        try:
            found = fetch_page(post.url).preview
        except FetchFailed as failure:
            say(request, reason_text(failure.reason), level=messages.WARNING)
        else:
            services.read_anew(post, preview=found, image=tasks.card_image(found.image_url, at=at), at=at)
            say(request, _("Title, description and picture are as the page has them now."))
    return redirect("manager:editor", public_id)


@manager
def move(request: HttpRequest, public_id: str) -> HttpResponse:
    """Dismiss, take back, bring back or duplicate a post."""
    post, at, who = get_post(public_id), clock.now(), signed_in(request)
    if request.method != "POST":
        return redirect("manager:editor", public_id)
    deed = request.POST.get("do")
    if deed == "dismiss" and services.dismiss_posts([post], at=at):
        say(request, _("Dismissed. You find it in the library under “Dismissed”."))
        return redirect("manager:inbox" if post.source_id else "manager:library")
    if deed == "archive":
        services.archive_post(post, by=who, at=at)
        say(request, _("Taken back. Nobody can share it any more; links that are out go on working."))
    elif deed == "bring_back" and services.bring_back_posts([post], at=at):
        say(request, _("It is back. Offer it when it is ready."))
    elif deed == "duplicate":
        copy = services.duplicate_post(post, by=who, at=at)
        say(request, _("This is a copy. The first one stays as it is."))
        return redirect("manager:editor", copy.public_id)
    return redirect("manager:editor", public_id)

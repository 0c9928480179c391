"""The mailbox of the demo: what would have been sent. Not there outside the demo."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from vocero.notices.queries import mailbox, mailbox_message
from vocero.web.access import public


@public
@require_safe
def messages(request: HttpRequest) -> HttpResponse:
    """The newest mails, the latest first."""
    _only_in_the_demo()
    search = request.GET.get("q", "")
    return render(request, "public/mailbox.html", {"messages_kept": mailbox(search), "q": search})


@public
@require_safe
def message(request: HttpRequest, public_id: str) -> HttpResponse:
    """One mail as it would arrive."""
    _only_in_the_demo()
    kept = mailbox_message(public_id)
    if kept is None:
        raise Http404
    return render(request, "public/mailbox_message.html", {"kept": kept})


@public
@require_safe
def markup(request: HttpRequest, public_id: str) -> HttpResponse:
    """The HTML part of a mail, shown in a frame of its own: it may carry styles, never scripts."""
    _only_in_the_demo()
    kept = mailbox_message(public_id)
    if kept is None:
        raise Http404
    response = HttpResponse(kept.html)
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; frame-ancestors 'self'; "
        "sandbox allow-popups allow-top-navigation-by-user-activation"
    )
    response.headers["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _only_in_the_demo() -> None:
    if not settings.ENVIRONMENT.demo:
        raise Http404

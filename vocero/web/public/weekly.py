"""Ends the weekly mail: from its own link with one button, or from the mail program's unsubscribe button at once."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from vocero.lib import clock
from vocero.notices import weekly
from vocero.web.access import public


@public
@csrf_exempt  # the token in the address is the permission: mail programs post here by themselves (RFC 8058)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: HttpRequest, token: str) -> HttpResponse:
    """Ask with one button (opening a link must end nothing: mail scanners open links), or end it."""
    now = clock.now()
    if not weekly.is_ours(token, at=now):
        raise Http404
    ended = request.method == "POST" and weekly.stop(token, at=now)
    return render(request, "public/weekly_stop.html", {"ended": ended})

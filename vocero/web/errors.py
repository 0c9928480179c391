"""Error pages in plain words."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import escape
from django.utils.translation import gettext as _


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The request could not be understood."""
    return render(request, "errors/400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The page had been open too long, or the request came from elsewhere."""
    return render(request, "errors/403.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """There is nothing here, or nothing for this reader."""
    return render(request, "errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Something of ours broke; nothing of the reader's is lost. Says so even when the database is what broke."""
    try:
        return render(request, "errors/500.html", status=500)
    except Exception:  # the page's frame asks the database  # noqa: BLE001
        words = _("Something on our side broke. Nothing of yours is lost. Please try again in a minute.")
        title = escape(_("This did not work"))
        page = f'<!doctype html><meta charset="utf-8"><title>{title}</title><h1>{title}</h1><p>{escape(words)}</p>'
        return HttpResponse(page, status=500)

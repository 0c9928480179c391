"""Serves stored pictures by their random key."""

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from vocero.company.files import read_file
from vocero.company.queries import stored_file
from vocero.web.access import public


@public
@require_safe
def stored(request: HttpRequest, key: str) -> HttpResponse:
    """Give a picture; its key never changes its content, so browsers may keep it for ever."""
    file = stored_file(key)
    if file is None:
        raise Http404
    if request.headers.get("If-None-Match") == f'"{file.sha256[:32]}"':
        return HttpResponse(status=304)
    try:
        content = read_file(file)
    except FileNotFoundError as error:
        raise Http404 from error
    response = HttpResponse(content, content_type=file.content_type)
    for name, value in {
        "Cache-Control": "public, max-age=31536000, immutable",
        "ETag": f'"{file.sha256[:32]}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": "inline",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }.items():
        response.headers[name] = value
    return response

"""What every page knows about the house it belongs to."""

from typing import Any

from django.http import HttpRequest

from vocero.company.queries import installation
from vocero.company.revisions import Seen, seen


def house(request: HttpRequest) -> dict[str, Any]:
    """Give every template `house`: the Installation row, or None before set-up."""
    return {"house": seen_by(request).installation if request.method in {"GET", "HEAD"} else installation()}


def seen_by(request: HttpRequest) -> Seen:
    """Give the house as it was when the request came in; read once for all."""
    known: Seen | None = getattr(request, "seen", None)
    return known if known is not None else seen()

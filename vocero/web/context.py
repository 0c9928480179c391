"""What every page knows about the house it belongs to."""

from typing import Any

from django.http import HttpRequest

from vocero.company.queries import installation


def house(request: HttpRequest) -> dict[str, Any]:
    """Give every template `house`: the Installation row, or None before set-up."""
    return {"house": installation()}

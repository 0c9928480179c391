"""REST version 1, under `/api/v1/`, described in OpenAPI 3.1 at `/api/v1/openapi.json`."""

from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver
from ninja import NinjaAPI
from ninja.errors import ValidationError

from vocero.api import conversions

AUDIENCE: Final = "api"

api = NinjaAPI(
    title="Vocero",
    version="1",
    description=(
        "Report conversions, so that the colleague whose link led to them is thanked. "
        "Every error is JSON with `detail`; with 422 `fields` says what to mend."
    ),
    urls_namespace="api-v1",
    docs_url=None,
    openapi_url="/openapi.json",
)
api.add_router("/conversions", conversions.router)
api.add_router("/sites", conversions.sites)


@api.exception_handler(ValidationError)
def wrong_fields(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Say which fields cannot be used, and why."""
    fields = [
        {"field": ".".join(str(part) for part in found["loc"][2:]) or "body", "message": str(found["msg"])}
        for found in error.errors
    ]
    return api.create_response(request, {"detail": "Some fields cannot be used.", "fields": fields}, status=422)


def addresses() -> tuple[list[URLPattern | URLResolver], str, str]:
    """Give the addresses of the API, each view marked with its audience for the test that walks them all."""
    patterns, app, namespace = api.urls
    for pattern in patterns:
        if isinstance(pattern, URLPattern):
            mark: Any = pattern.callback
            mark.audience = AUDIENCE
    return patterns, app, namespace

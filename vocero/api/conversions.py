"""Conversions over the API: reported from a server with a secret key, or by the public script of a website."""

from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import Path as InPath
from ninja import Router, Status
from ninja.errors import HttpError
from ninja.security import HttpBearer

from vocero.api.limits import PerMinute
from vocero.api.schemas import NewConversion, Problem, SiteConversion, StoredConversion, WrongFields
from vocero.company.api_keys import WRITE_CONVERSIONS, find_secret_key, find_site_key
from vocero.company.models import ApiKey
from vocero.lib import clock
from vocero.tracking import conversions
from vocero.tracking.click_token import click_key, read_token
from vocero.tracking.conversions import Conflict, NotAMoment, Reported
from vocero.tracking.models import Conversion
from vocero.tracking.visitors import client_address, network_part

SCRIPT: Final = Path(__file__).with_name("site.js")
_PER_VISITOR = PerMinute(30)
_PER_SITE = PerMinute(1200)
_PER_KEY = PerMinute(6000)

router = Router(tags=["conversions"])
sites = Router(tags=["sites"])


class SecretKey(HttpBearer):
    """A secret API key as bearer token: `Authorization: Bearer vsk_…`."""

    def authenticate(self, request: HttpRequest, token: str) -> ApiKey | None:
        """Give the key that the token is, if it may report conversions."""
        return find_secret_key(token, scope=WRITE_CONVERSIONS, at=clock.now())


_ERRORS: Final[dict[int, Any]] = {401: Problem, 404: Problem, 409: Problem, 422: WrongFields, 429: Problem}


@router.post(
    "",
    auth=SecretKey(),
    response={200: StoredConversion, 201: StoredConversion, **_ERRORS},
    summary="Report a conversion",
    operation_id="report_conversion",
)
def report(request: HttpRequest, body: NewConversion) -> Any:
    """Store a conversion: 201 when it is new, 200 when it was reported before. The same id with another content is 409.

    Without a click it is counted but nobody is credited; a click that has not come in yet is waited for.
    """
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    if not _PER_KEY.admits(key.pk):
        raise HttpError(429, "Too many requests in this minute.")
    return _store(key, body)


@router.get(
    "/{external_id}",
    auth=SecretKey(),
    response={200: StoredConversion, 401: Problem, 404: Problem, 422: WrongFields},
    summary="Look up a conversion",
    operation_id="look_up_conversion",
)
def look_up(request: HttpRequest, external_id: InPath[str]) -> Any:
    """Give a conversion that a server reported, by your own id."""
    key: ApiKey = request.auth  # type: ignore[attr-defined]
    if "\0" in external_id:
        raise HttpError(404, "There is no such conversion.")
    found = Conversion.objects.filter(program=key.program, external_id=external_id, verified=True).first()
    if found is None:
        raise HttpError(404, "There is no such conversion.")
    return StoredConversion.of(found, duplicate=False)


@sites.post(
    "/{key}/conversions",
    auth=None,
    response={200: StoredConversion, 201: StoredConversion, 403: Problem, **_ERRORS},
    summary="Report a conversion from a web page",
    operation_id="report_site_conversion",
)
def report_from_site(request: HttpRequest, response: HttpResponse, key: InPath[str], body: SiteConversion) -> Any:
    """What the script of a site sends. The key is public and may only write, and only from its own site."""
    address = client_address(
        request.META.get("REMOTE_ADDR", ""),
        request.META.get("HTTP_X_FORWARDED_FOR"),
        settings.ENVIRONMENT.trusted_proxies,
    )
    if not _PER_VISITOR.admits(network_part(address)) or not _PER_SITE.admits(key):
        raise HttpError(429, "Too many requests in this minute.")
    found = find_site_key(key, at=clock.now())
    if found is None:
        raise HttpError(404, "There is no such site.")
    if request.headers.get("Origin") != found.origin:
        raise HttpError(403, "This key belongs to another site.")
    response["Access-Control-Allow-Origin"] = found.origin
    response["Vary"] = "Origin"
    return _store(found, body)


@sites.get("/script.js", auth=None, include_in_schema=False)
def script(request: HttpRequest) -> HttpResponse:
    """Give the script that a site puts into its pages."""
    answer = HttpResponse(_script(), content_type="text/javascript; charset=utf-8")
    answer["Cache-Control"] = "public, max-age=3600"
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


@lru_cache(maxsize=1)
def _script() -> bytes:
    return SCRIPT.read_bytes()


def _store(key: ApiKey, body: NewConversion) -> Any:
    at = clock.now()
    click_id = read_token(body.click, click_key(settings.SECRET_KEY)) if body.click else None
    reported = Reported(
        external_id=body.id,
        kind=body.kind,
        money=body.money(),
        at=body.occurred_at or at,
        click_id=click_id,
        has_unknown_click=bool(body.click) and click_id is None,
        is_test=body.test,
    )
    try:
        conversion, is_new = conversions.record_conversion(key, reported, at=at)
    except Conflict as refusal:
        return Status(409, {"detail": str(refusal)})
    except NotAMoment as refusal:
        return Status(422, {"detail": str(refusal), "fields": [{"field": "occurred_at", "message": str(refusal)}]})
    return Status(201 if is_new else 200, StoredConversion.of(conversion, duplicate=not is_new))

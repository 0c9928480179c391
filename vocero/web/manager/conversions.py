"""Connecting conversions: a line for a website or a key for a server, a test that is seen to arrive, and its deletion."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from vocero.company import api_keys
from vocero.company.models import ApiKey
from vocero.company.queries import house, main_program
from vocero.company.services import change_conversion_window
from vocero.lib import clock
from vocero.lib.errors import Refusal
from vocero.people.models import Member
from vocero.tracking.conversions import delete_tests
from vocero.tracking.queries import Traffic, traffic
from vocero.web.access import manager, owner, signed_in
from vocero.web.toasts import say

PAGE: Final = "manager/conversions.html"
_SHOWN: Final = timedelta(days=30)
_LINE: Final = '<script async src="{base}/api/v1/sites/script.js" data-key="{key}"></script>'
_CALL: Final = """<script>
  (window.vocero = window.vocero || []).push({id: "order-1234", kind: "purchase", value: "49.90", currency: "EUR"});
</script>"""
_CURL: Final = """curl {base}/api/v1/conversions \\
  -H "Authorization: Bearer {secret}" -H "Content-Type: application/json" \\
  -d '{{"id": "test-1", "kind": "purchase", "value": "49.90", "currency": "EUR", "test": true}}'"""


@dataclass(frozen=True, slots=True)
class Row:
    """A key with what came in by it in the last 30 days, and what to copy."""

    key: ApiKey
    traffic: Traffic
    line: str = ""
    test_url: str = ""


@manager
def conversions(request: HttpRequest) -> HttpResponse:
    """All websites and servers that report conversions."""
    return _page(request)


@manager
@require_POST
def add_site(request: HttpRequest) -> HttpResponse:
    """Connect a website; its line to copy stands on the page then."""
    origin = request.POST.get("origin", "")
    try:
        key = api_keys.make_site_key(main_program(), origin=origin, at=clock.now(), actor=signed_in(request).public_id)
    except Refusal as refusal:
        return _page(request, status=422, typed=origin, error=str(refusal))
    say(request, _("Copy the line into your pages now, then press Test."))
    return redirect(f"/manage/settings/conversions#key-{key.public_id}")


@manager
@require_POST
def add_key(request: HttpRequest) -> HttpResponse:
    """Make a secret key for a server; the answer is the only page that ever shows it."""
    name, origin = request.POST.get("name", ""), request.POST.get("site", "")
    if not name.strip():
        return _page(request, status=422, key_error=_("Please give the key a name, such as Shop."), key_site=origin)
    try:
        made = api_keys.make_secret_key(
            main_program(), name=name, origin=origin, at=clock.now(), actor=signed_in(request).public_id
        )
    except Refusal as refusal:
        return _page(request, status=422, key_name=name, key_site=origin, site_error=str(refusal))
    response = _page(request, made=made)
    response["Cache-Control"] = "no-store"
    return response


@manager
@require_POST
def one(request: HttpRequest, public_id: str) -> HttpResponse:
    """Disconnect a website or a server, or delete its tests."""
    key = _key(public_id)
    if request.POST.get("do") == "delete-tests":
        delete_tests(key)
        say(request, _("The test is deleted."))
    else:
        api_keys.revoke_key(key, at=clock.now(), actor=signed_in(request).public_id)
        say(request, _("Disconnected. What it reported stays."))
    return redirect("manager:settings-conversions")


@manager
def test(request: HttpRequest, public_id: str) -> HttpResponse:
    """Give the state of a key's test, for the page that waits for it."""
    return render(request, f"{PAGE}#test", {"row": _rows([_key(public_id)])[0], "waits": True})


@owner
@require_POST
def window(request: HttpRequest) -> HttpResponse:
    """Change within how many days after a click a result is credited; for what comes in from now on."""
    given = request.POST.get("days", "").strip()
    try:
        change_conversion_window(house(), days=int(given), actor=signed_in(request).public_id, at=clock.now())
    except (ValueError, Refusal):
        messages.error(request, _("Please give a number of days from 1 to 365."))
    else:
        messages.success(request, _("Saved. It holds for results that come in from now on."))
    return redirect("manager:settings-conversions")


def _page(
    request: HttpRequest, *, status: int = 200, made: tuple[ApiKey, str] | None = None, **more: str
) -> HttpResponse:
    keys = ApiKey.objects.filter(program=main_program(), revoked_at=None).order_by("pk")
    rows = _rows(list(keys))
    context = {
        "sites": [row for row in rows if row.key.kind == ApiKey.Kind.SITE],
        "servers": [row for row in rows if row.key.kind == ApiKey.Kind.SECRET],
        "call": _CALL,
        "is_owner": signed_in(request).role == Member.Role.OWNER,
        "window": house().conversion_window_days,
        "made": made[0] if made else None,
        "secret": made[1] if made else "",
        "curl": _CURL.format(base=house().base_url, secret=made[1]) if made else "",
        **more,
    }
    return render(request, PAGE, context, status=status)


def _rows(keys: list[ApiKey]) -> list[Row]:
    base = house().base_url
    found = traffic(keys, since=clock.now() - _SHOWN)
    return [
        Row(
            key,
            found[key.pk],
            line=_LINE.format(base=base, key=key.public_id),
            test_url=f"{key.origin}/?vclick=test" if key.origin else "",
        )
        for key in keys
    ]


def _key(public_id: str) -> ApiKey:
    key = ApiKey.objects.filter(program=main_program(), public_id=public_id, revoked_at=None).first()
    if key is None:
        raise Http404
    return key

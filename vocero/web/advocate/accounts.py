"""Connecting my own accounts: Mastodon by its consent page, Bluesky by an app password; and disconnecting."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from vocero.company.queries import house
from vocero.lib.clock import now
from vocero.networks import services as networks
from vocero.networks.base import ConnectsByOAuth, ConnectsByPassword
from vocero.networks.models import Account
from vocero.networks.queries import label_of
from vocero.networks.reasons import NetworkRefusal
from vocero.networks.registry import UnknownNetwork, get_network
from vocero.web.access import advocate, signed_in

_NEXT = "connect_next"


@advocate
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def connect(request: HttpRequest, network: str) -> HttpResponseBase:
    """Ask for the server or the app password, and connect."""
    try:
        adapter = get_network(network)
    except UnknownNetwork as error:
        raise Http404 from error
    if not isinstance(adapter, ConnectsByOAuth | ConnectsByPassword):
        raise Http404
    following = _next(request)
    if following:
        request.session[_NEXT] = following
    by_password = isinstance(adapter, ConnectsByPassword)
    typed = {name: request.POST.get(name, "").strip() for name in ("server", "handle")}
    context = {"network": network, "label": adapter.label, "by_password": by_password, "typed": typed}
    if request.method != "POST":
        return render(request, "advocate/connect.html", context)
    try:
        if by_password:
            return _with_password(request, network, typed)
        address = networks.begin_connect(
            signed_in(request), network=network, server=typed["server"], redirect_uri=_return_address(), at=now()
        )
    except NetworkRefusal as refusal:
        context |= {"error": str(refusal), "error_field": refusal.field or ""}
        return render(request, "advocate/connect.html", context, status=422)
    return redirect(address)


@advocate
@require_safe
def connected(request: HttpRequest) -> HttpResponseBase:
    """Where a network's consent page sends the member back to."""
    try:
        account = networks.connect_account(
            signed_in(request), state=request.GET.get("state", ""), code=request.GET.get("code", ""), at=now()
        )
    except NetworkRefusal as refusal:
        messages.warning(request, str(refusal))
        return redirect("advocate:me")
    return _done(request, account)


@advocate
@require_POST
def disconnect(request: HttpRequest, public_id: str) -> HttpResponseBase:
    """Disconnect one of my accounts; what is planned with it is not sent."""
    account = Account.objects.filter(member=signed_in(request), public_id=public_id).first()
    if account is None:
        raise Http404
    networks.disconnect_account(account, at=now())
    told = {"network": label_of(account.network)}
    messages.success(request, _("%(network)s is disconnected. We can post nothing there any more.") % told)
    return redirect("advocate:me")


def _with_password(request: HttpRequest, network: str, typed: dict[str, str]) -> HttpResponseBase:
    account = networks.connect_account_with_password(
        signed_in(request),
        network=network,
        handle=typed["handle"],
        password=request.POST.get("password", "").strip(),
        server=typed["server"],
        at=now(),
    )
    return _done(request, account)


def _done(request: HttpRequest, account: Account) -> HttpResponseBase:
    told = {"network": label_of(account.network), "handle": account.handle}
    messages.success(request, _("%(network)s is connected as %(handle)s.") % told)
    return redirect(request.session.pop(_NEXT, "") or "advocate:me")


def _return_address() -> str:
    return f"{house().base_url.rstrip('/')}{reverse('advocate:me-connected')}"


def _next(request: HttpRequest) -> str:
    wanted = request.GET.get("next", "")
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()) else ""

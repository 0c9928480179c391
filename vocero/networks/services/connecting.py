"""Connect and disconnect a member's accounts."""

import base64
import hashlib
import logging
from datetime import datetime, timedelta

from django.db import transaction

from vocero.lib import crypto
from vocero.lib.ids import random_base62
from vocero.lib.tokens import BadToken, fingerprint, sign, unsign
from vocero.networks import reasons, vault
from vocero.networks.base import (
    App,
    Connected,
    ConnectsByOAuth,
    ConnectsByPassword,
    NetworkError,
    Reconnect,
    Refused,
    TryLater,
)
from vocero.networks.models import Account, InstanceApp
from vocero.networks.registry import UnknownNetwork, get_network
from vocero.networks.services.audience import adapter_of, keep_followers
from vocero.people.models import Member

logger = logging.getLogger(__name__)

CONNECT_WITHIN = timedelta(minutes=30)
_CONNECT_SECONDS = 15.0
_UNUSED_APP_LIVES = timedelta(hours=12)  # Mastodon clears apps without tokens after a day
_STATE, _PKCE = "networks.connect", "networks.pkce"


def begin_connect(member: Member, *, network: str, server: str, redirect_uri: str, at: datetime) -> str:
    """Give the address of the network's consent page for this member.

    `server` is what the member typed, `redirect_uri` the page that the network sends them back to. The state in the
    address is signed, bound to the member and good for half an hour. Raises NetworkRefusal.
    """
    adapter = _oauth(network)
    instance = adapter.server(server)
    if not instance:
        raise reasons.bad_server()
    try:
        app = _app_for(adapter, network, instance=instance, redirect_uri=redirect_uri, at=at)
    except NetworkError as error:
        raise reasons.no_answer(server.strip()) from error
    nonce = random_base62(20)
    state = sign(_STATE, {"m": member.public_id, "n": network, "i": instance, "x": nonce}, at=at)
    digest = hashlib.sha256(fingerprint(_PKCE, nonce).encode()).digest()
    return adapter.consent_url(app, state=state, challenge=base64.urlsafe_b64encode(digest).rstrip(b"=").decode())


def connect_account(member: Member, *, state: str, code: str, at: datetime) -> Account:
    """Finish what `begin_connect` began, with what the network sent back. Raises NetworkRefusal.

    An empty `code` means that the member said no on the consent page.
    """
    try:
        began = unsign(_STATE, state, at=at, max_age=CONNECT_WITHIN)
    except BadToken as error:
        raise reasons.stale_connection() from error
    if began["m"] != member.public_id:
        raise reasons.stale_connection()
    if not code:
        raise reasons.consent_declined()
    adapter = _oauth(began["n"])
    row = InstanceApp.objects.filter(network=began["n"], instance=began["i"]).first()
    if row is None:
        raise reasons.stale_connection()
    try:
        connected = adapter.connect(vault.open_app(row), code=code, verifier=fingerprint(_PKCE, began["x"]))
    except Reconnect as error:
        raise reasons.consent_declined() from error
    except (NetworkError, crypto.Undecipherable) as error:
        raise reasons.no_answer(began["i"]) from error
    return _keep(member, began["n"], connected, at=at)


def connect_account_with_password(
    member: Member, *, network: str, handle: str, password: str, server: str = "", at: datetime
) -> Account:
    """Connect an account by its name and an app password, which is not kept. Raises NetworkRefusal."""
    adapter = adapter_of(network)
    if not isinstance(adapter, ConnectsByPassword):
        raise reasons.no_such_network()
    try:
        connected = adapter.connect_with_password(
            instance=server, handle=handle, password=password, seconds=_CONNECT_SECONDS
        )
    except Reconnect as error:
        raise reasons.not_accepted() from error
    except Refused as error:
        if error.reason == "address":
            raise reasons.bad_server() from error
        raise reasons.NetworkRefusal(reasons.REASONS[error.reason], field="password") from error
    except NetworkError as error:
        raise reasons.no_answer(server.strip() or handle.strip()) from error
    return _keep(member, network, connected, at=at)


def disconnect_account(account: Account, *, at: datetime) -> None:
    """Destroy an account's tokens, then end the connection on the network's side if it answers; tells nobody."""
    try:
        login = vault.login_of(account, at=at, seconds=10)
    except (Reconnect, TryLater):
        login = None
    Account.objects.filter(pk=account.pk).update(
        credentials=None, state=Account.State.DISCONNECTED, expires_at=None, disconnected_at=at
    )
    account.refresh_from_db()
    if login is None:
        return
    row = InstanceApp.objects.filter(network=account.network, instance=account.instance).first()
    try:
        get_network(account.network).disconnect(login, vault.open_app(row) if row else None)
    except (NetworkError, UnknownNetwork, crypto.Undecipherable) as error:
        logger.info("%s did not take back a token: %s", account.network, type(error).__name__)


def disconnect_member(member: Member, *, at: datetime) -> int:
    """Disconnect all accounts of a member; gives how many there were."""
    accounts = list(Account.objects.filter(member=member).exclude(state=Account.State.DISCONNECTED))
    for account in accounts:
        disconnect_account(account, at=at)
    return len(accounts)


def _oauth(network: str) -> ConnectsByOAuth:
    adapter = adapter_of(network)
    if not isinstance(adapter, ConnectsByOAuth):
        raise reasons.no_such_network()
    return adapter


def _app_for(adapter: ConnectsByOAuth, network: str, *, instance: str, redirect_uri: str, at: datetime) -> App:
    """Give our registration on an instance: the stored one as long as it is sure to exist there, else a new one."""
    row = InstanceApp.objects.filter(network=network, instance=instance, redirect_uri=redirect_uri).first()
    if row is not None and _is_alive(row, at):
        try:
            return vault.open_app(row)
        except crypto.Undecipherable:
            logger.warning("the app registration on %s cannot be opened, making a new one", instance)
    house = _house_of(redirect_uri)
    app = adapter.register(instance, redirect_uri, name="Vocero", website=house)
    InstanceApp.objects.update_or_create(
        network=network,
        instance=instance,
        defaults={
            "client_id": app.client_id,
            "credentials": crypto.encrypt(app.client_secret, bound_to=vault.app_binding(network, instance)),
            "redirect_uri": redirect_uri,
            "created_at": at,
        },
    )
    return app


def _is_alive(row: InstanceApp, at: datetime) -> bool:
    used = Account.objects.filter(network=row.network, instance=row.instance, state=Account.State.CONNECTED)
    return at - row.created_at < _UNUSED_APP_LIVES or used.exists()


def _house_of(url: str) -> str:
    """Give scheme and host of an address."""
    return "/".join(url.split("/")[:3])


@transaction.atomic
def _keep(member: Member, network: str, connected: Connected, *, at: datetime) -> Account:
    account = Account.objects.filter(
        member=member, network=network, instance=connected.instance, remote_id=connected.remote_id
    ).first() or Account(
        member=member, network=network, instance=connected.instance, remote_id=connected.remote_id, connected_at=at
    )
    account.handle = connected.handle
    account.credentials = vault.seal_account(account, connected.credentials)
    account.limits = dict(connected.limits)
    account.state = Account.State.CONNECTED
    account.connected_at = at
    account.expires_at = at + connected.lives_for if connected.lives_for else None
    account.refresh_started_at = account.refreshed_at = account.reconnect_asked_at = account.disconnected_at = None
    account.followers_due_at = None if connected.followers is None else at + timedelta(days=1)
    account.save()
    if connected.followers is not None:
        keep_followers(member, network, connected.followers, at=at)
    return account

"""Connect, refresh and disconnect accounts, act on networks with them, and record audiences."""

import base64
import hashlib
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from vocero.lib import crypto
from vocero.lib.ids import random_base62
from vocero.lib.tokens import BadToken, fingerprint, sign, unsign
from vocero.networks import reasons, vault
from vocero.networks.base import (
    ATTEMPT_SECONDS,
    App,
    Channel,
    Connected,
    ConnectsByOAuth,
    ConnectsByPassword,
    Draft,
    Engagement,
    Login,
    NetworkError,
    Published,
    Reconnect,
    Refused,
    TryLater,
    Unclear,
)
from vocero.networks.models import Account, Audience, InstanceApp, NetworkChoice
from vocero.networks.registry import UnknownNetwork, get_network, network_names
from vocero.people.models import Member

logger = logging.getLogger(__name__)

CONNECT_WITHIN = timedelta(minutes=30)
REFRESH_FLOOR = timedelta(minutes=10)
"""Between two refreshes of an account: a network that keeps saying "expired" must not become a loop."""
_REFRESH_RUNS = timedelta(seconds=90)
_SOON = timedelta(seconds=30)
_CONNECT_SECONDS = 15.0
_READING_SECONDS = 10.0  # one slow server must not hold up what is read from others
_UNUSED_APP_LIVES = timedelta(hours=12)  # Mastodon clears apps without tokens after a day
_STATE, _PKCE = "networks.connect", "networks.pkce"


# Connecting


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
    adapter = _adapter(network)
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


def note_reconnect_asked(account: Account, *, at: datetime) -> None:
    """Remember that the member was asked to connect this account again."""
    Account.objects.filter(pk=account.pk).update(reconnect_asked_at=at)


# Acting


def publish(network: str, *, account: Account | None, draft: Draft, key: str, at: datetime) -> Published:
    """Post a draft within 30 seconds. Raises TryLater, Reconnect, Refused or Unclear.

    `account` is None on the practice network only. A lapsed token is refreshed on the way; an account that must be
    connected again is marked so.
    """
    adapter = get_network(network)
    return _act(network, account, lambda login: adapter.publish(login, draft, key), at=at)


def find(
    network: str, *, account: Account | None, draft: Draft, key: str, first_sent_at: datetime, at: datetime
) -> Published | None:
    """Say what became of an unclear attempt: the post, or None when it is certainly not there.

    Raises Unclear when that cannot (any more) be told, else as `publish`. Not to be asked before
    `retry.settles_after` has passed since the attempt began.
    """
    adapter = get_network(network)
    if not adapter.retry.can_find(first_sent_at=first_sent_at, at=at):
        raise Unclear
    return _act(network, account, lambda login: adapter.find(login, draft, key), at=at)


def withdraw(network: str, *, account: Account | None, remote_id: str, at: datetime) -> None:
    """Take a post down. Raises TryLater, Reconnect, or Refused("unsupported") where the network does not let us."""
    adapter = get_network(network)
    if not adapter.withdraws:
        raise Refused("unsupported")
    _act(network, account, lambda login: adapter.withdraw(login, remote_id), at=at)


def read_engagement(network: str, *, account: Account | None, remote_id: str, at: datetime) -> Engagement | None:
    """Read a post's totals, None when the network does not tell (now). Raises as `publish`; Refused("gone")."""
    adapter = get_network(network)
    if not adapter.tells_engagement:
        return None
    return _act(network, account, lambda login: adapter.engagement(login, remote_id), at=at, seconds=_READING_SECONDS)


def refresh_account(account: Account, *, at: datetime) -> Login:
    """Trade an account's credentials for fresh ones, once, however many ask for it at the same time.

    The intent is stored before the call, its moment is the fence: a worker that woke up late saves nothing. Two
    refreshes are at least ten minutes apart. Raises TryLater or Reconnect (the account is then marked).
    """
    free = Q(refresh_started_at=None) | Q(refresh_started_at__lte=at - REFRESH_FLOOR)
    mine = Account.objects.filter(free, pk=account.pk, state=Account.State.CONNECTED).update(refresh_started_at=at)
    account.refresh_from_db()
    login = vault.login_of(account, at=at)
    adapter = get_network(account.network)
    if not mine:
        if account.refreshed_at and account.refreshed_at == account.refresh_started_at and not adapter.is_stale(login):
            return login  # somebody else has just done it
        raise TryLater(_until_free(account, at))
    try:
        connected = adapter.refresh(login)
    except Reconnect:
        ask_to_reconnect(account, at=at)
        raise
    except TryLater as error:
        _release(account, started_at=at, after=max(error.after or _SOON, _SOON))
        raise
    except (Unclear, Refused) as error:
        raise TryLater(REFRESH_FLOOR) from error
    saved = Account.objects.filter(pk=account.pk, refresh_started_at=at, state=Account.State.CONNECTED).update(
        credentials=vault.seal_account(account, connected.credentials),
        refreshed_at=at,
        expires_at=at + connected.lives_for if connected.lives_for else None,
    )
    if not saved:
        raise TryLater(_SOON)
    account.refresh_from_db()
    return vault.login_of(account, at=at)


def ask_to_reconnect(account: Account, *, at: datetime) -> None:
    """Mark an account that its network no longer lets us use and destroy its tokens; the member is asked by mail."""
    Account.objects.filter(pk=account.pk, state=Account.State.CONNECTED).update(
        state=Account.State.RECONNECT, credentials=None, expires_at=None, reconnect_asked_at=None
    )
    account.refresh_from_db()


# Audience and choice


def record_audience(member: Member, *, network: str, low: int, high: int, at: datetime) -> Audience:
    """Record the rough range of followers that a member entered. Raises NetworkRefusal for an unknown network."""
    _adapter(network)
    low, high = sorted((max(low, 0), max(high, 0)))
    return _record(member, network, low=low, high=high, origin=Audience.Origin.ENTERED, at=at)


def forget_audience(member: Member, *, network: str) -> None:
    """Remove what a member entered for a network; a number that the network told stays."""
    Audience.objects.filter(member=member, network=network, origin=Audience.Origin.ENTERED).delete()


def read_audience(account: Account, *, at: datetime) -> Audience | None:
    """Ask the network for an account's followers and record the number; None when it does not tell. As `publish`."""
    adapter = get_network(account.network)
    if not adapter.tells_followers:
        return None
    number = _act(account.network, account, adapter.followers, at=at, seconds=_READING_SECONDS)
    return None if number is None else _record_read(account.member, account.network, number, at=at)


@transaction.atomic
def choose_networks(member: Member, *, names: Sequence[str]) -> None:
    """Put these networks first for a member, in this order; unknown names are dropped."""
    NetworkChoice.objects.filter(member=member).delete()
    known = [name for name in dict.fromkeys(names) if name in network_names()]
    NetworkChoice.objects.bulk_create(
        NetworkChoice(member=member, network=name, position=position) for position, name in enumerate(known)
    )


# Parts


def _act[T](
    network: str, account: Account | None, do: Callable[[Login], T], *, at: datetime, seconds: float = ATTEMPT_SECONDS
) -> T:
    """Do something with an account's credentials, refreshed before when they lapse, once more when they had lapsed."""
    if account is None:
        if get_network(network).channel is not Channel.PRACTICE:
            raise Reconnect
        return do(Login("", "", "", {}, at))
    ends = time.monotonic() + seconds
    try:
        login = vault.login_of(account, at=at)
        if get_network(network).is_stale(login):
            login = refresh_account(account, at=at)
        try:
            return do(replace(login, seconds=ends - time.monotonic()))
        except TryLater as error:
            if not error.stale:
                raise
        _refuse_loop(account, at)
        login = refresh_account(account, at=at)
        return do(replace(login, seconds=ends - time.monotonic()))
    except TryLater as error:
        if not error.stale:
            raise
        ask_to_reconnect(account, at=at)  # fresh, and still not taken
        raise Reconnect from error
    except Reconnect:
        ask_to_reconnect(account, at=at)
        raise


def _refuse_loop(account: Account, at: datetime) -> None:
    """A token that was refreshed a moment ago and is called lapsed will not get better by another refresh."""
    account.refresh_from_db()
    if account.refreshed_at and at - account.refreshed_at < REFRESH_FLOOR:
        raise TryLater(stale=True)


def _until_free(account: Account, at: datetime) -> timedelta:
    started_at = account.refresh_started_at or at
    running = account.refreshed_at != started_at and at - started_at < _REFRESH_RUNS
    return _SOON if running else max(started_at + REFRESH_FLOOR - at, _SOON)


def _release(account: Account, *, started_at: datetime, after: timedelta) -> None:
    """Let the next refresh begin after a while; certainly nothing was used up by this one."""
    Account.objects.filter(pk=account.pk, refresh_started_at=started_at).update(
        refresh_started_at=started_at - REFRESH_FLOOR + min(after, REFRESH_FLOOR)
    )


def _adapter(network: str) -> object:
    try:
        return get_network(network)
    except UnknownNetwork as error:
        raise reasons.no_such_network() from error


def _oauth(network: str) -> ConnectsByOAuth:
    adapter = _adapter(network)
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
    house = urlname(redirect_uri)
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


def urlname(url: str) -> str:
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
        _record_read(member, network, connected.followers, at=at)
    return account


def _record_read(member: Member, network: str, number: int, *, at: datetime) -> Audience:
    return _record(member, network, low=number, high=number, origin=Audience.Origin.READ, at=at)


def _record(member: Member, network: str, *, low: int, high: int, origin: Audience.Origin, at: datetime) -> Audience:
    most = 2_000_000_000
    values = {"low": min(low, most), "high": min(high, most), "origin": origin, "updated_at": at}
    return Audience.objects.update_or_create(member=member, network=network, defaults=values)[0]

"""Put credentials into rows and take them out: encrypted, bound to their row, never kept in the open."""

import json
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from vocero.lib import crypto
from vocero.networks.base import ATTEMPT_SECONDS, App, Login, Reconnect, TryLater
from vocero.networks.models import Account, InstanceApp

logger = logging.getLogger(__name__)

_MENDING = timedelta(minutes=10)


def seal_account(account: Account, credentials: Mapping[str, str]) -> bytes:
    """Encrypt an account's credentials for its own row."""
    return crypto.encrypt(json.dumps(dict(credentials)), bound_to=account_binding(account))


def login_of(account: Account, *, at: datetime, seconds: float = ATTEMPT_SECONDS) -> Login:
    """Open an account's credentials for one action.

    Raises Reconnect when there are none, TryLater when their key is not on the ring: that is for the operator to mend.
    """
    if account.credentials is None or account.state != Account.State.CONNECTED:
        raise Reconnect
    try:
        opened = crypto.decrypt(account.credentials, bound_to=account_binding(account))
    except crypto.Undecipherable as error:
        logger.error(
            "the credentials of a %s account cannot be opened: is a key missing in VOCERO_KEYS?", account.network
        )
        raise TryLater(_MENDING) from error
    return Login(
        remote_id=account.remote_id,
        handle=account.handle,
        instance=account.instance,
        credentials=json.loads(opened),
        at=at,
        limits=account.limits,
        seconds=seconds,
    )


def account_binding(account: Account) -> str:
    """Give what an account's credentials are bound to: its row, its network and its owner there."""
    return f"networks.account:{account.public_id}:{account.network}:{account.remote_id}"


def app_binding(network: str, instance: str) -> str:
    """Give what an app's secret is bound to: the one row of its network and instance."""
    return f"networks.instanceapp:{network}:{instance}"


def open_app(row: InstanceApp) -> App:
    """Open an app registration. Raises crypto.Undecipherable."""
    secret = crypto.decrypt(row.credentials, bound_to=app_binding(row.network, row.instance))
    return App(row.instance, row.client_id, secret, row.redirect_uri)

"""Move credentials to the newest key of the ring."""

import logging

from vocero.lib import crypto
from vocero.networks import vault
from vocero.networks.models import Account, InstanceApp

logger = logging.getLogger(__name__)


def rotate_keys() -> int:
    """Encrypt everything that an older key of the ring encrypted with the newest one; gives how many rows changed.

    It may be stopped and run again at any time. A row that changes meanwhile is left to the next run, and one whose key
    is not on the ring is left as it is.
    """
    changed = 0
    for account in Account.objects.exclude(credentials=None).order_by("pk").iterator(chunk_size=500):
        changed += _rotate(Account, account.pk, account.credentials, vault.account_binding(account))
    for app in InstanceApp.objects.order_by("pk").iterator(chunk_size=500):
        changed += _rotate(InstanceApp, app.pk, app.credentials, vault.app_binding(app.network, app.instance))
    return changed


def _rotate(
    model: type[Account] | type[InstanceApp], key: int, sealed: bytes | memoryview | None, bound_to: str
) -> int:
    former = bytes(sealed or b"")
    try:
        fresh = crypto.ring().rotate(former, bound_to=bound_to)
    except crypto.Undecipherable:
        logger.error("row %s of %s cannot be opened: is a key missing in VOCERO_KEYS?", key, model.__name__)
        return 0
    return 0 if fresh == former else model.objects.filter(pk=key, credentials=former).update(credentials=fresh)

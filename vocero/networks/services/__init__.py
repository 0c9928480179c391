"""Writes about networks: connect and disconnect, act with an account, record audiences, rotate keys."""

from vocero.networks.services.acting import (
    REFRESH_FLOOR,
    ask_to_reconnect,
    find,
    note_reconnect_asked,
    publish,
    read_audience,
    read_engagement,
    refresh_account,
    withdraw,
)
from vocero.networks.services.audience import choose_networks, forget_audience, record_audience
from vocero.networks.services.connecting import (
    CONNECT_WITHIN,
    begin_connect,
    connect_account,
    connect_account_with_password,
    disconnect_account,
    disconnect_member,
)
from vocero.networks.services.keys import rotate_keys

__all__ = [
    "CONNECT_WITHIN",
    "REFRESH_FLOOR",
    "ask_to_reconnect",
    "begin_connect",
    "choose_networks",
    "connect_account",
    "connect_account_with_password",
    "disconnect_account",
    "disconnect_member",
    "find",
    "forget_audience",
    "note_reconnect_asked",
    "publish",
    "read_audience",
    "read_engagement",
    "record_audience",
    "refresh_account",
    "rotate_keys",
    "withdraw",
]

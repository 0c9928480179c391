"""The keys that pages of feeds and lists begin after: plain values and moments, as a text for an address."""

import base64
import binascii
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any


def write_key(values: Sequence[Any]) -> str:
    """Give a key for an address."""
    plain = [one.isoformat() if isinstance(one, datetime) else one for one in values]
    return base64.urlsafe_b64encode(json.dumps(plain).encode()).rstrip(b"=").decode()


def read_key(key: str) -> list[Any]:
    """Read a key that `write_key` wrote, of a feed's or a list's page; anything else begins at the top."""
    try:
        values = json.loads(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)))
        match values:
            case [bool(), bool(), int(), bool(), str(), int()]:
                moment = datetime.fromisoformat(values[4])
                return [*values[:4], moment, values[5]] if moment.tzinfo else []
            case [int()]:
                return list(values)
    except (ValueError, binascii.Error):
        pass
    return []

"""Where a click comes from, roughly: a country and a class of network, from a memory-mapped table, never the address."""

from pathlib import Path
from typing import Any, Final

import maxminddb

from vocero.tracking.segment import NETWORK_ACCESS, NETWORK_HOSTING, NETWORK_UNKNOWN

TABLE: Final = Path(__file__).parent / "tables" / "iptoasn-country.mmdb"
NOWHERE: Final = (b"  ", NETWORK_UNKNOWN)

# Autonomous systems of the large hosting companies and clouds (public registry facts, 2026-11); used when the
# operator's own table tells the number of the autonomous system.
HOSTING_SYSTEMS: Final = frozenset(
    {
        16509, 14618, 8987, 7224, 15169, 396982, 19527, 8075, 8068, 31898, 14061, 16276, 24940, 213230, 20473, 63949,
        45102, 37963, 132203, 45090, 136907, 55990, 12876, 51167, 60781, 28753, 30633, 197540, 8560, 36351, 13335, 54113,
        20940, 16625, 9009, 62240, 212238, 60068, 53667, 36352, 46606, 26496, 29873, 19871, 22612, 47583, 44273, 33070,
        27357, 54825, 29802, 46562, 8100, 40676, 35916, 25820, 42831, 49981, 29066, 34619, 202425, 49505, 9123, 200350,
    }
)  # fmt: skip


class Places:
    """Looks addresses up in a table of the MMDB format; the built-in one knows countries, others may know more."""

    def __init__(self, table: Path | None = None) -> None:
        self._reader = maxminddb.open_database(table or TABLE, maxminddb.MODE_AUTO)

    def find(self, address: str) -> tuple[bytes, int]:
        """Give the two letters of the country (two spaces when unknown) and the class of the network."""
        try:
            row = self._reader.get(address)
        except ValueError:
            return NOWHERE
        if not isinstance(row, dict):
            return NOWHERE
        return _country(row), _network_class(row)


def _country(row: dict[str, Any]) -> bytes:
    code = row.get("country_code")
    if code is None and isinstance(row.get("country"), dict):
        code = row["country"].get("iso_code")
    if isinstance(code, str) and len(code) == 2 and code.isascii() and code.isalpha():
        return code.upper().encode()
    return NOWHERE[0]


def _network_class(row: dict[str, Any]) -> int:
    traits = row.get("traits")
    if isinstance(traits, dict) and traits.get("is_hosting_provider"):
        return NETWORK_HOSTING
    system = row.get("autonomous_system_number", row.get("asn"))
    if isinstance(system, str):
        system = int(system.upper().removeprefix("AS")) if system.upper().removeprefix("AS").isdigit() else None
    if not isinstance(system, int):
        return NETWORK_UNKNOWN
    return NETWORK_HOSTING if system in HOSTING_SYSTEMS else NETWORK_ACCESS

"""What a links process is told when it starts; made by `config` from the one table of settings."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class LinksSettings:
    """Folders, database and rules of one links process.

    `segments` is where clicks are written, `known` where known links and salts are kept. `sqlite` or `postgresql` (the
    arguments of psycopg's `connect`) says where the links are. `sync` is the setting VOCERO_CLICK_SYNC,
    `most_from_address` VOCERO_CLICKS_PER_ADDRESS.
    """

    segments: Path
    known: Path
    node: str
    base_url: str
    click_key: bytes = field(repr=False)
    sqlite: Path | None = None
    postgresql: Mapping[str, Any] | None = field(default=None, repr=False)
    trusted_proxies: int = 0
    sync: str = "local"
    places: Path | None = None
    most_links: int = 400_000
    most_from_address: int = 5_000

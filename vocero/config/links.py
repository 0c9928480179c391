"""Tells the tracked links what they need to know, without Django; granian starts `application` as the links process."""

import multiprocessing
import signal
from pathlib import Path
from typing import Any

from vocero.config import environment
from vocero.config.addresses import DatabaseAddress
from vocero.config.environment import Environment
from vocero.lib.processes import end_with_parent
from vocero.tracking.click_token import click_key
from vocero.tracking.links.settings import LinksSettings


def settings(told: Environment) -> LinksSettings:
    """What one process that answers links is told, made from the environment."""
    database = told.database
    return LinksSettings(
        segments=told.segments,
        known=told.data / "links",
        node=told.node,
        base_url=told.base_url,
        click_key=click_key(told.secret_key),
        sqlite=Path(database.name) if database.is_sqlite else None,
        postgresql=None if database.is_sqlite else _psycopg(database),
        trusted_proxies=told.trusted_proxies,
        sync=told.click_sync,
        places=told.geo_database,
        most_from_address=told.clicks_per_address,
    )


def _psycopg(database: DatabaseAddress) -> dict[str, Any]:
    """The arguments of psycopg's `connect`; what is not given is left to its own defaults."""
    given = {
        "dbname": database.name,
        "user": database.user,
        "password": database.password,
        "host": database.host,
        "port": database.port,
    }
    return {name: value for name, value in given.items() if value} | dict(database.options)


def __getattr__(name: str) -> Any:
    """Make `application` when a server asks for it: in its own process, which ends with the server."""
    if name != "application":
        raise AttributeError(name)
    from vocero.tracking.links.front_rsgi import Application

    if multiprocessing.parent_process() is not None:
        end_with_parent(signal.SIGKILL)
    return Application(settings(environment.load()))

"""Keeps what a links process knows fresh: learns links, hears of changes each second, has the days' salts at hand."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from vocero.tracking.links.database import (
    Card,
    DatabaseAway,
    LinkDatabase,
    PostgresLinks,
    SqliteLinks,
    Surroundings,
)
from vocero.tracking.links.days import Days, SaltFile, Zones
from vocero.tracking.links.settings import LinksSettings
from vocero.tracking.links.table import Journal, Known, LinkTable

_CHANGES_SECONDS: Final = 1.0
_SURROUNDINGS_SECONDS: Final = 10.0
_OVERLAP: Final = timedelta(seconds=60)
_PAUSE_AFTER_FAILURE: Final = 0.5


class Keeper:
    """The link table with what keeps it true: the database when it answers, the journal and the salt file when not."""

    def __init__(self, settings: LinksSettings) -> None:
        self.table = LinkTable(settings.most_links)
        self._asking = _database(settings)
        self._turn_to_ask = threading.Lock()
        self._watching = _database(settings)
        self._journal = Journal(settings.known)
        self._salt_file = SaltFile(settings.known)
        self._fresh: list[str] = []
        self._away_until = 0.0
        seen_us = self._journal.read_into(self.table)
        self._seen = datetime.fromtimestamp(seen_us / 1_000_000, UTC) if seen_us else datetime.now(UTC)
        zones, salts = self._salt_file.read()
        self.surroundings = Surroundings(zones, salts, "", "en", settings.base_url, frozenset())
        self.days = Days(zones, salts)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="links-keeper", daemon=True)

    def start(self) -> None:
        """Ask the database once, so that nothing withdrawn meanwhile is answered, then go on beside the visitors."""
        self._turn(surroundings=True)
        self._thread.start()

    def close(self) -> None:
        """Stop, and write down what was learned last."""
        self._stop.set()
        self._thread.join()
        self._write_down()
        self._journal.close()

    def look_up(self, token: str) -> Known | None:
        """Ask the database for one link and keep it; None when there is no such link. Raises DatabaseAway at once
        for half a second after it was away, so that visitors do not queue up before a database that hangs."""
        return self.look_up_many([token]).get(token)

    def look_up_many(self, tokens: list[str]) -> dict[str, Known]:
        """Ask the database for links and keep them, and what is absent too. Raises DatabaseAway."""
        rows = self._ask(lambda: self._asking.find(tokens))
        found = {row.token: self.table.learn(row) for row in rows}
        self._fresh.extend(found)
        for token in tokens:
            if token not in found:
                self.table.note_absent(token)
        return found

    def card(self, post_id: int) -> Card | None:
        """Give what a preview of a post shows. Raises DatabaseAway."""
        return self._ask(lambda: self._asking.card(post_id))

    def _ask[Told](self, question: Callable[[], Told]) -> Told:
        """Ask for a visitor. Those who waited meanwhile are not kept from the answer that the database is away."""
        with self._turn_to_ask:
            if time.monotonic() < self._away_until:
                raise DatabaseAway("it was away a moment ago")
            try:
                return question()
            except DatabaseAway:
                self._away_until = time.monotonic() + _PAUSE_AFTER_FAILURE
                raise

    def _run(self) -> None:
        asked_at = time.monotonic()
        while not self._stop.wait(_CHANGES_SECONDS):
            due = time.monotonic() - asked_at >= _SURROUNDINGS_SECONDS
            if due:
                asked_at = time.monotonic()
            self._turn(surroundings=due)
            self._write_down()

    def _turn(self, *, surroundings: bool) -> None:
        try:
            if surroundings:
                self._take(self._watching.surroundings())
            self._hear_changes()
        except DatabaseAway:
            return

    def _hear_changes(self) -> None:
        begun = datetime.now(UTC)
        changed = [row for row in self._watching.changed_since(self._seen - _OVERLAP) if self.table.knows(row.token)]
        for row in changed:
            self.table.learn(row)
        self._fresh.extend(row.token for row in changed)
        self._seen = begun

    def _take(self, fresh: Surroundings) -> None:
        former, self.surroundings = self.surroundings, fresh
        if (fresh.zones, fresh.salts) == (former.zones, former.salts):
            return
        self.days = Days(fresh.zones, {**self._standing_in(fresh.zones), **fresh.salts})
        self._attempt(lambda: self._salt_file.write(fresh.zones, fresh.salts))

    def _standing_in(self, zones: Zones) -> dict[Any, bytes]:
        """The salts of this process's own for days that are not over, in case the database still has none for them."""
        today = zones.day_at(datetime.now(UTC))
        return {day: salt for day, salt in self.days.salts.items() if day >= today}

    def _write_down(self) -> None:
        fresh, self._fresh = self._fresh, []
        links = [(token, known) for token in dict.fromkeys(fresh) if (known := self.table.find(token)) is not None]
        seen_us = int(self._seen.timestamp() * 1_000_000)
        if self._journal.is_long(self.table):
            self._attempt(lambda: self._journal.write_anew(self.table, seen_us))
        elif links:
            self._attempt(lambda: self._journal.add(links))
            self._attempt(lambda: self._journal.mark_seen(seen_us))

    @staticmethod
    def _attempt(write: Callable[[], object]) -> None:
        try:
            write()
        except OSError:  # a full disk: only a restart without the database would miss what was not kept
            return


def _database(settings: LinksSettings) -> LinkDatabase:
    if settings.postgresql is not None:
        return PostgresLinks(settings.postgresql)
    if settings.sqlite is None:
        raise ValueError("links need to know where the database is")
    return SqliteLinks(settings.sqlite)

"""The one clock: web, api and tasks ask it what time it is, everything below takes the moment as a parameter."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

type Clock = Callable[[], datetime]


def _system() -> datetime:
    return datetime.now(UTC)


_clock: Clock = _system


def now() -> datetime:
    """Give the current moment in UTC, from the system or from the clock put in its place."""
    return _clock()


def set_clock(clock: Clock | None) -> None:
    """Let `now` ask `clock` instead of the system, for the whole process; None gives the system's clock back.

    The demo lives through 90 days with it. Raises ValueError when the clock gives a moment without a zone.
    """
    global _clock  # noqa: PLW0603  the one thing of this module that changes
    if clock is not None and clock().tzinfo is None:
        raise ValueError("a clock must give moments with a time zone")
    _clock = clock or _system


@contextmanager
def moved_clock(clock: Clock | datetime) -> Iterator[Clock]:
    """Use another clock inside the block (a datetime stands still); the former one is back afterwards."""
    former = _clock
    moved = MovingClock(clock) if isinstance(clock, datetime) else clock
    set_clock(moved)
    try:
        yield moved
    finally:
        set_clock(former)


class MovingClock:
    """A clock that stands still until told to move; call it for the moment."""

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a clock must give moments with a time zone")
        self._moment = start.astimezone(UTC)

    def __call__(self) -> datetime:
        return self._moment

    def move_to(self, moment: datetime) -> None:
        """Set the moment, also backwards."""
        self._moment = moment.astimezone(UTC)

    def advance(self, by: timedelta) -> datetime:
        """Move on by a duration and give the new moment."""
        self._moment += by
        return self._moment


class SteadyClock:
    """Notices when the clock on the wall was set: it then ran otherwise than the one that nobody can set."""

    def __init__(self, *, jump: timedelta = timedelta(seconds=5), settles: timedelta = timedelta(seconds=180)) -> None:
        self._jump = jump.total_seconds()
        self._settles = settles.total_seconds()
        self._ahead: float | None = None
        self._set_at: float | None = None

    def is_steady(self, at: datetime, monotonic: float) -> bool:
        """Say whether the wall's clock was not set for a while; both clocks are to be read at the same moment."""
        ahead = at.timestamp() - monotonic
        if self._ahead is not None and abs(ahead - self._ahead) > self._jump:
            self._set_at = monotonic
        self._ahead = ahead
        return self._set_at is None or monotonic - self._set_at > self._settles

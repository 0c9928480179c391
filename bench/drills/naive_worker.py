"""A planted fault: a worker that takes what its machine's clock shows for the time of the world. A drill has to find it."""

from datetime import UTC, datetime

from vocero.config.cli import main
from vocero.lib.clock import set_clock

if __name__ == "__main__":
    set_clock(lambda: datetime.now().replace(tzinfo=UTC))  # noqa: DTZ005  that is the fault
    raise SystemExit(main())

"""A planted fault: a worker that takes what its machine's clock shows for the time of the world. A drill has to find it."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from vocero.config.cli import main
from vocero.lib.clock import set_clock

ON_THE_WALL = ZoneInfo("America/Caracas")
"""Where the machine stands; Django has every process keep the time of the world, whatever the machine's zone is."""

if __name__ == "__main__":
    set_clock(lambda: datetime.now(ON_THE_WALL).replace(tzinfo=UTC))  # that is the fault
    raise SystemExit(main())

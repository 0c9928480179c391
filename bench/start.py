"""How long a prepared installation takes to its first answer, and how much memory it keeps when idle."""

import statistics
import tempfile
import time
from pathlib import Path

from tests.running import Running, forget_prepared_database, installation

ROUNDS = 5
_SETTLE_SECONDS = 3


def run() -> dict[str, float]:
    """Medians of five rounds: seconds until `/readyz` answers 200, and MiB (proportional) of each process and of all."""
    seconds: list[float] = []
    memory: dict[str, list[float]] = {}
    try:
        with tempfile.TemporaryDirectory(prefix="vocero-bench-") as folder:
            for number in range(ROUNDS):
                with installation(Path(folder) / str(number), start=False) as house:
                    began = time.perf_counter()
                    house.start()
                    seconds.append(time.perf_counter() - began)
                    time.sleep(_SETTLE_SECONDS)
                    for name, used in _memory(house).items():
                        memory.setdefault(name, []).append(used)
    finally:
        forget_prepared_database()
    return {"seconds_to_first_answer": statistics.median(seconds)} | {
        f"mib_{name}": statistics.median(used) for name, used in memory.items()
    }


def _memory(house: Running) -> dict[str, float]:
    used = {name: sum(map(_pss, house.below(pid))) for name, pid in house.children().items()}
    return used | {"all": sum(map(_pss, house.tree()))}


def _pss(pid: int) -> float:
    """Proportional memory of a process in MiB: what it shares is counted once over all who share it."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0

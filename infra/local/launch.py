"""Start one program of the stack, with a delay if it keeps dying.  Run: python -m infra.local.launch NAME MODULE

supervisor would either restart it at once every time, or give up.  This never gives up, but waits longer and longer.
"""

import json
import runpy
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from ingestion.settings import PathSettings, load

QUICK_SECONDS = 60.0
# seconds to wait before the first start, after one quick death, after two, and so on
DELAYS = (0.0, 0.0, 1.0, 2.0, 4.0, 8.0, 15.0)


@dataclass(frozen=True)
class Starts:
    """The starts of one program in this run of the stack.

    `quick`: deaths in a row, each within a minute of the start; `started`: Unix time of the newest start, which may be
    in the future; `restarts`: their number since the stack was started.
    """

    quick: int
    started: float
    restarts: int

    @property
    def waits(self) -> float:
        """Seconds until the program starts again; 0 once it has."""
        return max(0.0, self.started - time.time())


def main() -> None:
    name, module = sys.argv[1:]
    time.sleep(_held_back(name))
    sys.argv = [module, name]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _held_back(name: str) -> float:
    """Count this start; return the seconds to wait before it."""
    starts = next_start(read_starts(name), time.time())
    try:
        _file(name).write_text(json.dumps(asdict(starts)))
    except OSError:
        # a full disk also kills the program, and then the count cannot be saved
        return DELAYS[-1]
    return starts.waits


def next_start(last: Starts | None, now: float) -> Starts:
    if last is None:
        return Starts(quick=0, started=now, restarts=0)
    quick = last.quick + 1 if now - last.started < QUICK_SECONDS else 0
    return Starts(quick, now + DELAYS[min(quick, len(DELAYS) - 1)], last.restarts + 1)


def read_starts(name: str) -> Starts | None:
    """How often the program was started in this run of the stack; None before the first time."""
    try:
        return Starts(**json.loads(_file(name).read_text()))
    except (FileNotFoundError, ValueError):
        return None


def _file(name: str) -> Path:
    folder: Path = load(PathSettings).run_dir
    return folder / f"{name}.starts"


if __name__ == "__main__":
    main()

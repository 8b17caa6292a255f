"""What every producer of this lake has sent, added up for whoever measures."""

import time
from collections import Counter
from datetime import UTC, datetime

from filelock import FileLock

from ingestion.processes.state import read_state, write_state
from ingestion.settings import PathSettings, load

STATE = "producer"
EVERY_SECONDS = 5.0


class Tally:
    """Adds one producer's figures to those of all, every few seconds and at its end."""

    def __init__(self) -> None:
        self._told: Counter[str] = Counter()
        self._next = time.monotonic() + EVERY_SECONDS

    def due(self) -> bool:
        return time.monotonic() > self._next

    def tell(self, acknowledged: Counter[str], unacknowledged: int = 0) -> None:
        """`acknowledged`: events by kind, since this producer began."""
        self._next = time.monotonic() + EVERY_SECONDS
        new = acknowledged - self._told
        self._told = acknowledged.copy()
        if new or unacknowledged:
            _add(new, unacknowledged)


def _add(acknowledged: Counter[str], unacknowledged: int) -> None:
    folder = load(PathSettings).run_dir
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / f".{STATE}.lock"):
        known = read_state(STATE)
        last = datetime.now(UTC).isoformat() if acknowledged else known.get("acknowledged_at")
        write_state(
            STATE,
            "sending",
            kinds=Counter(known.get("kinds", {})) + acknowledged,
            unacknowledged=known.get("unacknowledged", 0) + unacknowledged,
            acknowledged_at=last,
        )

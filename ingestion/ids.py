"""Reserve `vente_id`s: unique and time-ordered over all processes and runs, within 53 bits."""

import os
import time

from filelock import FileLock

from ingestion.settings import PathSettings, load


def reserve_ids(count: int) -> range:
    """A block of `count` ids, never given before: from the larger of now in microseconds and the last one + 1."""
    folder = load(PathSettings).lake_dir
    folder.mkdir(parents=True, exist_ok=True)
    last_file = folder / "dernier_vente_id"
    with FileLock(folder / ".dernier_vente_id.lock"):
        last = int(last_file.read_text()) if last_file.exists() else 0
        first = max(time.time_ns() // 1000, last + 1)
        scratch = folder / ".dernier_vente_id"
        with scratch.open("w") as file:
            file.write(str(first + count - 1))
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(last_file)
    return range(first, first + count)

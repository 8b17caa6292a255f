"""Reserve `vente_id`s: unique and time-ordered across all processes and runs, within 53 bits."""

import os
import time
from pathlib import Path

from filelock import FileLock

from ingestion.errors import SalesError
from ingestion.settings import PathSettings, load

LIMIT = 2**53


def reserve_ids(count: int) -> range:
    """A block of `count` ids never given before.

    It starts at the current time in microseconds or at the last id + 1, whichever is larger.
    """
    folder = load(PathSettings).lake_dir
    folder.mkdir(parents=True, exist_ok=True)
    last_file = folder / "dernier_vente_id"
    with FileLock(folder / ".dernier_vente_id.lock"):
        first = max(time.time_ns() // 1000, _last(last_file) + 1)
        if first + count > LIMIT:
            raise SalesError(f"a vente_id must fit in 53 bits, got {first + count}; set the clock, or see {last_file}")
        _replace(last_file, str(first + count - 1))
    return range(first, first + count)


def _last(file: Path) -> int:
    if not file.exists():
        return 0
    content = file.read_text()
    if not content.isdecimal():
        raise SalesError(
            f"{file} must hold the last vente_id, got {content[:40]!r}; write the highest one of Bronze into it"
        )
    return int(content)


def _replace(file: Path, content: str) -> None:
    """Write the whole file to disk before any of the numbers is used."""
    scratch = file.with_name(f".{file.name}")
    with scratch.open("w") as new:
        new.write(content)
        new.flush()
        os.fsync(new.fileno())
    scratch.replace(file)

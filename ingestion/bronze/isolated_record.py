"""Isolated events: they bypassed the stream, because it failed on them, and only Kafka has their bytes."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from ingestion.bronze.side_files import reading_record
from ingestion.processes.files import replace_text

# what the `bronze` process says it waits for while it isolates events
LARGE_EVENTS = "large events"


@dataclass(frozen=True)
class Isolated:
    """One isolated event; `size` is the size of its value in bytes."""

    partition: int
    offset: int
    size: int
    isolated_at: datetime


def isolated_events(bronze: Path) -> list[Isolated]:
    """Every event that was ever isolated, ordered by partition and offset."""
    record = _record(bronze)
    if not record.exists():
        return []
    with reading_record(record):
        events = json.loads(record.read_text())
        return [Isolated(**each | {"isolated_at": datetime.fromisoformat(each["isolated_at"])}) for each in events]


def remember(bronze: Path, found: Iterable[Isolated]) -> list[Isolated]:
    """Record the events beside the table; return those that were not recorded before."""
    known = {(each.partition, each.offset): each for each in isolated_events(bronze)}
    new = [each for each in found if (each.partition, each.offset) not in known]
    if new:
        record = sorted([*known.values(), *new], key=lambda each: (each.partition, each.offset))
        text = json.dumps([asdict(each) for each in record], indent=1, default=datetime.isoformat)
        replace_text(_record(bronze), text)
    return new


def _record(bronze: Path) -> Path:
    return bronze / "_isolated_events.json"

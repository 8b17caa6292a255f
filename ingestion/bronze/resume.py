"""Where the Bronze stream reads next, and whether the broker still holds that."""

import json
from dataclasses import dataclass
from pathlib import Path

from ingestion.bronze.ends import BronzeEnds
from ingestion.bronze.eventless import eventless_offsets
from ingestion.bronze.gaps import Gap
from ingestion.errors import SalesError
from ingestion.event import Offsets
from ingestion.settings import KafkaSettings, PathSettings
from ingestion.topic.client import log_ends, offset_range


class BronzeError(SalesError):
    """The stream cannot start or has failed; the message names the rule, the value and the way out."""


@dataclass(frozen=True)
class Position:
    """By partition, the offset that Bronze reads next.  `by_checkpoint`: the stream's own checkpoint leads there."""

    offsets: Offsets
    by_checkpoint: bool


def read_ends(paths: PathSettings, bronze: BronzeEnds) -> Offsets:
    """By partition, the offset up to which the stream has read (exclusive).

    That is behind Bronze's last row, or further where no event followed it: the checkpoint counts every offset.
    """
    table = bronze.refresh()
    committed = _last_offsets(paths.checkpoint, "commits") or {}
    return {n: max(table.get(n, 0), committed.get(n, 0)) for n in sorted(table | committed)}


def find_position(paths: PathSettings) -> Position:
    """Behind what the checkpoint or the table says was read, whichever is further.

    A kill between Delta's commit and the stream's own leaves the checkpoint one batch behind the table.  It then holds
    the plan of that batch; the stream repeats it, and Delta knows its number and drops it unread.  A checkpoint whose
    last plan ends before the table is an older copy: Delta would drop its next batches, too, for their numbers.
    """
    table = BronzeEnds().refresh()
    committed = _last_offsets(paths.checkpoint, "commits")
    if committed is None:
        return Position(_behind_eventless(paths.bronze, table), by_checkpoint=False)
    planned = _last_offsets(paths.checkpoint, "offsets") or {}
    return Position(
        {n: max(table.get(n, 0), committed.get(n, 0)) for n in sorted(table | committed)},
        by_checkpoint=all(end <= planned.get(partition, 0) for partition, end in table.items()),
    )


def _behind_eventless(bronze: Path, ends: Offsets) -> Offsets:
    """Further on, where the next offsets are known to hold no event: Kafka may have dropped them since."""
    starts = {(each.kafka_partition, each.from_offset): each.to_offset for each in eventless_offsets(bronze)}
    moved = {}
    for partition, end in ends.items():
        while (partition, end) in starts:
            end = starts[partition, end]
        moved[partition] = end
    return moved


def _last_offsets(checkpoint: Path, of: str) -> Offsets | None:
    """Where the newest batch in `commits` or `offsets` (planned) ends; None without one."""
    batches = [int(file.name) for file in (checkpoint / of).glob("[0-9]*")]
    if not batches:
        return None
    try:
        lines = (checkpoint / "offsets" / str(max(batches))).read_text().splitlines()
    except FileNotFoundError:
        # a checkpoint that is being deleted
        return None
    by_topic: dict[str, dict[str, int]] = json.loads(lines[2])
    return {int(partition): offset for offsets in by_topic.values() for partition, offset in offsets.items()}


def planned_end(checkpoint: Path) -> Offsets | None:
    """Where the batch ends that the stream began and did not commit; None without one."""
    begun, committed = (_newest(checkpoint / of) for of in ("offsets", "commits"))
    return _last_offsets(checkpoint, "offsets") if begun > committed else None


def _newest(folder: Path) -> int:
    return max((int(file.name) for file in folder.glob("[0-9]*")), default=-1)


def offset_gaps(position: Position, kafka: KafkaSettings) -> list[Gap]:
    """What Bronze can never read; raises BronzeError where the broker ends before Bronze."""
    first, _ = offset_range(kafka)
    # a transaction that is open hides what lies behind it, and has lost nothing
    end = log_ends(kafka)
    for partition, wanted in position.offsets.items():
        if end.get(partition, 0) < wanted:
            raise BronzeError(
                f"{kafka.topic} partition {partition} ends at offset {end.get(partition, 0)}, Bronze has read to "
                f"{wanted}: the broker has lost events that Bronze holds; see 'broker behind Bronze' in docs/runbook.md"
            )
    return [Gap(n, wanted, first[n]) for n, wanted in sorted(position.offsets.items()) if first.get(n, 0) > wanted]

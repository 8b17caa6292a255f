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

    That is just after Bronze's last row, or further on if offsets without an event follow: the checkpoint counts every
    offset.
    """
    table = bronze.refresh()
    committed = _last_offsets(paths.checkpoint, "commits") or {}
    return {n: max(table.get(n, 0), committed.get(n, 0)) for n in sorted(table | committed)}


def find_position(paths: PathSettings) -> Position:
    """The position after the last offset read according to the checkpoint or the table, whichever is further.

    If the gateway is killed between Delta's commit and the stream's own, the checkpoint is one batch behind the table.
    It still holds the plan of that batch: the stream repeats it, and Delta recognises its number and drops it unread.
    A checkpoint whose last plan ends before the table does is an older copy: Delta would drop its next batches, too,
    because of their numbers.
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
    """The ends, moved past offsets that are known to hold no event, because Kafka may have dropped those since."""
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
        # the checkpoint is being deleted
        return None
    by_topic: dict[str, dict[str, int]] = json.loads(lines[2])
    return {int(partition): offset for offsets in by_topic.values() for partition, offset in offsets.items()}


def planned_end(checkpoint: Path) -> Offsets | None:
    """Where the batch that the stream began and did not commit ends; None without one."""
    begun, committed = (_newest(checkpoint / of) for of in ("offsets", "commits"))
    return _last_offsets(checkpoint, "offsets") if begun > committed else None


def _newest(folder: Path) -> int:
    return max((int(file.name) for file in folder.glob("[0-9]*")), default=-1)


def offset_gaps(position: Position, kafka: KafkaSettings) -> list[Gap]:
    """The gaps that Bronze can never read.  Raises BronzeError if the broker's log ends before Bronze does."""
    first, _ = offset_range(kafka)
    # the log's end, because an open transaction only hides what follows it, and nothing is lost there
    end = log_ends(kafka)
    for partition, wanted in position.offsets.items():
        if end.get(partition, 0) < wanted:
            raise BronzeError(
                f"{kafka.topic} partition {partition} ends at offset {end.get(partition, 0)}, Bronze has read to "
                f"{wanted}: the broker has lost events that Bronze holds; see 'broker behind Bronze' in docs/runbook.md"
            )
    return [Gap(n, wanted, first[n]) for n, wanted in sorted(position.offsets.items()) if first.get(n, 0) > wanted]

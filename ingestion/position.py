"""Where the Bronze stream reads next, and whether the broker still holds that."""

import json
from pathlib import Path

from ingestion.gaps import Gap
from ingestion.lake import BronzeOffsets
from ingestion.settings import KafkaSettings, PathSettings
from ingestion.topic import Offsets, offset_range


class BronzeError(Exception):
    """The stream cannot start or has failed; the message names the rule, the value and the way out."""


def next_offsets(paths: PathSettings) -> Offsets:
    """By partition, the offset that Bronze reads next."""
    committed = committed_offsets(paths.checkpoint)
    if committed is not None:
        return committed
    return {partition: offset + 1 for partition, offset in BronzeOffsets().refresh().items()}


def offset_gaps(paths: PathSettings, kafka: KafkaSettings) -> list[Gap]:
    """What Bronze can never read; raises BronzeError where the broker ends before Bronze."""
    first, end = offset_range(kafka)
    position = next_offsets(paths)
    for partition, wanted in position.items():
        if end.get(partition, 0) < wanted:
            raise BronzeError(
                f"{kafka.topic} partition {partition} ends at offset {end.get(partition, 0)}, Bronze has read to "
                f"{wanted}: the broker has lost events that Bronze holds; see 'broker behind Bronze' in docs/runbook.md"
            )
    return [Gap(n, wanted, first[n]) for n, wanted in sorted(position.items()) if first.get(n, 0) > wanted]


def committed_offsets(checkpoint: Path) -> Offsets | None:
    """The offsets that the stream reads next, after its last committed batch; None without such a batch."""
    batches = [int(file.name) for file in (checkpoint / "commits").glob("[0-9]*")]
    if not batches:
        return None
    lines = (checkpoint / "offsets" / str(max(batches))).read_text().splitlines()
    by_topic: dict[str, dict[str, int]] = json.loads(lines[2])
    return {int(partition): offset for offsets in by_topic.values() for partition, offset in offsets.items()}

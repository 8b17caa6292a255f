"""Where the Bronze stream reads next, and whether the broker still holds that."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

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


@dataclass(frozen=True)
class Gap:
    """Offsets that Kafka no longer holds and Bronze never got; `to_offset` is exclusive."""

    partition: int
    from_offset: int
    to_offset: int

    def __str__(self) -> str:
        return f"partition {self.partition} offsets {self.from_offset} to {self.to_offset - 1}"


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


def accepted_gaps(paths: PathSettings) -> list[Gap]:
    """The losses that somebody has accepted by name; they stay on record beside the table."""
    file = paths.bronze / "_accepted_gaps.json"
    return [Gap(**gap) for gap in json.loads(file.read_text())] if file.exists() else []


def accept_gaps(paths: PathSettings, gaps: list[Gap]) -> None:
    record = [asdict(gap) for gap in [*accepted_gaps(paths), *gaps]]
    (paths.bronze / "_accepted_gaps.json").write_text(json.dumps(record, indent=1))


def committed_offsets(checkpoint: Path) -> Offsets | None:
    """The offsets that the stream reads next, after its last committed batch; None without such a batch."""
    batches = [int(file.name) for file in (checkpoint / "commits").glob("[0-9]*")]
    if not batches:
        return None
    lines = (checkpoint / "offsets" / str(max(batches))).read_text().splitlines()
    by_topic: dict[str, dict[str, int]] = json.loads(lines[2])
    return {int(partition): offset for offsets in by_topic.values() for partition, offset in offsets.items()}

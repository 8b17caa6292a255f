"""Gaps: offsets that Kafka dropped before Bronze read them, and the record of those that were accepted as lost."""

import json
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from ingestion.bronze.side_files import reading_record
from ingestion.processes.files import replace_text


@dataclass(frozen=True)
class Gap:
    """Offsets that Kafka no longer holds and Bronze never received; `to_offset` is exclusive.

    `accepted_at` is None until the loss is accepted, and in records older than this field; it is ignored when gaps are
    compared.
    """

    partition: int
    from_offset: int
    to_offset: int
    accepted_at: datetime | None = field(default=None, compare=False)

    @property
    def offsets(self) -> int:
        """The number of offsets in the gap."""
        return self.to_offset - self.from_offset

    def __str__(self) -> str:
        return f"partition {self.partition} offsets {self.from_offset} to {self.to_offset - 1}"


def accepted_gaps(bronze: Path) -> list[Gap]:
    """The losses that were explicitly accepted, ordered by partition and offset; their ranges do not overlap."""
    record = _record(bronze)
    if not record.exists():
        return []
    with reading_record(record):
        gaps = json.loads(record.read_text())
        return [Gap(**gap | {"accepted_at": _moment(gap.get("accepted_at"))}) for gap in gaps]


def accept_gaps(bronze: Path, gaps: list[Gap]) -> None:
    """Record the gaps beside the table.  A gap that has grown since it was accepted replaces its old record."""
    now = datetime.now(UTC)
    starts = {gap.partition: gap.from_offset for gap in gaps}
    # a new gap begins where Bronze has stopped, so a gap accepted from there on is the same loss
    kept = [gap for gap in accepted_gaps(bronze) if gap.from_offset < starts.get(gap.partition, gap.to_offset)]
    record = [*kept, *(replace(gap, accepted_at=now) for gap in gaps)]
    record.sort(key=lambda gap: (gap.partition, gap.from_offset))
    text = json.dumps([asdict(gap) for gap in record], indent=1, default=datetime.isoformat)
    replace_text(_record(bronze), text)


def _record(bronze: Path) -> Path:
    return bronze / "_accepted_gaps.json"


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

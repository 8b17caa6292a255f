"""The totals of what the stream reports about its batches."""

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyspark.sql.connect.streaming.query import StreamingQuery as ConnectQuery
    from pyspark.sql.streaming.query import StreamingQuery


class Progress:
    """What the stream has done since this process began to watch it."""

    # whether a batch since the last look at the holes had fewer events than offsets
    passed_over = False

    def __init__(self, found: "StreamingQuery | ConnectQuery | None") -> None:
        # the process that watched a running stream before has already counted its earlier batches
        self._newest = max((progress.batchId for progress in found.recentProgress), default=-1) if found else -1
        self._totals = {"rows_total": 0, "batches_total": 0}
        self._last: dict[str, Any] = {}

    def follow_another(self) -> None:
        """Expect another query from now on, whose batches may have lower numbers."""
        self._newest = -1

    def of(self, query: "StreamingQuery | ConnectQuery") -> dict[str, Any]:
        """The totals, with the figures of the last batch that held events, such as `batch_ms` and `rows_per_second`."""
        # the gateway keeps the last twenty progress reports
        for progress in query.recentProgress:
            facts = json.loads(progress.json)
            rows, offsets = sum(source["numInputRows"] for source in facts["sources"]), _offsets(facts["sources"])
            # while nothing arrives, the next batch is reported again and again, empty
            if facts["batchId"] <= self._newest or not offsets:
                continue
            self._newest = facts["batchId"]
            self.passed_over |= rows < offsets
            if rows:
                self._totals["rows_total"] += rows
                self._totals["batches_total"] += 1
                self._last = {
                    "batch": facts["batchId"],
                    "rows": rows,
                    "batch_ms": facts["durationMs"].get("triggerExecution", 0),
                    "rows_per_second": facts.get("processedRowsPerSecond", 0.0),
                    "batch_at": datetime.fromisoformat(facts["timestamp"]),
                }
        return self._totals | self._last


def _offsets(sources: list[dict[str, Any]]) -> int:
    """How many offsets a batch took, counted from 0 for a first batch, which does not say where it began."""
    count = 0
    for source in sources:
        starts, ends = _by_topic(source["startOffset"]), _by_topic(source["endOffset"])
        for topic, offsets in ends.items():
            known = starts.get(topic, {})
            count += sum(end - known.get(partition, 0) for partition, end in offsets.items())
    return count


def _by_topic(offsets: str | None) -> dict[str, dict[str, int]]:
    """The offsets by topic and partition, which the progress report contains as a JSON string."""
    return json.loads(offsets or "null") or {}

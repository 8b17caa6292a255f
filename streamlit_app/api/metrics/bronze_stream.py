"""The Bronze stream, as its process and the broker report it."""

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingestion.bronze.gaps import accepted_gaps
from ingestion.bronze.isolated_record import isolated_events
from ingestion.bronze.stream_health import stream_fault
from ingestion.event import Offsets
from ingestion.lake.failures import reading
from ingestion.processes.states import BronzeState, read_state
from ingestion.queries import LakeUnreadableError
from ingestion.reading.freshness import Freshness
from streamlit_app.singletons import Sampler, utc_now


class Stream(Collector):
    def __init__(self, bronze: Path, sampler: Sampler) -> None:
        self._bronze, self._sampler = bronze, sampler

    def collect(self) -> Iterable[Metric]:
        bronze = read_state(BronzeState)
        up = stream_fault(bronze)[0] is None
        rows, batches = (bronze.rows_total, bronze.batches_total) if bronze else (0, 0)
        yield GaugeMetricFamily("sales_stream_up", "1 while the Bronze process runs its stream", value=up)
        yield CounterMetricFamily(
            "sales_stream_rows",
            "Events that the Bronze stream has read since its process started",
            value=rows,
        )
        yield CounterMetricFamily(
            "sales_stream_batches",
            "Micro-batches with events since the Bronze process started",
            value=batches,
        )
        if bronze and bronze.batch is not None:
            yield GaugeMetricFamily(
                "sales_stream_batch_seconds",
                "Duration of the last micro-batch with events",
                value=bronze.batch_ms / 1000,
            )
            yield GaugeMetricFamily(
                "sales_stream_rows_per_second",
                "Events processed a second in the last micro-batch with events",
                value=bronze.rows_per_second,
            )
        yield from self._isolated()
        if (freshness := self._sampler.current(utc_now())) is not None and freshness.end:
            with suppress(LakeUnreadableError), reading("Bronze"):
                yield from self._behind(freshness)

    def _isolated(self) -> Iterable[Metric]:
        with suppress(LakeUnreadableError), reading("the record of isolated events"):
            events = isolated_events(self._bronze)
            yield GaugeMetricFamily(
                "sales_stream_isolated_events", "Events that bypassed the Bronze stream, ever", value=len(events)
            )
            if events:
                newest = max(event.isolated_at for event in events)
                yield GaugeMetricFamily(
                    "sales_stream_isolated_timestamp_seconds",
                    "When the newest isolated event bypassed the Bronze stream",
                    value=newest.timestamp(),
                )

    def _behind(self, freshness: Freshness) -> Iterable[Metric]:
        next_ = {partition: freshness.read.get(partition, 0) for partition in freshness.end}
        lag = GaugeMetricFamily(
            "sales_stream_lag_events", "Events in Kafka that Bronze has not read", labels=("partition",)
        )
        gaps = GaugeMetricFamily(
            "sales_stream_gap_events", "Events that Kafka has dropped before Bronze read them", labels=("partition",)
        )
        accepted = self._accepted()
        for partition, end in freshness.end.items():
            first = max(freshness.first[partition], accepted.get(partition, 0))
            lag.add_metric((str(partition),), max(end - max(next_[partition], first), 0))
            # a partition of which Bronze holds nothing starts where Kafka does
            missed = max(freshness.first[partition], 0) - max(next_[partition], accepted.get(partition, 0))
            gaps.add_metric((str(partition),), max(missed, 0) if partition in freshness.read else 0)
        yield from (lag, gaps)

    def _accepted(self) -> Offsets:
        """The offset up to which a loss was accepted, by partition."""
        ends = Offsets()
        for gap in accepted_gaps(self._bronze):
            ends[gap.partition] = max(gap.to_offset, ends.get(gap.partition, 0))
        return ends

"""The provisional figures: how many sales they hold, and whether slices then published the same."""

from collections.abc import Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from ingestion.processes.states import TailState, read_state
from ingestion.queries import Lake, LakeUnreadableError
from ingestion.tail.watcher import Watcher


class ProvisionalFigures(Collector):
    def __init__(self, lake: Lake, tail: Watcher) -> None:
        self._lake, self._tail = lake, tail

    def collect(self) -> Iterable[Metric]:
        try:
            view = self._tail.view(self._lake.current())
        except LakeUnreadableError:
            view = None
        yield GaugeMetricFamily("sales_tail_known", "1 while provisional figures are shown", value=view is not None)
        if view is not None:
            yield GaugeMetricFamily(
                "sales_tail_sales", "Sales that are shown as provisional, not published yet", value=len(view.sales)
            )
        told = read_state(TailState)
        slices = CounterMetricFamily(
            "sales_tail_comparisons",
            "Comparisons of provisional with published figures, by whether they were equal",
            labels=("outcome",),
        )
        slices.add_metric(("equal",), told.compared - told.different if told else 0)
        slices.add_metric(("different",), told.different if told else 0)
        yield slices

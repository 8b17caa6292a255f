"""The cases, and how to run one."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from infra.bench.cases import (
    api,
    catchup,
    dag,
    demo,
    fresh,
    full,
    gold,
    history,
    latency,
    memory,
    modes,
    one_slice,
    pipeline,
    sale_to_page,
    soak,
)
from infra.bench.cases.simulated import anomaly_detection, forecast_accuracy
from infra.bench.results import CaseResult, Measured, Tell


@dataclass(frozen=True)
class Case:
    """One case; `runs` is how often it is measured by default."""

    title: str
    measure: Callable[[int, Tell], Measured]
    runs: int


CASES = {
    "demo": Case("sales demo, from nothing running", demo.measure, 3),
    "pipeline": Case("the pipeline on a warm stack: produce 50, drain, one slice, verify", pipeline.measure, 5),
    "slice": Case("one slice of 50 sales on a warm gateway", one_slice.measure, 5),
    "latency": Case("event to Bronze, 100 events/s", latency.measure, 1),
    "fresh": Case("event to published figure with the follower, 2 events/s", fresh.measure, 1),
    "live": Case("sale to page in a browser, 2 sales/s, provisional figures included", sale_to_page.measure, 1),
    "catchup": Case("Bronze catch-up, 300 000 events waiting", catchup.measure, 3),
    "history": Case("one slice behind up to 3 000 000 sales of ten years", history.measure, 5),
    "gold": Case("Gold after a slice, behind 1 000 000 sales", gold.measure, 5),
    "api": Case("API over 1 000 000 sales", api.measure, 3),
    "memory": Case("memory of the idle stack after work", memory.measure, 1),
    "dag": Case("one run of unified_sales_pipeline, 50 sales", dag.measure, 5),
    "full": Case("the full stack in containers", full.measure, 5),
    "soak": Case("two hours at 5 sales/s, in windows of ten minutes", soak.measure, 12),
    "modes": Case("one slice from Airflow, in three ways", modes.measure, 5),
    "forecasts": Case("forecasts of simulated sales; a run is a seed", forecast_accuracy.measure, 10),
    "anomalies": Case("anomaly detection on simulated events; a run is a pair of seeds", anomaly_detection.measure, 10),
}


def run_case(name: str, runs: int | None, tell: Tell) -> CaseResult:
    """Measure one case, `runs` times or as often as its default.  Raises SalesError."""
    case = CASES[name]
    now, load = datetime.now(UTC), os.getloadavg()[0]
    return CaseResult(name, now.isoformat(timespec="seconds"), load, case.measure(runs or case.runs, tell))

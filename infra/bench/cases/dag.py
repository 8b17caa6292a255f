"""One run of `unified_sales_pipeline` through Airflow's scheduler on a warm stack, and one of `gold_marts` after it,
each triggered through the REST API.

Times are Airflow's own: a run lasts from the moment it was queued to its end, a stage from the start of its first task
to the end of its last.  Two warm-up runs are not counted.
"""

import time
from dataclasses import replace

from infra.bench.cases.memory import of_stack
from infra.bench.results import Figure, Measured, Tell, by_name
from infra.testbed.dags import Airflow, opened
from infra.testbed.embedded import isolated
from ingestion.errors import SalesError

COUNT = 50
WARM_UP_RUNS = 2
DAG, GOLD = "unified_sales_pipeline", "gold_marts"


def measure(runs: int, tell: Tell) -> Measured:
    tell("starting a stack")
    with isolated(AIRFLOW_SCHEDULE="") as stack:
        stack.run("sales", "start")
        tell("starting Airflow")
        began = time.monotonic()
        stack.run("sales", "airflow")
        ready = time.monotonic() - began
        with opened(stack, DAG) as airflow:
            for number in range(1, WARM_UP_RUNS + 1):
                tell(f"warm-up {number} of {WARM_UP_RUNS}")
                _both(airflow)
            seconds = [_told(airflow, number, tell) for number in range(1, runs + 1)]
        added = {name: size for name, size in of_stack(stack).items() if name.partition(", ")[2].startswith("airflow-")}
    totals = {
        kind: sum(size for name, size in added.items() if name.startswith(kind))
        for kind in dict.fromkeys(name.partition(",")[0] for name in added)
    }
    memory = {f"{kind}, added by Airflow": size for kind, size in totals.items()} | added
    return Measured(
        [Figure("sales airflow, to ready", "s", (ready,)), *by_name("s", seconds), *by_name("MiB", [memory])]
    )


def _told(airflow: Airflow, number: int, tell: Tell) -> dict[str, float]:
    tell(f"run {number}")
    return _both(airflow)


def _both(airflow: Airflow) -> dict[str, float]:
    """Seconds of a run, and of the run of Gold on the slice that it has published."""
    seconds = timed(airflow, count=COUNT)
    return seconds | {f"{GOLD}: {name}": value for name, value in timed(replace(airflow, dag=GOLD)).items()}


def timed(airflow: Airflow, **parameters: int) -> dict[str, float]:
    """Seconds of one run, of each stage, and until the first task started.  Raises SalesError when the run fails."""
    run_id = airflow.trigger(**parameters)
    run = airflow.wait(run_id)
    if run.state != "success" or run.ended is None:
        raise SalesError(f"a run of {airflow.dag} failed: {airflow.states(run_id)}")
    times = sorted(
        ((task.started - run.queued).total_seconds(), (task.ended - run.queued).total_seconds(), name.split(".")[0])
        for name, task in airflow.tasks(run_id).items()
        if task.started and task.ended
    )
    stages = {stage: [(start, end) for start, end, of in times if of == stage] for _, _, stage in times}
    return {
        "run": (run.ended - run.queued).total_seconds(),
        "trigger to the first task": times[0][0],
        **{stage: max(end for _, end in spans) - spans[0][0] for stage, spans in stages.items()},
    }

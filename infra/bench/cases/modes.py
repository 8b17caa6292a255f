"""One slice of 50 sales run from Airflow in three ways: watched, node by node, and as one task.

`watcher`: one `dbt build`, and a task for each node that watches it.  `local`: a task for each node, each with its own
dbt run.  `build`: one task that runs `dbt build`.  Times are Airflow's own, from queued to ended.  The ways take turns,
so that changes in the machine's speed affect all three; one warm-up turn is not counted.
"""

from contextlib import ExitStack
from pathlib import Path

from infra.bench.results import Measured, Tell, by_name
from infra.testbed.dags import Airflow, opened
from infra.testbed.embedded import Stack, isolated
from ingestion.errors import SalesError
from ingestion.lake.ledger import publications

COUNT = 50
MODES = ("watcher", "local", "build")
DAGS = Path(__file__).with_name("dags")
SECONDS = 900.0


def measure(runs: int, tell: Tell) -> Measured:
    tell("starting a stack with Airflow")
    with isolated(AIRFLOW_SCHEDULE="", AIRFLOW_DAGS_DIR=str(DAGS)) as stack, ExitStack() as dags:
        stack.run("sales", "airflow")
        modes = [dags.enter_context(opened(stack, mode)) for mode in MODES]
        turns = []
        for number in range(runs + 1):
            turn = {}
            for mode in modes:
                tell(f"turn {number} of {runs}: {mode.dag}" if number else f"warm-up: {mode.dag}")
                turn[mode.dag] = _slice(stack, mode)
            turns.append(turn)
        return Measured(by_name("s", turns[1:]))


def _slice(stack: Stack, mode: Airflow) -> float:
    stack.run("sales", "produce", "--count", str(COUNT))
    stack.run("sales", "drain")
    run_id = mode.trigger()
    run = mode.wait(run_id, SECONDS)
    if run.state != "success" or run.ended is None:
        raise SalesError(f"a slice in {mode.dag} mode failed: {mode.states(run_id)}")
    if (read := publications(stack.silver)[-1].rows_read) != COUNT:
        raise SalesError(f"a slice in {mode.dag} mode must publish its {COUNT} events, got {read}")
    return (run.ended - run.queued).total_seconds()

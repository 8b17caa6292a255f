"""Gold behind a million sales: what its first run costs, and each run after a slice of 50 sales.

The sales are those of ten weeks, which arrive when they happened, and are published by the follower.

`first`: all marts from all sales, on a gateway that has made none before; forecasts from 42 days, and a day that is
looked at for anomalies.  `after a slice`: 50 new sales, half of them of the last three weeks, so several days change,
and five minutes to look at.  `without a slice`: five minutes to look at.  `page …`: from asking for a page of Gold to
its last chart, in a browser, on a warm app.  After the last run, `sales verify` recomputes everything, or there are no
figures.
"""

import subprocess
import time
from datetime import UTC, datetime, timedelta

from infra.bench.cases.api import chromium
from infra.bench.cases.catchup import publish_all
from infra.bench.cases.one_slice import SETTLE_SECONDS, Gateway, dbt, run_of
from infra.bench.gold_pages import page_seconds
from infra.bench.resident_dbt import GOLD, SLICE
from infra.bench.results import Measured, Tell, by_name
from infra.testbed.embedded import Stack, started
from infra.testbed.past_arrivals import let_producers_date, send_as_of
from ingestion.source.generator import past_times

SALES = 1_000_000
SPAN = timedelta(weeks=10)
WARM_UP_RUNS = 3


def measure(runs: int, tell: Tell) -> Measured:
    tell("starting a stack")
    with started() as stack:
        tell(f"history: {SALES} sales of {SPAN.days} days")
        let_producers_date(stack)
        send_as_of(stack, past_times(1, SALES, datetime.now(UTC), SPAN), seed=1)
        stack.run("sales", "drain", "--timeout", "800")
        publish_all(stack, seconds=3600)
        with stack.follower_held(), dbt(stack) as worker:
            gateway = Gateway(stack)
            tell("the first run")
            first = run_of(worker, gateway, GOLD)
            after = []
            for number in range(1, WARM_UP_RUNS + runs + 1):
                tell(f"run {number} of {WARM_UP_RUNS + runs}, the first {WARM_UP_RUNS} to warm up")
                after.append(_after_a_slice(stack, worker, gateway))
            looks = [run_of(worker, gateway, GOLD) for _ in range(WARM_UP_RUNS + runs)][WARM_UP_RUNS:]
        tell("pages in a browser")
        executable = chromium()
        pages = list(page_seconds(stack.url, executable, runs)) if executable else []
        tell("verifying")
        stack.run("sales", "verify")
    measured = after[WARM_UP_RUNS:]
    seconds = [
        {f"{when}{name}": each[kind] for name, kind in (("", "seconds"), (", processor time", "processor"))}
        for when, runs_of in (("after a slice", measured), ("without a slice", looks))
        for each in runs_of
    ]
    return Measured(
        [
            *by_name("s", [{"first": first["seconds"]}]),
            *by_name("s", seconds),
            *by_name("s", pages),
            *by_name("jobs", [{"after a slice, Spark jobs": each["jobs"]} for each in measured]),
        ],
        [] if executable else ["no Chromium on this machine: no page was measured"],
    )


def _after_a_slice(stack: Stack, worker: "subprocess.Popen[str]", gateway: Gateway) -> dict[str, float]:
    stack.run("sales", "produce", "--count", "25", "--since", "3w")
    stack.run("sales", "produce", "--count", "25")
    stack.run("sales", "drain")
    time.sleep(SETTLE_SECONDS)
    run_of(worker, gateway, SLICE)
    return run_of(worker, gateway, GOLD)

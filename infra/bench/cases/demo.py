"""`sales demo` from start to end, with nothing running and an empty lake; each run has a fresh lake.

The times are that of the command from its start to its exit (`all`), and those of the steps as the command prints them,
to a tenth of a second.  What `make demo` does first (checking that everything is installed) is not included.
"""

import re
import time

from infra.bench.results import Measured, Tell, by_name
from infra.testbed.embedded import isolated
from ingestion.errors import SalesError


def measure(runs: int, tell: Tell) -> Measured:
    return Measured(by_name("s", [_run(number, tell) for number in range(1, runs + 1)]))


def _run(number: int, tell: Tell) -> dict[str, float]:
    tell(f"demo {number}")
    with isolated(with_gold=True) as stack:
        started = time.monotonic()
        said = stack.run("sales", "demo")
        return {"all": time.monotonic() - started, **step_seconds(said)}


def step_seconds(said: str) -> dict[str, float]:
    """The steps in the last line of a demo's output: `41.0 s in total (start 20.0 s, publish 1 min 05 s); ...`."""
    found = re.search(r" in total \((.+)\); the stack keeps running", said)
    if found is None:
        raise SalesError(f"the demo did not print the times of its steps: {said.strip()[-500:]}")
    steps = re.findall(r"(\w+) ((?:\d+ min )?[\d.]+ s)(?:, |$)", found[1])
    return {name: seconds(text) for name, text in steps}


def seconds(text: str) -> float:
    """Seconds of a duration as the command writes it, up to an hour."""
    minutes, _, rest = text.rpartition(" min ")
    return float(minutes or 0) * 60 + float(rest.removesuffix(" s"))

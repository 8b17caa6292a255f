"""The pipeline itself on a warm stack: produce 50, drain, one slice by `dbt build`, verify.

Every step is the command that a user would type, so each includes the start of its process.  The follower is suspended
meanwhile, so that this `dbt build` is the one that makes the slice.  Two warm-up turns are not counted.
"""

import time

from infra.bench.results import Measured, Tell, by_name
from infra.testbed.embedded import Stack, started
from ingestion.errors import SalesError
from ingestion.lake.ledger import publications
from ingestion.silver.slices import HOT_PATH_EXCLUDED

COUNT = 50
WARM_UP_TURNS = 2
STEPS = {
    "produce": ("sales", "produce", "--count", str(COUNT)),
    "drain": ("sales", "drain"),
    "slice": ("dbt", "--quiet", "build", "--exclude", *HOT_PATH_EXCLUDED),
    "verify": ("sales", "verify"),
}


def measure(runs: int, tell: Tell) -> Measured:
    tell("starting a stack")
    with started() as stack, stack.follower_held():
        for number in range(1, WARM_UP_TURNS + 1):
            tell(f"warm-up {number} of {WARM_UP_TURNS}")
            turn(stack)
        return Measured(by_name("s", [_told(stack, number, tell) for number in range(1, runs + 1)]))


def _told(stack: Stack, number: int, tell: Tell) -> dict[str, float]:
    tell(f"turn {number}")
    return turn(stack)


def turn(stack: Stack) -> dict[str, float]:
    """Seconds of each step, and of all.  Raises SalesError when the slice was not this turn's own."""
    seconds: dict[str, float] = {}
    for step, command in STEPS.items():
        began = time.monotonic()
        stack.run(*command)
        seconds[step] = time.monotonic() - began
    if (read := publications(stack.silver)[-1].rows_read) != COUNT:
        raise SalesError(f"the slice of a turn must hold its {COUNT} events, got {read}")
    return {"all": sum(seconds.values()), **seconds}

"""Does a slice cost more as the history grows?  The time of a slice of 50 sales behind 100 000, 1 and 3 million sales.

The history is real: sales of the past ten years, sent through Kafka and published by the follower.  `exponent` is the
slope of the line through the logarithms of size and seconds: 0 if a slice costs the same whatever lies behind it, 1 if
it costs twice as much behind twice the history.
"""

import math
import statistics
import time

from infra.bench.cases.catchup import publish_all
from infra.bench.cases.one_slice import Gateway, calm_slice, dbt
from infra.bench.results import Figure, Measured, Tell
from infra.testbed.embedded import started

SIZES = (100_000, 1_000_000, 3_000_000)
SPAN = "520w"
WARM_UP_SLICES = 3


def measure(runs: int, tell: Tell) -> Measured:
    tell("starting a stack")
    figures: list[Figure] = []
    points: list[tuple[int, float]] = []
    with started() as stack:
        held = 0
        for size in SIZES:
            tell(f"history: {size} sales")
            began = time.monotonic()
            stack.run("sales", "produce", "--count", str(size - held), "--since", SPAN)
            stack.run("sales", "drain", "--timeout", "800")
            publish_all(stack, seconds=3600)
            figures.append(
                Figure(f"{size - held} sales of ten years, sent to published", "s", (time.monotonic() - began,))
            )
            held = size
            with stack.follower_held(), dbt(stack) as worker:
                gateway = Gateway(stack)
                for number in range(1, WARM_UP_SLICES + 1):
                    tell(f"behind {size} sales, warm-up {number} of {WARM_UP_SLICES}")
                    calm_slice(stack, worker, gateway)
                slices = []
                for number in range(1, runs + 1):
                    tell(f"behind {size} sales, slice {number} of {runs}")
                    slices.append(calm_slice(stack, worker, gateway)["seconds"])
            figures.append(Figure(f"slice behind {size} sales", "s", tuple(slices)))
            points.append((size, statistics.median(slices)))
        tell("verifying")
        stack.run("sales", "verify")
    return Measured([*figures, Figure("exponent", "", (exponent(points),))])


def exponent(points: list[tuple[int, float]]) -> float:
    """The slope of the least-squares line through (log size, log seconds)."""
    line = statistics.linear_regression(*zip(*((math.log(x), math.log(y)) for x, y in points), strict=True))
    return line.slope

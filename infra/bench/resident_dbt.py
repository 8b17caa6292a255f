"""Run a slice, or Gold, for each line on standard input, with a dbt that stays loaded, as the follower does; tell its
seconds.

This is a process of its own, because its settings are those of the measured stack.
"""

import json
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import count

from ingestion.silver import arrivals
from ingestion.silver.gold_runs import TICK_SECONDS, Marts
from ingestion.silver.slices import Silver

# what a line can ask for
SLICE, GOLD = "slice", "gold"
MOST_RUNS = 100
# in front of each answer
TOLD = "told: "


def main() -> None:
    # each run has five minutes to look at for anomalies, as those have that are so far apart; none is still to come
    began_at, looks = datetime.now(UTC) - MOST_RUNS * timedelta(seconds=TICK_SECONDS), count()
    arrivals.arrived_until = lambda bronze=None: (began_at + next(looks) * timedelta(seconds=TICK_SECONDS)).isoformat()
    silver = Silver()
    silver.parse()
    marts = Marts(silver)
    for line in sys.stdin:
        silver.pending_count()
        began = time.monotonic()
        events = marts.make().sales if line.strip() == GOLD else silver.publish_next().rows_read
        told = {"seconds": time.monotonic() - began, "events": events}
        sys.stdout.write(f"{TOLD}{json.dumps(told)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

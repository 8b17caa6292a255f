"""Run a slice, or Gold, for each line on standard input, with a dbt that stays loaded, as the follower does; tell its
seconds.

This is a process of its own, because its settings are those of the measured stack.
"""

import json
import sys
import time

from ingestion.silver.gold_runs import Marts
from ingestion.silver.slices import Silver

# what a line can ask for
SLICE, GOLD = "slice", "gold"
# in front of each answer
TOLD = "told: "


def main() -> None:
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

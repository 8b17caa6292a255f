"""Run one slice for each line on standard input, with a dbt that stays loaded, as the follower does; tell its seconds.

This is a process of its own, because its settings are those of the measured stack.
"""

import json
import sys
import time

from ingestion.silver.slices import Silver

# in front of each answer
TOLD = "told: "


def main() -> None:
    silver = Silver()
    silver.parse()
    for _ in sys.stdin:
        silver.pending_count()
        began = time.monotonic()
        published = silver.publish_next()
        told = {"seconds": time.monotonic() - began, "events": published.rows_read}
        sys.stdout.write(f"{TOLD}{json.dumps(told)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()

"""The Silver follower: a slice as soon as Bronze has new events.  Run: python -m ingestion.follower (supervisor does).

With nothing new it costs a look at the version of Bronze's log.
"""

import logging
import time

from ingestion import gateway
from ingestion.process import configure_logging
from ingestion.settings import SilverSettings, load
from ingestion.silver import Silver, SilverError
from ingestion.state import write_state
from ingestion.thrift import StatementError

LOOK_SECONDS = 0.2
# a slice that fails stays open; it is tried again, but does not keep the machine busy with failing
RETRY_SECONDS = 30.0
logger = logging.getLogger(__name__)


def main() -> None:
    configure_logging()
    interval = load(SilverSettings).interval_seconds
    write_state("silver", "waiting", for_="gateway")
    silver = Silver()
    silver.parse()
    _wait_for_gateway()
    # the catalogues first: a fresh gateway loads its classes with them, while Bronze reads its first batch
    _attempt(silver, "--select", "resource_type:seed")
    while True:
        _wait_for_gateway()
        started = time.monotonic()
        pause = LOOK_SECONDS
        if silver.pending_count() > 0:
            pause = interval if _attempt(silver) else RETRY_SECONDS
        time.sleep(max(LOOK_SECONDS, started + pause - time.monotonic()))


def _wait_for_gateway() -> None:
    while not gateway.ready():
        time.sleep(LOOK_SECONDS)


def _attempt(silver: Silver, *options: str) -> bool:
    """Run one slice; False, and the reason in the state file and the log, where it fails."""
    write_state("silver", "running")
    started = time.monotonic()
    try:
        silver.run_slice(*options)
    except (SilverError, StatementError) as error:
        write_state("silver", "failed", error=str(error))
        logger.error("the slice stays open: %s", error)
        return False
    write_state("silver", "idle")
    logger.info("ran in %.1f s", time.monotonic() - started)
    return True


if __name__ == "__main__":
    main()

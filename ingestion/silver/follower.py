"""The Silver follower: it runs a slice as soon as Bronze has new events.

Run: python -m ingestion.silver.follower (supervisor does).
When nothing is new, it only checks the version of Bronze's log.
"""

import logging
import time
from collections.abc import Callable

from ingestion.catalogue import CatalogueError
from ingestion.errors import SalesError
from ingestion.gateway import catalogue_filler
from ingestion.gateway.sql import StatementError
from ingestion.processes.liveness import alive
from ingestion.processes.logs import configure_logging
from ingestion.processes.states import AirflowState, GatewayState, GoldState, SilverState, read_state, write_state
from ingestion.settings import SilverSettings, load
from ingestion.silver.compaction import compact
from ingestion.silver.gold_runs import Marts
from ingestion.silver.slices import Silver, SilverError

LOOK_SECONDS = 0.2
# A slice that fails stays open.  It is retried at growing intervals, because each attempt writes files, and at once
# when the cause of the failure may have gone.
FIRST_RETRY_SECONDS = 30.0
LAST_RETRY_SECONDS = 600.0
SLICES_BETWEEN_COMPACTIONS = 20
logger = logging.getLogger(__name__)


def main() -> None:
    configure_logging()
    interval = load(SilverSettings).interval_seconds
    write_state(SilverState(state="waiting", waits_for="gateway"))
    silver = Silver()
    _parse(silver)
    _wait_for_gateway()
    # the catalogues first: with them, a fresh gateway loads its classes while Bronze reads its first batch
    _attempt(lambda: silver.run_slice("--select", "resource_type:seed"))
    marts, retry, slices = Marts(silver), FIRST_RETRY_SECONDS, 0
    while True:
        _wait_for_gateway()
        _rest_while_airflow_runs()
        _make_what_is_due(marts)
        started, on_gateway = time.monotonic(), _gateway_session()
        if silver.pending_count() == 0:
            time.sleep(LOOK_SECONDS)
        elif _attempt(silver.publish_next):
            retry, slices = FIRST_RETRY_SECONDS, slices + 1
            if slices % SLICES_BETWEEN_COMPACTIONS == 0:
                _compact()
            time.sleep(max(LOOK_SECONDS, started + interval - time.monotonic()))
        elif _changes_within(retry, silver, on_gateway):
            retry = FIRST_RETRY_SECONDS
        else:
            retry = min(2 * retry, LAST_RETRY_SECONDS)


def _parse(silver: Silver) -> None:
    """Read the dbt project; if that fails, try again as soon as one of its files is edited."""
    while True:
        try:
            silver.parse()
            write_state(SilverState(state="waiting", waits_for="gateway"))
            return
        except (SilverError, CatalogueError) as error:
            write_state(SilverState(state="failed", error=str(error)))
            logger.error("the dbt project cannot be used: %s", error)
        while not silver.edited():
            time.sleep(LOOK_SECONDS)


def _rest_while_airflow_runs() -> None:
    """Rest while Airflow runs, because its DAG publishes, and two publishers would only wait for each other."""
    while airflow_runs():
        if not _rests():
            write_state(SilverState(state="resting", waits_for="Airflow"))
        time.sleep(LOOK_SECONDS)
    if _rests():
        write_state(SilverState(state="idle"))


def _rests() -> bool:
    silver = read_state(SilverState)
    return silver is not None and silver.state == "resting"


def airflow_runs() -> bool:
    scheduler = read_state(AirflowState, "airflow-scheduler")
    return scheduler is not None and alive(scheduler.life)


def _make_what_is_due(marts: Marts) -> None:
    """Make the marts if they are due; a failure does not hold up the next slice."""
    try:
        if not marts.are_due():
            return
        write_state(GoldState(state="running"))
        started = time.monotonic()
        made = marts.make()
        write_state(GoldState(state="done", tranche=made.tranche, seconds=round(time.monotonic() - started, 1)))
        logger.info("made Gold of slice %d in %.1f s", made.tranche, time.monotonic() - started)
    except (SalesError, StatementError) as error:
        write_state(GoldState(state="failed", error=str(error)))
        logger.error("Gold stays as it is: %s", error)


def _compact() -> None:
    """Compact the tables; a failure, whatever its reason, does no harm, because the next compaction makes up for it."""
    try:
        for done in compact():
            logger.info("merged %d small files of %s, %d are left", done.before, done.table, done.after)
    except Exception as error:
        logger.warning("no compaction: %s", str(error).partition("\n")[0] or type(error).__name__)


def _changes_within(seconds: float, silver: Silver, failed_on: str | None) -> bool:
    """Wait; return True as soon as a dbt project file is edited, there is another gateway, or nothing is pending."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if silver.pending_count() == 0:
            # another process has finished what failed here
            write_state(SilverState(state="idle"))
            return True
        if silver.edited() or _gateway_session() != failed_on:
            return True
        time.sleep(LOOK_SECONDS)
    return False


def _gateway_session() -> str | None:
    gateway = read_state(GatewayState)
    return gateway.session_id if gateway else None


def _wait_for_gateway() -> None:
    while not catalogue_filler.ready():
        time.sleep(LOOK_SECONDS)


def _attempt(run: Callable[[], object]) -> bool:
    """Call `run` and return whether it succeeded; if it failed, the reason is in the state file and the log."""
    write_state(SilverState(state="running"))
    started = time.monotonic()
    try:
        run()
    except (SilverError, StatementError, CatalogueError) as error:
        write_state(SilverState(state="failed", error=str(error)))
        logger.error("the slice stays open: %s", error)
        return False
    write_state(SilverState(state="idle"))
    logger.info("ran in %.1f s", time.monotonic() - started)
    return True


if __name__ == "__main__":
    main()

"""Check the whole lake against the broker's own log, without Spark and without dbt.  Run: sales verify.

Bronze must hold what the broker holds.  Silver must hold, at the versions that the ledger has published, the verdicts
that `ingestion.verify.verdict` gives to Bronze's events once more.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ingestion.processes.liveness import alive
from ingestion.processes.states import GatewayState, read_state
from ingestion.settings import PathSettings, SilverSettings, load
from ingestion.verify.bronze_checks import bronze_checks, longest_wait
from ingestion.verify.gold_checks import gold_checks
from ingestion.verify.ledger_checks import count_check, range_check
from ingestion.verify.loading import load_bronze, load_gaps, load_silver, load_topic
from ingestion.verify.published_verdicts import judge, raisons
from ingestion.verify.report import LEFT_IN_KAFKA, NOT_YET_PUBLISHED, UNREADABLE, Check, Progress, Verification, unread
from ingestion.verify.silver_checks import silver_checks
from ingestion.verify.tables import table_checks
from ingestion.verify.topic_log import Record, TopicLog, broker_log
from ingestion.verify.workbench import Workbench, open_workbench

__all__ = ["LEFT_IN_KAFKA", "NOT_YET_PUBLISHED", "Check", "Record", "TopicLog", "Verification", "verify"]


def verify(
    on_progress: Progress = lambda step, done, total: None,
    topic_log: Callable[[], AbstractContextManager[TopicLog]] = broker_log,
    lake: Path | None = None,
    now: datetime | None = None,
) -> Verification:
    """Compare everything; the answer says what differs, and no difference hides the next one.

    `on_progress` is called with the step (`bronze`, `topic`, `silver`), the events done and their total.  Raises
    BrokerError if no broker answers.  What arrives or is published during the call is left out.  `now`: the time up to
    which the waiting of an event is measured.
    """
    lake = lake or load(PathSettings).lake_dir
    with open_workbench() as bench:
        # the lake first: everything that it holds now is below the end offsets that the broker is asked for next
        published = load_silver(bench, lake / "silver")
        files = load_bronze(bench, lake / "bronze" / "ventes_raw", on_progress)
        gaps = load_gaps(bench, lake / "bronze" / "ventes_raw")
        with topic_log() as log:
            load_topic(bench, log, on_progress)
        on_progress("silver", 0, 0)
        pause = timedelta(seconds=load(SilverSettings).interval_seconds)
        checks = [files, *bronze_checks(bench, now or datetime.now(UTC), longest_wait(pause), _running_since())]
        if published:
            checks.append(published)
        if published and published.ok:
            checks += _published_checks(bench)
            checks += gold_checks(bench, lake)
        return Verification(tuple(checks), _note(bench, published is not None), raisons(bench), gaps)


def _running_since() -> datetime:
    """When the gateway was started that runs now; without one, the distant past."""
    gateway = read_state(GatewayState)
    return gateway.at if gateway and alive(gateway.life) else datetime.fromtimestamp(0, UTC)


def _published_checks(bench: Workbench) -> list[Check]:
    try:
        judge(bench)
    except UNREADABLE as error:
        fault = Check("verdicts", "every published event evaluated again", 0, 1, (unread("a table", error),))
        return [range_check(bench), fault, *table_checks(bench)]
    return [range_check(bench), count_check(bench), *silver_checks(bench), *table_checks(bench)]


def _note(bench: Workbench, published: bool) -> str | None:
    if published:
        return None
    if bench.number("select (select count(*) from topic) + (select count(*) from copies)"):
        return "nothing has been published yet"
    return "the lake is empty: nothing in the topic, nothing published"

"""The stages of a pipeline run, as the DAG's tasks call them: the same functions that the `sales` commands use.

Tasks pass offsets to each other as JSON, whose keys are strings; each stage passes a `Sent` to the next.
"""

import logging
import secrets
import socket
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from deltalake import DeltaTable

from ingestion import catalogue, hints
from ingestion.addresses import reached_at
from ingestion.bronze.drain import drain
from ingestion.bronze.stream_health import stream_fault
from ingestion.errors import SalesError
from ingestion.event import Offsets
from ingestion.gateway import sql
from ingestion.lake.delta_tables import query
from ingestion.processes.states import BronzeState, read_state
from ingestion.reading.freshness import CAUSES, measure
from ingestion.reading.overview import silver_status
from ingestion.settings import KafkaSettings, PathSettings, SparkSettings, load
from ingestion.silver.slices import Silver, break_dead_lock
from ingestion.source.messages import feed
from ingestion.source.producer import Report, produce
from ingestion.topic.client import BrokerError, topic_faults
from ingestion.verify import verify

CONNECT_SECONDS = 3.0
DRAIN_SECONDS = 60.0
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sent:
    """What a run has sent; `ranges`: by partition, the ranges [from, to) of the acknowledged offsets."""

    events: int
    seed: int
    ranges: dict[str, list[list[int]]]

    @classmethod
    def of(cls, report: Report, seed: int) -> "Sent":
        ranges = {str(partition): [list(each) for each in ranges] for partition, ranges in report.ranges.items()}
        return cls(report.acknowledged, seed, ranges)

    @property
    def to_offsets(self) -> Offsets:
        """By partition, the offset after the last one sent."""
        return {int(partition): max(end for _, end in ranges) for partition, ranges in self.ranges.items()}


def check_infrastructure() -> dict[str, Any]:
    """Check that every part answers, and finish a slice that an earlier run left open.

    Raises SalesError with everything that is wrong.
    """
    checks = {
        "broker and topic": _check_topic,
        "gateway (Thrift)": _check_thrift,
        "gateway (Connect)": _check_connect,
        "Bronze stream": _check_stream,
        "lake": _check_lake,
        "catalogues": _check_catalogues,
    }
    faults = [fault for name, check in checks.items() for fault in _faults_of(name, check)]
    if faults:
        raise SalesError("\n".join(faults))
    # a task that was killed leaves its lock behind
    break_dead_lock()
    return {"finished_slice": finish_open_slice(), "checked": list(checks)}


def _faults_of(name: str, check: Callable[[], list[str]]) -> list[str]:
    faults = check()
    for fault in faults:
        logger.error("%s: %s", name, fault)
    if not faults:
        logger.info("%s: ok", name)
    return faults


def _check_topic() -> list[str]:
    try:
        return topic_faults(load(KafkaSettings))
    except BrokerError as error:
        return [str(error)]


def _check_thrift() -> list[str]:
    try:
        with sql.session() as session:
            session.run("select 1")
    except sql.StatementError as error:
        return [str(error)]
    return []


def _check_connect() -> list[str]:
    spark = load(SparkSettings)
    try:
        socket.create_connection((spark.host, spark.connect_port), timeout=CONNECT_SECONDS).close()
    except OSError as error:
        return [
            f"Spark Connect does not answer at {reached_at(spark.host, spark.connect_port)} ({error}); "
            f"look at the gateway ({hints.logs('gateway')})"
        ]
    return []


def _check_stream() -> list[str]:
    fault, words = stream_fault(read_state(BronzeState))
    return [f"{words or CAUSES[fault]}; look at its log ({hints.logs('bronze')})"] if fault else []


def _check_lake() -> list[str]:
    lake = load(PathSettings).lake_dir
    try:
        with tempfile.TemporaryFile(dir=lake):
            return []
    except OSError as error:
        return [f"the lake cannot be written at {lake} ({error.strerror}); fix its permissions"]


def _check_catalogues() -> list[str]:
    try:
        catalogue.check()
    except catalogue.CatalogueError as error:
        return [f"{error}; fix the file"]
    return []


def finish_open_slice() -> int | None:
    """Finish the slice that an earlier run left open; return its number, or None without one.  Raises SilverError."""
    left = silver_status().open_tranche
    if left is not None:
        logger.info("slice %d was left open; it is finished first", left)
        Silver().run_slice()
    return left


def produce_sales(count: int, seed: int | None = None, dirty: bool = False) -> dict[str, Any]:
    """Send sales and return a `Sent` as a dictionary.  Raises ProduceError, BrokerError."""
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    report = produce(load(KafkaSettings), feed(seed, count, dirty=dirty))
    sent = Sent.of(report, seed)
    logger.info("%d events acknowledged, seed %d, up to the offsets %s", sent.events, seed, sent.to_offsets)
    return asdict(sent)


def drain_to(sent: dict[str, Any], timeout: float = DRAIN_SECONDS) -> None:
    """Wait until Bronze holds what this run has sent.

    Raises SalesError; if the stream has failed, with the stream's own reason.
    """
    drain(Sent(**sent).to_offsets, timeout, lambda missing: logger.info("Bronze still lacks %d events", missing))
    logger.info("Bronze holds every event of this run")


def check_bronze(sent: dict[str, Any]) -> dict[str, int]:
    """Check that every acknowledged offset is in Bronze exactly once.  Raises SalesError."""
    of_run, bronze = Sent(**sent), DeltaTable(str(load(PathSettings).bronze))
    faults, found = [], 0
    for partition, ranges in of_run.ranges.items():
        ((rows, offsets),) = query(
            "select count(*), count(distinct kafka_offset) from bronze "
            "semi join (select unnest($1) as from_offset, unnest($2) as to_offset) as ranges "
            "on kafka_offset >= from_offset and kafka_offset < to_offset "
            "where kafka_partition = $3 and kafka_offset >= $4 and kafka_offset < $5",
            [*map(list, zip(*ranges, strict=True)), int(partition), ranges[0][0], ranges[-1][1]],
            bronze=bronze,
        )
        expected = sum(end - start for start, end in ranges)
        found += offsets
        if (rows, offsets) != (expected, expected):
            faults.append(
                f"partition {partition}, offsets {ranges[0][0]} to {ranges[-1][1] - 1}: {expected} events were "
                f"acknowledged, Bronze holds {offsets} of them in {rows} rows; compare all of it (sales verify)"
            )
    if faults:
        raise SalesError("\n".join(faults))
    logger.info("Bronze holds the offsets of this run, each once")
    return {"events": found}


def verify_output(sent: dict[str, Any] | None = None) -> dict[str, Any]:
    """Check that the whole lake agrees, that what this run sent is published, and that the figures are fresh.

    Returns the figures.  Raises SalesError.
    """
    verification, silver = verify(), silver_status()
    faults = [
        f"{check.name}: {check.differences} differences; {'; '.join(check.examples)} (sales verify shows all)"
        for check in verification.checks
        if not check.ok
    ]
    for partition, end in (Sent(**sent).to_offsets if sent else {}).items():
        if silver.published.get(partition, 0) < end:
            faults.append(
                f"partition {partition} is published up to offset {silver.published.get(partition, 0)}, this run sent "
                f"up to {end}; publish it (sales silver)"
            )
    now = datetime.now(UTC)
    cause = measure(silver.published).cause(now)
    if cause in ("unpublished", "open_transaction"):
        # these events came after this run's slice was cut, so the next run has to publish them
        logger.warning("other events are waiting to be published: %s", CAUSES[cause])
    elif cause:
        faults.append(f"the figures are stale: {CAUSES[cause]} (sales status)")
    if faults:
        raise SalesError("\n".join(faults))
    return {
        "slice": silver.tranche,
        "data_age_seconds": round(max((now - silver.closed_at).total_seconds(), 0.0), 1) if silver.closed_at else None,
        "events_read": silver.rows_read,
        "clean": silver.rows_clean,
        "rejected": silver.rows_rejected,
        "duplicates": silver.rows_duplicates,
        "checks": len(verification.checks),
        "differences": 0,
    }

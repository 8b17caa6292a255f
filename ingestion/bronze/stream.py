"""Manage the Bronze stream: start it or find it again, watch it, and fail with its reason.

The stream itself runs in the gateway and outlives this process; this process does not outlive the stream.
Run: python -m ingestion.bronze.stream
"""

import json
import logging
import shutil
import sqlite3
import time
import uuid
from typing import TYPE_CHECKING

from tenacity import Retrying, retry_if_exception_type, wait_fixed

from ingestion import hints
from ingestion.bronze.ends import BronzeEnds
from ingestion.bronze.eventless import note_eventless
from ingestion.bronze.gaps import accepted_gaps
from ingestion.bronze.isolation import failed_plan, forget_failures, isolate_after_failures
from ingestion.bronze.progress import Progress
from ingestion.bronze.resume import BronzeError, find_position, offset_gaps, read_ends
from ingestion.bronze_table import bronze_projection
from ingestion.errors import SalesError
from ingestion.event import Offsets
from ingestion.gateway.catalogue_filler import Filler
from ingestion.gateway.connect import connect, gateway_session
from ingestion.lake.delta_tables import LakeError
from ingestion.printable import printable
from ingestion.processes.files import replace_text
from ingestion.processes.liveness import alive
from ingestion.processes.logs import configure_logging
from ingestion.processes.states import BronzeState, GatewayState, read_state, write_state
from ingestion.settings import BronzeSettings, KafkaSettings, PathSettings, load
from ingestion.topic.client import BrokerError, create_topic, offset_range, topic_id

if TYPE_CHECKING:
    from pyspark.sql import DataFrame
    from pyspark.sql.connect.session import SparkSession
    from pyspark.sql.connect.streaming.query import StreamingQuery as ConnectQuery
    from pyspark.sql.streaming.query import StreamingQuery

    Query = StreamingQuery | ConnectQuery

QUERY_NAME = "bronze_ventes_raw"
# A backlog is read in parts of this size: three whole topic partitions for two tasks would leave a core waiting.
RECORDS_PER_SPLIT = 25_000
# How many events a poll unpacks at once, whatever their size.  The lower number is for a place where the stream has
# failed, because it costs time (docs/decisions/0015-large-events.md).
RECORDS_PER_POLL, FEW_RECORDS_PER_POLL = 500, 4
GROUP_PREFIX = "airflow-bronze-processor"
# Holes left by batches with fewer events than offsets are recorded soon, several batches together.  After all other
# batches, there is only the absence of holes to record, which can wait.
LOOK_AT_HOLES_SECONDS, REMEMBER_NONE_SECONDS = 10.0, 600.0
logger = logging.getLogger(__name__)


def main() -> None:
    configure_logging()
    try:
        filler = Filler()
        write_state(BronzeState(state="waiting", waits_for="broker"))
        found = _wait_for_topic(filler)
        write_state(BronzeState(state="waiting", waits_for="gateway"))
        while not filler.ensure_filled():
            time.sleep(0.1)
        _remember_topic(found)
        session_id = gateway_session()
        spark = connect(session_id)
        query = _find(spark)
        progress = Progress(query)
        if query is None:
            isolate_after_failures(spark)
        while True:
            _watch(query or _start(spark), session_id, progress)
            # it was stopped on purpose, perhaps in the middle of a batch, so this does not count as a failure
            query = None
            progress.follow_another()
    except Exception as error:
        # the state file gives the reason to anyone who waits for the stream; the process still fails with it
        write_state(BronzeState(state="failed", error=_reason(error)))
        logger.error("%s", _reason(error))
        raise SystemExit(1) from error


def _reason(error: Exception) -> str:
    text = str(error) if isinstance(error, SalesError) else f"{type(error).__name__}: {error}"
    return printable(text.split("\n\nJVM stacktrace")[0].strip().split("\n")[0])[:600]


def _wait_for_topic(filler: Filler) -> uuid.UUID | None:
    """The topic's id; creates the topic for a new lake.  Raises BronzeError if Bronze was filled from another topic.

    The gateway need not wait for the broker, because the filler is checked before each attempt.
    """
    settings, marker = load(KafkaSettings), load(PathSettings).bronze / "_topic.json"
    for attempt in Retrying(retry=retry_if_exception_type(BrokerError), wait=wait_fixed(0.2)):
        with attempt:
            filler.ensure_filled()
            found = topic_id(settings)
    if not marker.exists():
        if found is None:
            create_topic(settings)
            found = topic_id(settings)
        return found
    known = json.loads(marker.read_text())["id"]
    if str(found) != known:
        raise BronzeError(
            f"Bronze was filled from topic {settings.topic} with id {known}, the broker's has "
            f"{found or 'no such topic'}: it was deleted or created again, so its offsets now mean other events; "
            f"restore the old broker data, or start a new lake ({hints.new_lake()})"
        )
    return found


def _remember_topic(found: uuid.UUID | None) -> None:
    """Record the topic's id beside the checkpoint, once the gateway has made the table, which needs an empty folder."""
    marker = load(PathSettings).bronze / "_topic.json"
    if not marker.exists():
        replace_text(marker, json.dumps({"topic": load(KafkaSettings).topic, "id": str(found)}))


def _find(spark: "SparkSession") -> "Query | None":
    found = next((query for query in spark.streams.active if query.name == QUERY_NAME), None)
    if found is not None:
        logger.info("reattached to the running stream")
    return found


def _start(spark: "SparkSession") -> "Query":
    paths, bronze = load(PathSettings), load(BronzeSettings)
    starting = _starting_offsets(paths)
    at_once = FEW_RECORDS_PER_POLL if failed_plan(paths) else RECORDS_PER_POLL
    source = _read_topic(spark, load(KafkaSettings), bronze, starting, at_once)
    stages, columns = bronze_projection()
    for stage in stages:
        source = source.selectExpr(*stage)
    return (
        source.selectExpr(*columns)
        .coalesce(2)
        .writeStream.format("delta")
        .queryName(QUERY_NAME)
        .outputMode("append")
        .option("checkpointLocation", str(paths.checkpoint))
        .trigger(processingTime=f"{bronze.trigger_seconds} seconds")
        .start(str(paths.bronze))
    )


def _read_topic(
    spark: "SparkSession", kafka: KafkaSettings, bronze: BronzeSettings, starting: str, at_once: int
) -> "DataFrame":
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", kafka.bootstrap_servers)
        .option("subscribe", kafka.topic)
        .option("groupIdPrefix", GROUP_PREFIX)
        # an event that its producer has aborted is not a sale
        .option("kafka.isolation.level", "read_committed")
        .option("includeHeaders", "true")
        .option("startingOffsets", starting)
        .option("minOffsetsPerTrigger", bronze.min_offsets_per_trigger)
        .option("maxTriggerDelay", f"{round(1000 * bronze.max_trigger_delay_seconds)}ms")
        .option("maxOffsetsPerTrigger", bronze.max_offsets_per_trigger)
        .option("maxRecordsPerPartition", RECORDS_PER_SPLIT)
        .option("failOnDataLoss", "true")
        .option("kafka.max.poll.records", at_once)
        .load()
    )


def _starting_offsets(paths: PathSettings) -> str:
    """Where to start reading without a checkpoint: after Bronze's last rows, or from the beginning if there are none.

    Raises BronzeError if the broker no longer holds what comes next and that loss was not accepted.
    """
    kafka = load(KafkaSettings)
    position = find_position(paths)
    gaps = offset_gaps(position, kafka)
    if unaccepted := [gap for gap in gaps if gap not in accepted_gaps(paths.bronze)]:
        raise BronzeError(
            f"offset gap: {'; '.join(map(str, unaccepted))} are no longer in Kafka and never reached Bronze; restore "
            f"them, or continue without them (sales accept-gap; see 'offset gap' in docs/runbook.md)"
        )
    if gaps or not position.by_checkpoint:
        # a checkpoint that is incomplete, too old or before a gap must go, because the query would follow it
        shutil.rmtree(paths.checkpoint, ignore_errors=True)
    starts = position.offsets | {gap.partition: gap.to_offset for gap in gaps}
    if not starts:
        return "earliest"
    logger.info("continuing at offsets %s", starts)
    # -2 means the earliest offset
    return json.dumps({kafka.topic: {str(n): starts.get(n, -2) for n in offset_range(kafka)[1]}})


def _watch(query: "Query", session_id: str, progress: Progress) -> None:
    """Report the stream's progress; return once it has been stopped so that it can be restarted at full speed.

    Raises BronzeError with the reason when the stream fails or its gateway has gone.
    """
    paths = load(PathSettings)
    bronze, holes, failed = BronzeEnds(), _Holes(paths), failed_plan(paths)
    logger.info("stream %s is running%s", QUERY_NAME, ", a few events at a time" if failed else "")
    while True:
        gateway = read_state(GatewayState)
        if gateway is None or gateway.session_id != session_id or not alive(gateway.life):
            raise BronzeError("the gateway has stopped; the stream starts again with the next one")
        if not query.isActive:
            raise BronzeError(_stream_failure(query))
        write_state(BronzeState(state="running", gateway=gateway.life, **progress.of(query)))
        holes.look(progress)
        if failed and _is_past(failed, read_ends(paths, bronze)):
            query.stop()
            forget_failures(paths)
            return
        time.sleep(1)


def _is_past(plan: Offsets, read: Offsets) -> bool:
    return all(read.get(partition, 0) >= end for partition, end in plan.items())


def _stream_failure(query: "Query") -> str:
    failure = query.exception()
    return f"the stream has stopped: {failure or 'without an error; something outside stopped it'}"


class _Holes:
    """Keeps the register of offsets without an event."""

    def __init__(self, paths: PathSettings) -> None:
        self._paths, self._bronze, self._last = paths, BronzeEnds(), -REMEMBER_NONE_SECONDS

    def look(self, progress: Progress) -> None:
        """Bring the register up to date if that is due."""
        wait = LOOK_AT_HOLES_SECONDS if progress.passed_over else REMEMBER_NONE_SECONDS
        if time.monotonic() < self._last + wait:
            return
        self._last = time.monotonic()
        read = read_ends(self._paths, self._bronze)
        try:
            count = note_eventless(self._paths.bronze, read, offset_range(load(KafkaSettings))[0])
        except (BrokerError, LakeError, sqlite3.Error, OSError) as error:
            # the stream goes on without this update, because the next one repeats it
            logger.warning("offsets without an event could not be looked up, the next batch tries again: %s", error)
            return
        progress.passed_over = False
        if count:
            logger.info("%d offsets hold no event: transaction markers, or aborted events", count)


if __name__ == "__main__":
    main()

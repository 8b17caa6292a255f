"""Own the Bronze stream: start it, find it again, watch it, fail with its reason.  Run: python -m ingestion.bronze

The stream itself runs in the gateway and survives this process; this process does not survive the stream.
"""

import json
import logging
import shutil
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tenacity import Retrying, retry_if_exception_type, wait_fixed

from ingestion import gateway
from ingestion.bronze_table import bronze_projection
from ingestion.lake import BronzeOffsets
from ingestion.process import alive, configure_logging
from ingestion.settings import BronzeSettings, KafkaSettings, PathSettings, load
from ingestion.spark import connect
from ingestion.state import read_state, write_state
from ingestion.topic import BrokerError, Offsets, create_topic, offset_range, topic_id

if TYPE_CHECKING:
    from pyspark.sql.connect.dataframe import DataFrame
    from pyspark.sql.connect.session import SparkSession
    from pyspark.sql.connect.streaming.query import StreamingQuery

QUERY_NAME = "bronze_ventes_raw"
GROUP_PREFIX = "airflow-bronze-processor"
logger = logging.getLogger(__name__)


class BronzeError(Exception):
    """The stream cannot start or has failed; the message names the rule, the value and the way out."""


def main() -> None:
    configure_logging()
    try:
        write_state("bronze", "waiting", for_="broker")
        found = _wait_for_topic()
        write_state("bronze", "waiting", for_="gateway")
        while not gateway.ready():
            time.sleep(0.1)
        _remember_topic(found)
        session_id = read_state("gateway")["session_id"]
        spark = connect(session_id)
        query = _find(spark) or _start(spark)
        _watch(query, session_id)
    except Exception as error:
        # the state file carries the reason to whoever waits for the stream; the process still ends with it
        write_state("bronze", "failed", error=_reason(error))
        logger.error("%s", _reason(error))
        raise SystemExit(1) from error


def _reason(error: Exception) -> str:
    text = str(error) if isinstance(error, BronzeError | BrokerError) else f"{type(error).__name__}: {error}"
    return text.split("\n\nJVM stacktrace")[0].strip().split("\n")[0][:600]


def _wait_for_topic() -> uuid.UUID | None:
    """The topic's id; creates the topic of a new lake.  Raises BronzeError when Bronze was filled from another one."""
    settings, marker = load(KafkaSettings), load(PathSettings).bronze / "_topic.json"
    for attempt in Retrying(retry=retry_if_exception_type(BrokerError), wait=wait_fixed(0.2)):
        with attempt:
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
            f"{found or 'no such topic'}: it was deleted or created again, and its offsets mean other events now; "
            f"bring the old broker data back, or start a new lake (make clean, or another LAKE_DIR)"
        )
    return found


def _remember_topic(found: uuid.UUID | None) -> None:
    """Beside the checkpoint; not before the gateway has made the table, which wants an empty folder."""
    marker = load(PathSettings).bronze / "_topic.json"
    if not marker.exists():
        marker.write_text(json.dumps({"topic": load(KafkaSettings).topic, "id": str(found)}))


def _find(spark: "SparkSession") -> "StreamingQuery | None":
    found = next((query for query in spark.streams.active if query.name == QUERY_NAME), None)
    if found is not None:
        logger.info("found the running stream again")
    return found


def _start(spark: "SparkSession") -> "StreamingQuery":
    paths, bronze = load(PathSettings), load(BronzeSettings)
    starting = _starting_offsets(paths)
    source = _read_topic(spark, load(KafkaSettings), bronze, starting)
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
    spark: "SparkSession", kafka: KafkaSettings, bronze: BronzeSettings, starting: str
) -> "DataFrame":
    return (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", kafka.bootstrap_servers)
        .option("subscribe", kafka.topic)
        .option("groupIdPrefix", GROUP_PREFIX)
        .option("includeHeaders", "true")
        .option("startingOffsets", starting)
        .option("maxOffsetsPerTrigger", bronze.max_offsets_per_trigger)
        .option("failOnDataLoss", "true")
        .load()
    )


def _starting_offsets(paths: PathSettings) -> str:
    """Where to read from: behind the checkpoint, else behind Bronze's own rows, else from the beginning.

    Raises BronzeError when the broker no longer holds what comes next.
    """
    kafka = load(KafkaSettings)
    position = committed_offsets(paths.checkpoint)
    if position is None:
        position = {partition: offset + 1 for partition, offset in BronzeOffsets().refresh().items()}
        # half a checkpoint is none: the query would take up a plan that was never committed
        shutil.rmtree(paths.checkpoint, ignore_errors=True)
    _refuse_gap(kafka, position)
    if not position:
        return "earliest"
    logger.info("continuing at offsets %s", position)
    # -2 stands for the earliest offset
    return json.dumps({kafka.topic: {str(n): position.get(n, -2) for n in range(kafka.partitions)}})


def _refuse_gap(kafka: KafkaSettings, position: Offsets) -> None:
    first, end = offset_range(kafka)
    for partition, wanted in position.items():
        if first.get(partition, 0) > wanted:
            raise BronzeError(
                f"offset gap: {kafka.topic} partition {partition} offsets {wanted} to {first[partition] - 1} are no "
                f"longer in Kafka and never reached Bronze; restore them, or see 'offset gap' in docs/runbook.md"
            )
        if end.get(partition, 0) < wanted:
            raise BronzeError(
                f"{kafka.topic} partition {partition} ends at offset {end.get(partition, 0)}, Bronze has read to "
                f"{wanted}: the broker has lost events that Bronze holds; see 'broker behind Bronze' in docs/runbook.md"
            )


def committed_offsets(checkpoint: Path) -> Offsets | None:
    """The offsets that the stream reads next, after its last committed batch; None without such a batch."""
    batches = [int(file.name) for file in (checkpoint / "commits").glob("[0-9]*")]
    if not batches:
        return None
    lines = (checkpoint / "offsets" / str(max(batches))).read_text().splitlines()
    by_topic: dict[str, dict[str, int]] = json.loads(lines[2])
    return {int(partition): offset for offsets in by_topic.values() for partition, offset in offsets.items()}


def _watch(query: "StreamingQuery", session_id: str) -> None:
    """Report the stream's progress until it fails; raises BronzeError with its reason."""
    logger.info("stream %s runs", QUERY_NAME)
    while True:
        state = read_state("gateway")
        if state.get("session_id") != session_id or not alive(state["pid"]):
            raise BronzeError("the gateway has gone; the stream starts again with the next one")
        if not query.isActive:
            raise BronzeError(_stream_failure(query))
        write_state("bronze", "running", gateway=state["pid"], **_progress(query))
        time.sleep(1)


def _stream_failure(query: "StreamingQuery") -> str:
    failure = query.exception()
    return f"the stream has stopped: {failure or 'without an exception; it was stopped from outside'}"


def _progress(query: "StreamingQuery") -> dict[str, Any]:
    progress = query.lastProgress
    if progress is None:
        return {}
    return {
        "batch": progress["batchId"],
        "rows": progress["numInputRows"],
        "batch_ms": progress["durationMs"].get("triggerExecution"),
        "batch_at": progress["timestamp"],
        "end_offsets": progress["sources"][0]["endOffset"],
    }


if __name__ == "__main__":
    main()

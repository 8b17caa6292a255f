"""Get past events that kill the process that reads them.

A Kafka batch may have at most 2 MiB compressed, but there is no limit to what it unpacks to.  After its first failure,
the stream takes a few events at a time until it is past that place.  After the second failure from the same offsets,
this process reads the planned events instead, a piece at a time (`ingestion.topic.unpacking`), and passes them to the
gateway as rows.  The row of an event larger than `KEPT_BYTES` has no value, as it would have none from the stream.  If
the planned events include nothing large, they are left to the stream: then the gateway died for another reason.
"""

import json
import logging
import shutil
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ingestion.bronze.gaps import accepted_gaps
from ingestion.bronze.isolated_record import LARGE_EVENTS, Isolated, remember
from ingestion.bronze.resume import BronzeError, find_position, offset_gaps, planned_end
from ingestion.bronze_table import bronze_projection
from ingestion.event import Offsets
from ingestion.processes.files import replace_text
from ingestion.processes.states import BronzeState, write_state
from ingestion.settings import KafkaSettings, PathSettings, load
from ingestion.sizes import KEPT_BYTES, LARGEST_EVENT
from ingestion.topic.client import reader
from ingestion.topic.unpacking import LeftInKafka

if TYPE_CHECKING:
    from kafka import KafkaConsumer, TopicPartition
    from pyspark.sql.connect.session import SparkSession

FAILURES = 2
# many records smaller than LARGEST_EVENT fill the heap, too, because a poll limits their number, not their size
SMALL_RECORD, LARGE_TOGETHER = 64 * 1024, 64 * 1024 * 1024
# how much is passed to the gateway at once, in one commit: events of 3 MB would take a second each one by one
CHUNK_BYTES = 16 * 1024 * 1024
CHUNK_RECORDS = 20_000
# records in one poll, of up to KEPT_BYTES each
POLLED = 32
SILENCE_SECONDS = 30.0
Row = dict[str, Any]
logger = logging.getLogger(__name__)

_SOURCE = pa.schema(
    [
        ("key", pa.binary()),
        ("value", pa.binary()),
        ("value_size", pa.int64()),
        ("headers", pa.list_(pa.struct([("key", pa.string()), ("value", pa.binary())]))),
        ("topic", pa.string()),
        ("partition", pa.int32()),
        ("offset", pa.int64()),
        ("timestamp", pa.timestamp("us", "UTC")),
    ]
)


@dataclass(frozen=True)
class Attempts:
    """How often the stream has failed between these offsets.  `begun`: this process has begun to read them instead."""

    start: Offsets
    planned: Offsets
    failed: int
    begun: bool = False


def isolate_after_failures(spark: "SparkSession") -> None:
    """Count a failure of the stream, and read the planned events instead of it after the second.

    Call this before starting the stream, except after stopping it on purpose.
    """
    paths, kafka = load(PathSettings), load(KafkaSettings)
    attempts = count_start(paths)
    if attempts is None or attempts.failed < FAILURES:
        return
    gaps, accepted = offset_gaps(find_position(paths), kafka), accepted_gaps(paths.bronze)
    if any(gap not in accepted for gap in gaps):
        # starting the stream refuses such gaps and names them
        return
    with reader(kafka) as (consumer, partitions):
        if not attempts.begun and not _is_due(attempts, consumer, partitions):
            return
        write_state(BronzeState(state="waiting", waits_for=LARGE_EVENTS))
        logger.warning("the stream has failed on large events: reading up to %s without it", attempts.planned)
        _write(paths, replace(attempts, begun=True))
        # from here on, the table shows how far this has got; with its checkpoint, the stream would repeat its plan
        shutil.rmtree(paths.checkpoint, ignore_errors=True)
        start = find_position(paths).offsets
        for partition in partitions:
            for rows in _chunks(_walk(consumer, partition, start, attempts.planned)):
                _note(paths.bronze, rows)
                _append(spark, paths, rows)
    forget_failures(paths)


def failed_plan(paths: PathSettings) -> Offsets:
    """By partition, the end of the batch on which the stream has failed and is not yet past; empty if there is none."""
    attempts = _read(paths)
    return attempts.planned if attempts else {}


def forget_failures(paths: PathSettings) -> None:
    """Delete the record of failures, once the stream is past the place where it failed."""
    _attempts(paths).unlink(missing_ok=True)


def count_start(paths: PathSettings) -> Attempts | None:
    """Count the batch that was begun and not committed as failed; return None if there is none.

    Call this while no stream runs.  Once this process has begun to read the events itself, the count no longer changes.
    """
    known = _read(paths)
    if known and known.begun:
        return known
    start, planned = find_position(paths).offsets, planned_end(paths.checkpoint) or {}
    if all(end <= start.get(partition, 0) for partition, end in planned.items()):
        forget_failures(paths)
        return None
    # only the starts are compared: without a checkpoint, each plan is a new one and may end elsewhere
    attempts = Attempts(start, planned, known.failed + 1 if known and known.start == start else 1)
    _write(paths, attempts)
    return attempts


def _is_due(attempts: Attempts, consumer: "KafkaConsumer", partitions: "list[TopicPartition]") -> bool:
    """Whether the plan holds one large record, or many that are not small and are large together."""
    together = 0
    for partition in partitions:
        for record in _walk(consumer, partition, attempts.start, attempts.planned):
            size = sum(map(len, _parts(record)))
            together += size if size > SMALL_RECORD else 0
            if size > LARGEST_EVENT or together > LARGE_TOGETHER:
                return True
    logger.warning("the stream has failed %d times at the same offsets, and nothing there is large", attempts.failed)
    return False


def _parts(record: Any) -> "list[bytes | LeftInKafka]":
    """Key, value and headers, without those that are missing."""
    headers = [part for name, value in record.headers for part in (name.encode(), value)]
    return [part for part in (record.key, record.value, *headers) if part is not None]


def _walk(consumer: "KafkaConsumer", partition: "TopicPartition", start: Offsets, until: Offsets) -> Iterator[Any]:
    """The partition's records in the range, in order."""
    end = until.get(partition.partition, 0)
    first = consumer.beginning_offsets([partition])[partition]
    consumer.assign([partition])
    consumer.seek(partition, max(start.get(partition.partition, 0), first))
    heard = time.monotonic()
    while consumer.position(partition) < end:
        records = consumer.poll(timeout_ms=1000, max_records=POLLED).get(partition, [])
        yield from (record for record in records if record.offset < end)
        if records:
            heard = time.monotonic()
        elif time.monotonic() > heard + SILENCE_SECONDS:
            raise BronzeError(f"the broker still holds events, but sent nothing for {SILENCE_SECONDS:g} s")


def _chunks(records: Iterator[Any]) -> Iterator[list[Row]]:
    rows, size = list[Row](), 0
    for record in records:
        rows.append(_row(record))
        size += sum(len(part) for part in _parts(record) if isinstance(part, bytes))
        if size >= CHUNK_BYTES or len(rows) == CHUNK_RECORDS:
            yield rows
            rows, size = [], 0
    if rows:
        yield rows


def _row(record: Any) -> Row:
    """The record as a row of Spark's Kafka source, with `value_size` added."""
    headers = [{"key": name, "value": value} for name, value in record.headers]
    is_cut = any(isinstance(value, LeftInKafka) for _, value in record.headers)
    return {
        "key": _kept(record.key),
        "value": _kept(record.value),
        "value_size": None if record.value is None else len(record.value),
        "headers": None if is_cut or not headers else headers,
        "topic": record.topic,
        "partition": record.partition,
        "offset": record.offset,
        "timestamp": record.timestamp * 1000,
    }


def _kept(part: "bytes | LeftInKafka | None") -> bytes | None:
    return None if isinstance(part, LeftInKafka) else part


def _append(spark: "SparkSession", paths: PathSettings, rows: list[Row]) -> None:
    """Append the rows in one commit, which Delta accepts only once.

    The gateway may still be busy with the same commit for a process that was killed.
    """
    frame = spark.createDataFrame(pa.Table.from_pylist(rows, _SOURCE))
    stages, columns = bronze_projection(sized=True)
    for stage in stages:
        frame = frame.selectExpr(*stage)
    (
        frame.selectExpr(*columns)
        .write.format("delta")
        .mode("append")
        .option("txnAppId", f"isolation of partition {rows[0]['partition']}")
        .option("txnVersion", rows[-1]["offset"])
        .save(str(paths.bronze))
    )


def _note(bronze: Path, rows: list[Row]) -> None:
    """Record and log which of these rows lack their value, but only once, however often they are retried."""
    now = datetime.now(UTC)
    large = (row for row in rows if (row["value_size"] or 0) > KEPT_BYTES)
    for each in remember(bronze, [Isolated(row["partition"], row["offset"], row["value_size"], now) for row in large]):
        logger.warning("isolated: partition %d offset %d, %d bytes", each.partition, each.offset, each.size)


def _read(paths: PathSettings) -> Attempts | None:
    try:
        content = json.loads(_attempts(paths).read_text())
        return Attempts(**content | {name: _numbered(content[name]) for name in ("start", "planned")})
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, KeyError) as error:
        logger.warning("resetting the failure count: %s cannot be read (%s)", _attempts(paths), error)
        return None


def _numbered(offsets: dict[str, int]) -> Offsets:
    return {int(partition): offset for partition, offset in offsets.items()}


def _write(paths: PathSettings, attempts: Attempts) -> None:
    replace_text(_attempts(paths), json.dumps(asdict(attempts)))


def _attempts(paths: PathSettings) -> Path:
    return paths.bronze / "_attempts.json"

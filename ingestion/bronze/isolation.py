"""Go on past events that kill what reads them.

A batch of Kafka's counts at most 2 MiB packed; what it unpacks to has no bound.  After its first failure the stream
takes a few events at a time until it is past that place.  After the second one from the same offsets on, this process
reads what was planned, a piece at a time (`ingestion.topic.unpacking`), and hands it to the gateway as rows.  A row of
what is larger than `KEPT_BYTES` is without its value, as the stream's own would be.  What holds nothing large is left
to the stream: then the gateway died of something else.
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
from ingestion.bronze.isolated import LARGE_EVENTS, Isolated, remember
from ingestion.bronze.resume import BronzeError, find_position, offset_gaps, planned_end
from ingestion.bronze_table import bronze_projection
from ingestion.event import Offsets
from ingestion.processes.files import replace_text
from ingestion.processes.states import BronzeState, write_state
from ingestion.settings import KafkaSettings, PathSettings, load
from ingestion.sizes import KEPT_BYTES, LARGEST_EVENT
from ingestion.topic.client import reader
from ingestion.topic.unpacking import Left

if TYPE_CHECKING:
    from kafka import KafkaConsumer, TopicPartition
    from pyspark.sql.connect.session import SparkSession

FAILURES = 2
# many records of less than LARGEST_EVENT fill the heap, too: a poll takes them by number
SMALL_RECORD, LARGE_TOGETHER = 64 * 1024, 64 * 1024 * 1024
# what is handed to the gateway at once, a commit each: events of 3 MB one by one would take a second each
CHUNK_BYTES = 16 * 1024 * 1024
CHUNK_RECORDS = 20_000
# of up to KEPT_BYTES each
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
    """How often the stream has failed between these offsets.  `begun`: this process has taken its place there."""

    start: Offsets
    planned: Offsets
    failed: int
    begun: bool = False


def go_past(spark: "SparkSession") -> None:
    """To be called before each start of the stream: counts its failures, and takes its place after the second."""
    paths, kafka = load(PathSettings), load(KafkaSettings)
    attempts = count_start(paths)
    if attempts is None or attempts.failed < FAILURES:
        return
    gaps, accepted = offset_gaps(find_position(paths), kafka), accepted_gaps(paths.bronze)
    if any(gap not in accepted for gap in gaps):
        # to be refused by name, by whoever starts the stream
        return
    with reader(kafka) as (consumer, partitions):
        if not attempts.begun and not _is_due(attempts, consumer, partitions):
            return
        write_state(BronzeState(state="waiting", waits_for=LARGE_EVENTS))
        logger.warning("the stream has failed on large events: reading up to %s without it", attempts.planned)
        _write(paths, replace(attempts, begun=True))
        # the table tells from here on how far this is; a checkpoint would have the stream repeat its plan
        shutil.rmtree(paths.checkpoint, ignore_errors=True)
        start = find_position(paths).offsets
        for partition in partitions:
            for rows in _chunks(_walk(consumer, partition, start, attempts.planned)):
                _note(paths.bronze, rows)
                _append(spark, paths, rows)
    forget_failures(paths)


def failed_plan(paths: PathSettings) -> Offsets:
    """Up to where the stream has failed and not yet got past, by partition; empty where it has not."""
    attempts = _read(paths)
    return attempts.planned if attempts else {}


def forget_failures(paths: PathSettings) -> None:
    """The stream is past the place where it has failed."""
    _attempts(paths).unlink(missing_ok=True)


def count_start(paths: PathSettings) -> Attempts | None:
    """Called with no stream running: a batch that was begun and not committed has failed.  None without one."""
    known = _read(paths)
    if known and known.begun:
        return known
    start, planned = find_position(paths).offsets, planned_end(paths.checkpoint) or {}
    if all(end <= start.get(partition, 0) for partition, end in planned.items()):
        forget_failures(paths)
        return None
    # without a checkpoint each plan is made anew, and may end elsewhere
    attempts = Attempts(start, planned, known.failed + 1 if known and known.start == start else 1)
    _write(paths, attempts)
    return attempts


def _is_due(attempts: Attempts, consumer: "KafkaConsumer", partitions: "list[TopicPartition]") -> bool:
    """Whether the plan holds one large record, or many that are not small and large together."""
    together = 0
    for partition in partitions:
        for record in _walk(consumer, partition, attempts.start, attempts.planned):
            size = sum(map(len, _parts(record)))
            together += size if size > SMALL_RECORD else 0
            if size > LARGEST_EVENT or together > LARGE_TOGETHER:
                return True
    logger.warning("the stream has failed %d times at the same offsets, and nothing there is large", attempts.failed)
    return False


def _parts(record: Any) -> "list[bytes | Left]":
    """Key, value and headers, as far as there are any."""
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
            raise BronzeError(f"the broker must send what it holds, and was silent for {SILENCE_SECONDS:g} s")


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
    """As Spark's Kafka source has it, and `value_size`."""
    headers = [{"key": name, "value": value} for name, value in record.headers]
    is_cut = any(isinstance(value, Left) for _, value in record.headers)
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


def _kept(part: "bytes | Left | None") -> bytes | None:
    return None if isinstance(part, Left) else part


def _append(spark: "SparkSession", paths: PathSettings, rows: list[Row]) -> None:
    """One commit, which Delta takes once: the gateway may be busy with it still for a process that was killed."""
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
    """Say which of these rows are without their value; once, however often it is tried."""
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
        logger.warning("counting the stream's failures anew: %s cannot be read (%s)", _attempts(paths), error)
        return None


def _numbered(offsets: dict[str, int]) -> Offsets:
    return {int(partition): offset for partition, offset in offsets.items()}


def _write(paths: PathSettings, attempts: Attempts) -> None:
    replace_text(_attempts(paths), json.dumps(asdict(attempts)))


def _attempts(paths: PathSettings) -> Path:
    return paths.bronze / "_attempts.json"

"""The shortest program that does the work of the stream and the models, to measure what engine and guarantees cost.

It reads the topic with a Kafka client, parses the JSON with DuckDB, appends to a Delta table, and sums revenue by
product and country.  It is no replacement: it keeps no offsets, so after a crash it would lose or repeat events; it
fails at the first event that is not JSON, knows neither duplicates nor a ledger, and does not publish several tables
as one.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import DeltaTable, write_deltalake
from kafka import KafkaConsumer, TopicPartition

from ingestion.errors import SalesError
from ingestion.event import Offsets
from ingestion.settings import KafkaSettings

CHUNK_EVENTS = 50_000
POLL_RECORDS = 10_000
POLL_MS = 1_000
FETCH_BYTES = 16 << 20
EVENTS = pa.schema([("kafka_partition", pa.int32()), ("kafka_offset", pa.int64()), ("value", pa.binary())])
PARSE = """
    kafka_partition,
    kafka_offset,
    unnest(from_json(decode(value), '{
        "vente_id": "BIGINT", "client_id": "INTEGER", "produit_id": "INTEGER", "timestamp": "TIMESTAMP",
        "quantite": "INTEGER", "montant": "DECIMAL(12,2)", "client_nom": "VARCHAR", "produit_nom": "VARCHAR",
        "categorie": "VARCHAR", "pays": "VARCHAR", "segment": "VARCHAR"
    }'))
"""
SUMS = "produit_nom, pays, sum(montant), sum(quantite)"


def consume(kafka: KafkaSettings, begin: Offsets, end: Offsets) -> int:
    """Read the events from `begin` to `end` (exclusive), by partition; return how many are in the sums' table."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "sales")
        chunk: list[tuple[int, int, bytes]] = []
        for event in _events(kafka, begin, end):
            chunk.append(event)
            if len(chunk) == CHUNK_EVENTS:
                _append(table, chunk)
                chunk = []
        if chunk:
            _append(table, chunk)
        sales = DeltaTable(str(table)).to_pyarrow_dataset()
        if not duckdb.from_arrow(sales).aggregate(SUMS, "produit_nom, pays").fetchall():
            raise SalesError("the hand-written consumer must find sales, got none")
        return int(sales.count_rows())


def _events(kafka: KafkaSettings, begin: Offsets, end: Offsets) -> Iterator[tuple[int, int, bytes]]:
    consumer = KafkaConsumer(
        bootstrap_servers=kafka.bootstrap_servers,
        enable_auto_commit=False,
        max_poll_records=POLL_RECORDS,
        fetch_max_bytes=FETCH_BYTES,
        max_partition_fetch_bytes=FETCH_BYTES,
    )
    try:
        left = dict(end)
        consumer.assign([TopicPartition(kafka.topic, partition) for partition in end])
        for partition in end:
            consumer.seek(TopicPartition(kafka.topic, partition), begin.get(partition, 0))
        while left:
            for place, records in consumer.poll(POLL_MS).items():
                for record in records:
                    if record.offset < end[place.partition]:
                        yield place.partition, record.offset, record.value
                if records[-1].offset + 1 >= end[place.partition]:
                    left.pop(place.partition, None)
    finally:
        consumer.close()


def _append(table: Path, chunk: list[tuple[int, int, bytes]]) -> None:
    events = pa.table([list(column) for column in zip(*chunk, strict=True)], schema=EVENTS)
    write_deltalake(str(table), duckdb.from_arrow(events).project(PARSE).to_arrow_table(), mode="append")

"""Load the broker's log, Bronze and the published Silver tables into the workbench."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from deltalake import DeltaTable

from ingestion.bronze.eventless import eventless_offsets
from ingestion.bronze.gaps import Gap, accepted_gaps
from ingestion.bronze_table import NUMBERS
from ingestion.catalogue import clients, produits
from ingestion.lake.delta_tables import dataset, query, table_exists
from ingestion.lake.ledger import PUBLISHED, Publication, publications
from ingestion.sizes import TOO_LARGE
from ingestion.verify.report import MOST_EXAMPLES, UNREADABLE, Check, Progress, unread
from ingestion.verify.topic_log import TopicLog
from ingestion.verify.verdict import Evaluation, evaluate
from ingestion.verify.workbench import Workbench

BATCH_ROWS = 20_000
# if a batch could hold more than BATCH_BYTES of values, it has only FEW_ROWS rows, each of KEPT_BYTES at most
BATCH_BYTES = 256 * 1024 * 1024
FEW_ROWS = 16

_COLUMNS = ["kafka_partition", "kafka_offset", "kafka_timestamp", "key", "value", "parse_error"]
_EVALUATED = pa.schema(
    [
        ("raison", pa.string()),
        ("vente_id", pa.int64()),
        ("client_id", pa.int32()),
        ("produit_id", pa.int32()),
        ("timestamp", pa.int64()),
        ("quantite", pa.int32()),
        ("montant", pa.int64()),
    ]
)


def load_bronze(bench: Workbench, path: Path, on_progress: Progress) -> Check:
    """Evaluate every row that Bronze holds now; a file that cannot be read does not hide the others."""
    name, compared = "files of Bronze", "each can be read"
    if not table_exists(path):
        return Check(name, compared, 0)
    try:
        table = DeltaTable(str(path))
        total = sum(rows or 0 for rows in table.get_add_actions(flatten=True).column("num_records").to_pylist())
        rows = dataset(table)
    except UNREADABLE as error:
        return Check(name, compared, 0, 1, (unread("the table", error),))
    done, faults = 0, list[str]()
    for file in rows.get_fragments():
        try:
            for batch in _batches(file):
                _insert(bench, "copies", _evaluate(batch))
                done += batch.num_rows
                on_progress("bronze", done, total)
        except UNREADABLE as error:
            faults.append(unread(file.path, error))
    return Check(name, compared, len(rows.files), len(faults), tuple(faults[:MOST_EXAMPLES]))


def _batches(file: Any) -> Iterator[pa.RecordBatch]:
    """The rows of a file in batches; a dataset would cut its batches from a whole row group in memory."""
    # an older lake has 96-bit timestamps; in nanoseconds, they would not go beyond 2262
    with pq.ParquetFile(file.path, filesystem=file.filesystem, coerce_int96_timestamp_unit="us") as parquet:
        metadata = parquet.metadata
        value = next(n for n in range(metadata.num_columns) if metadata.schema.column(n).path == "value")
        for number in range(metadata.num_row_groups):
            held = metadata.row_group(number).column(value).total_uncompressed_size
            rows = BATCH_ROWS if held <= BATCH_BYTES else FEW_ROWS
            yield from parquet.iter_batches(rows, row_groups=[number], columns=[*_COLUMNS, *NUMBERS])


def _evaluate(batch: pa.RecordBatch) -> pa.Table:
    times = batch.column("kafka_timestamp").cast(pa.timestamp("us", "UTC")).cast(pa.int64())
    evaluations: list[Evaluation] = list(
        map(evaluate, batch.column("value").to_pylist(), times.to_pylist(), _marked(batch))
    )
    too_large = pc.fill_null(pc.equal(batch.column("parse_error"), TOO_LARGE), False)
    rows = pa.Table.from_batches([batch.select(_COLUMNS)]).set_column(2, "kafka_timestamp", times)
    rows = rows.drop_columns("parse_error").append_column("is_too_large", too_large)
    for field, column in zip(_EVALUATED, zip(*evaluations, strict=True), strict=True):
        rows = rows.append_column(field, pa.array(column, field.type))
    return rows


def _marked(batch: pa.RecordBatch) -> Iterator[list[str]]:
    """For each row, the fields whose number Bronze holds with a leading `~`."""
    found = {name: pc.starts_with(batch.column(name), "~") for name in NUMBERS}
    marks = {name: mask.to_pylist() for name, mask in found.items() if pc.any(mask).as_py()}
    return ([name for name, mask in marks.items() if mask[row]] for row in range(batch.num_rows))


def load_gaps(bench: Workbench, path: Path) -> tuple[Gap, ...]:
    """Load the recorded gaps and offsets without an event; return the gaps.

    Call this after `load_bronze`: each gap is accepted before Bronze holds what follows it.
    """
    gaps = accepted_gaps(path)
    bench.fill("accepted", [(gap.partition, gap.from_offset, gap.to_offset) for gap in gaps])
    # a producer that commits often leaves millions of them
    eventless = list(zip(*eventless_offsets(path), strict=True))
    if eventless:
        bench.register("arrived", pa.table(eventless, names=["kafka_partition", "from_offset", "to_offset"]))
        bench.run("insert into eventless select * from arrived")
    return tuple(gaps)


def load_topic(bench: Workbench, log: TopicLog, on_progress: Progress) -> None:
    """Read the broker's log to its end."""
    held = [(partition, log.first[partition], end) for partition, end in log.end.items()]
    bench.fill("held", held)
    total, done = sum(end - first for _, first, end in held), 0
    for records in log.batches:
        if records:
            partitions, offsets, keys, values, times, too_large = zip(*records, strict=True)
            columns = {
                "kafka_partition": pa.array(partitions, pa.int32()),
                "kafka_offset": pa.array(offsets, pa.int64()),
                "kafka_timestamp": pa.array([time * 1000 for time in times], pa.int64()),
                "key": pa.array(keys, pa.binary()),
                "value": pa.array(values, pa.binary()),
                "is_too_large": pa.array(too_large, pa.bool_()),
            }
            _insert(bench, "topic", pa.table(columns))
            done += len(records)
            on_progress("topic", done, total)


def _insert(bench: Workbench, table: str, rows: pa.Table) -> None:
    bench.register("arrived", rows)
    bench.run(
        f"insert into {table} by name select * exclude (key, value), "
        f"md5_number(key) as key_md5, md5_number(value) as value_md5 from arrived"
    )


def load_silver(bench: Workbench, silver: Path) -> Check | None:
    """Load the catalogues, the ledger, and each table at the version it names last; None if nothing is published."""
    name, compared = "published tables", "each opens at the version in the ledger"
    bench.fill("clients", [(c.client_id, c.client_nom, c.pays, c.segment) for c in clients()])
    bench.fill("produits", [(p.produit_id, p.produit_nom, p.categorie) for p in produits()])
    try:
        closed = publications(silver)
        if not closed:
            return None
        bench.fill("ledger", _ledger(silver, closed[-1]))
    except UNREADABLE as error:
        return Check(name, compared, 0, 1, (unread("the ledger", error),))
    versions: dict[str, int | None] = {name: closed[-1].versions.get(name) for name in PUBLISHED}
    failures = [_register(bench, silver, name, version) for name, version in {**versions, "tranches": None}.items()]
    faults = tuple(fault for fault in failures if fault)
    return Check(name, compared, len(failures), len(faults), faults)


def _ledger(silver: Path, publication: Publication) -> list[tuple[Any, ...]]:
    return query(
        "select tranche, kafka_partition, from_offset, to_offset, rows_read, rows_clean, rows_rejected, "
        "rows_duplicates, epoch_us(closed_at) from bilan_ingestion where tranche <= ?",
        [publication.tranche],
        bilan_ingestion=DeltaTable(str(silver / "bilan_ingestion")),
    )


def _register(bench: Workbench, silver: Path, name: str, version: int | None) -> str | None:
    if version is None and name in PUBLISHED:
        return f"{name}: the ledger names no version"
    try:
        bench.register(name, dataset(DeltaTable(str(silver / name), version=version)))
    except UNREADABLE as error:
        return unread(f"{name}, version {version},", error)
    return None

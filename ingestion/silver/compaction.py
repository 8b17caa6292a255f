"""Put small files together: every batch of the stream and every slice writes one more, and readers open them all.

The cube is left out: a slice rewrites the cube's files of the hours that it touches, and small ones cost it less.
Readers keep the versions that the ledger names; the files that a compaction replaces go with the next vacuum.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

from ingestion.gateway import sql
from ingestion.lake.delta_tables import table_exists
from ingestion.lake.ledger import GROWING
from ingestion.lake.ownership import refuse_strangers
from ingestion.settings import PathSettings, load

TABLES = (
    "bronze.ventes_raw",
    "silver.tranches",
    *(f"silver.{name}" for name in GROWING),
    "silver.bilan_ingestion",
)
# a file of this size is left as it is: without it, each compaction would write the whole day again
BIG_BYTES = 16 << 20
# opening this many files costs a reader about a tenth of a second
MANY_FILES = 100


@dataclass(frozen=True)
class Compacted:
    """Small files of one table, before and after."""

    table: str
    before: int
    after: int


def compact(at_least: int = MANY_FILES) -> list[Compacted]:
    """Put the small files together of every table that has `at_least` too many.  Raises StatementError."""
    lake = load(PathSettings).lake_dir
    folders = {table: lake.joinpath(*table.split(".")) for table in TABLES}
    small = {table: small_files(folder) for table, folder in folders.items() if table_exists(folder)}
    # a compaction leaves one in each partition
    due = {table: counts.total() for table, counts in small.items() if counts.total() - len(counts) >= at_least}
    if not due:
        return []
    done = []
    with sql.session() as gateway:
        refuse_strangers()
        gateway.run(f"set spark.databricks.delta.optimize.minFileSize={BIG_BYTES}")
        gateway.run(f"set spark.databricks.delta.optimize.maxFileSize={4 * BIG_BYTES}")
        # vector by vector, thousands of events of 2 MiB would be in memory at once
        gateway.run("set spark.sql.parquet.enableVectorizedReader=false")
        for table, before in due.items():
            gateway.run(f"optimize {table}")
            done.append(Compacted(table, before, small_files(folders[table]).total()))
    return done


def small_files(folder: Path) -> "Counter[tuple[object, ...]]":
    """Small files in each partition of a Delta table, by the partition's values; from its log alone."""
    table = DeltaTable(str(folder))
    files = pa.table(table.get_add_actions(flatten=True))
    # as text: a partition of an older lake may be a date that Python has none for
    partitions = [files.column(f"partition.{name}").cast("string") for name in table.metadata().partition_columns]
    rows = zip(files.column("size_bytes").to_pylist(), *(each.to_pylist() for each in partitions), strict=True)
    return Counter(tuple(partition) for size, *partition in rows if size < BIG_BYTES)

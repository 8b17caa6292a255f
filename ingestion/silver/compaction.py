"""Merge small files: every batch of the stream and every slice writes one more, and readers open them all.

Only tables that gain rows are compacted.  The cube is left out: a slice rewrites the cube's files for the hours that it
touches, which costs less if they are small.  `ventes_aggreges`, `top_produits` and `hourly_sales` are left out, too:
each slice replaces all of their files.  Readers keep the versions that the ledger names; files that a compaction has
replaced are deleted by a later vacuum.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from deltalake import DeltaTable

from ingestion.gateway import sql
from ingestion.lake.delta_tables import table_exists
from ingestion.lake.ledger import INSERT_ONLY
from ingestion.lake.ownership import refuse_strangers
from ingestion.settings import PathSettings, load

TABLES = (
    "bronze.ventes_raw",
    "silver.tranches",
    *(f"silver.{name}" for name in INSERT_ONLY),
    "silver.bilan_ingestion",
    "gold.bilan_gold",
)
# a file of this size is left as it is; without this limit, each compaction would rewrite the whole day
BIG_BYTES = 16 << 20
# opening this many files costs a reader about a tenth of a second
MANY_FILES = 100


@dataclass(frozen=True)
class Compacted:
    """The number of small files of one table, before and after."""

    table: str
    before: int
    after: int


def compact(at_least: int = MANY_FILES) -> list[Compacted]:
    """Merge the small files of every table that has `at_least` too many.  Raises StatementError."""
    lake = load(PathSettings).lake_dir
    folders = {table: lake.joinpath(*table.split(".")) for table in TABLES}
    small = {table: small_files(folder) for table, folder in folders.items() if table_exists(folder)}
    # a compaction leaves one small file in each partition
    due = {table: counts.total() for table, counts in small.items() if counts.total() - len(counts) >= at_least}
    if not due:
        return []
    done = []
    with sql.session() as gateway:
        refuse_strangers()
        gateway.run(f"set spark.databricks.delta.optimize.minFileSize={BIG_BYTES}")
        gateway.run(f"set spark.databricks.delta.optimize.maxFileSize={4 * BIG_BYTES}")
        for table, before in due.items():
            gateway.run(f"optimize {table}")
            done.append(Compacted(table, before, small_files(folders[table]).total()))
    return done


def small_files(folder: Path) -> "Counter[tuple[object, ...]]":
    """The number of small files in a Delta table by its partitions' values, read from its log alone."""
    table = DeltaTable(str(folder))
    files = pa.table(table.get_add_actions(flatten=True))
    # as text, because a partition of an older lake may be a date that Python cannot represent
    partitions = [files.column(f"partition.{name}").cast("string") for name in table.metadata().partition_columns]
    rows = zip(files.column("size_bytes").to_pylist(), *(each.to_pylist() for each in partitions), strict=True)
    return Counter(tuple(partition) for size, *partition in rows if size < BIG_BYTES)

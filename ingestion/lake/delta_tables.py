"""Read the lake without Spark: the Delta logs with deltalake, the rows with DuckDB.  Nothing here writes."""

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

import duckdb
from deltalake import DeltaTable

from ingestion.errors import SalesError

if TYPE_CHECKING:
    from pyarrow.dataset import Dataset

# a sale from before 1970 can only have been stored before there was a rule against it
REJUDGE = "sales silver rebuild judges every event by today's rules"


class LakeError(SalesError):
    """A table that these libraries cannot read; the message says which, why, and the way out."""


def commit_file(table: Path, version: int) -> Path:
    """The file of that version's commit, which may be cleaned up after a checkpoint."""
    return table / "_delta_log" / f"{version:020}.json"


def refuse_empty_commit(table: Path, version: int) -> None:
    """Raises ValueError if this version's commit is an empty file.

    A power cut may leave the newest commit empty.  Delta's readers treat that as a commit that changed nothing, so the
    figures would be wrong without any error.
    """
    file = commit_file(table, version)
    if file.exists() and file.stat().st_size == 0:
        raise ValueError(f"commit {version} of {table.name} is empty")


def table_exists(path: Path) -> bool:
    return DeltaTable.is_deltatable(str(path))


def data_files(table: DeltaTable) -> list[str]:
    """The table's files by their names on disk; the table itself lists them percent-encoded."""
    return [unquote(address) for address in table.file_uris()]


def query(sql: str, parameters: list[Any] | None = None, **tables: DeltaTable) -> list[tuple[Any, ...]]:
    """Run SQL over Delta tables, each under the name of its keyword."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for name, table in tables.items():
            connection.register(name, dataset(table))
        return connection.execute(sql, parameters or []).fetchall()


def dataset(table: DeltaTable) -> "Dataset":
    """The table's rows for Arrow.  Raises LakeError if a partition has a date that Python does not: one in the year 0.

    Files of an older lake store times as INT96, which Arrow would read as nanoseconds, limited to the years 1677 to
    2262.
    """
    from pyarrow.dataset import ParquetReadOptions

    try:
        return table.to_pyarrow_dataset(parquet_read_options=ParquetReadOptions(coerce_int96_timestamp_unit="us"))
    except ValueError as error:
        folder = Path(unquote(urlparse(table.table_uri).path))
        raise LakeError(f"table {folder.name} holds a date that cannot be read ({error}); {REJUDGE}") from error

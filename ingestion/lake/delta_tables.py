"""Read the lake without Spark: the Delta logs by deltalake, the rows by DuckDB.  Nothing here writes."""

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlparse

import duckdb
from deltalake import DeltaTable

from ingestion.errors import SalesError

if TYPE_CHECKING:
    from pyarrow.dataset import Dataset

# a sale from before 1970 can only be there from when that was no rule
REJUDGE = "sales silver rebuild judges every event by today's rules"


class LakeError(SalesError):
    """A table that these libraries cannot read; the message says which, why, and the way out."""


def commit_file(table: Path, version: int) -> Path:
    """Where that version's commit lies, until it is cleaned up behind a checkpoint."""
    return table / "_delta_log" / f"{version:020}.json"


def refuse_empty_commit(table: Path, version: int) -> None:
    """Raises ValueError where this version's commit is an empty file.

    That is what a power cut may leave of the newest one.  Delta's readers take it for a commit that changed nothing, so
    the figures would be wrong without a word.
    """
    file = commit_file(table, version)
    if file.exists() and file.stat().st_size == 0:
        raise ValueError(f"commit {version} of {table.name} is empty")


def table_exists(path: Path) -> bool:
    return DeltaTable.is_deltatable(str(path))


def data_files(table: DeltaTable) -> list[str]:
    """The table's files by their names on disk; the table itself has them percent-encoded."""
    return [unquote(address) for address in table.file_uris()]


def query(sql: str, parameters: list[Any] | None = None, **tables: DeltaTable) -> list[tuple[Any, ...]]:
    """Run SQL over Delta tables, each known by its keyword."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for name, table in tables.items():
            connection.register(name, dataset(table))
        return connection.execute(sql, parameters or []).fetchall()


def dataset(table: DeltaTable) -> "Dataset":
    """The table's rows for Arrow.  Raises LakeError where a partition's date is none for Python: one of the year 0.

    Files of an older lake hold times as INT96, which Arrow would take for nanoseconds: the years 1677 to 2262.
    """
    from pyarrow.dataset import ParquetReadOptions

    try:
        return table.to_pyarrow_dataset(parquet_read_options=ParquetReadOptions(coerce_int96_timestamp_unit="us"))
    except ValueError as error:
        folder = Path(unquote(urlparse(table.table_uri).path))
        raise LakeError(f"table {folder.name} holds a date that cannot be read ({error}); {REJUDGE}") from error

"""Read the lake without Spark: the Delta logs by deltalake, the rows by DuckDB.  Nothing here writes."""

from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
from deltalake import DeltaTable

from ingestion.settings import PathSettings, load
from ingestion.topic import Offsets


def table_exists(path: Path) -> bool:
    return DeltaTable.is_deltatable(str(path))


class BronzeOffsets:
    """The highest offset of each partition in Bronze, kept up to date by reading only what was added."""

    def __init__(self, floor: Offsets | None = None) -> None:
        """`floor`: offsets known to be in Bronze already; files that end below all of them are not opened."""
        self._table: DeltaTable | None = None
        self._read: set[str] = set()
        self._lowest = min(floor.values(), default=0) if floor else 0
        self.highest: Offsets = dict(floor or {})

    def refresh(self) -> Offsets:
        """Partition to highest offset in Bronze; a partition without rows is absent."""
        path = load(PathSettings).bronze
        if self._table is None:
            if not table_exists(path):
                return self.highest
            self._table = DeltaTable(str(path))
        else:
            before = self._table.version()
            self._table.update_incremental()
            if self._table.version() == before:
                return self.highest
        files = pa.table(self._table.get_add_actions(flatten=True))
        added = [
            str(path / name)
            for name, top in zip(
                files.column("path").to_pylist(), files.column("max.kafka_offset").to_pylist(), strict=True
            )
            if name not in self._read and (top is None or top >= self._lowest)
        ]
        if added:
            rows = duckdb.execute(
                "select kafka_partition, max(kafka_offset) from read_parquet(?) group by kafka_partition", [added]
            ).fetchall()
            for partition, offset in rows:
                self.highest[partition] = max(offset, self.highest.get(partition, -1))
        self._read = set(files.column("path").to_pylist())
        return self.highest


def query(sql: str, parameters: list[Any] | None = None, **tables: DeltaTable) -> list[tuple[Any, ...]]:
    """Run SQL over Delta tables, each known by its keyword."""
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for name, table in tables.items():
            connection.register(name, table.to_pyarrow_dataset())
        return connection.execute(sql, parameters or []).fetchall()

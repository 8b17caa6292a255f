"""DuckDB, set up for the one process that serves the page and the API."""

from collections.abc import Mapping
from threading import Lock
from typing import Any

import duckdb

Row = tuple[Any, ...]

_SETTINGS = (
    "set global timezone = 'UTC'",
    # the files of a Delta table never change
    "set global parquet_metadata_cache = true",
    # that cache grows by some 20 kB per file up to the limit, which by default is 80 % of the machine's memory
    "set global memory_limit = '1GB'",
)


class Engine:
    """One database in memory, safe to share between threads."""

    def __init__(self) -> None:
        self._connection, self._lock = _connect(), Lock()

    def rows(self, sql: str, parameters: Mapping[str, Any]) -> list[Row]:
        """Run one statement and return its rows.  Raises duckdb.Error."""
        connection = self._connection
        try:
            return connection.cursor().execute(sql, dict(parameters)).fetchall()
        except (duckdb.InternalException, duckdb.FatalException):
            # a corrupt file can bring the whole database down, which then answers nothing, even about other files
            self._replace(connection)
            raise

    def _replace(self, broken: duckdb.DuckDBPyConnection) -> None:
        with self._lock:
            if self._connection is broken:
                self._connection = _connect()


def _connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for setting in _SETTINGS:
        connection.execute(setting)
    return connection

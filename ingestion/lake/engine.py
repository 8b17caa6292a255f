"""DuckDB, set up for the one process that serves the page and the API."""

from collections.abc import Iterable, Mapping
from threading import Lock
from typing import Any

import duckdb

Row = tuple[Any, ...]

_SETTINGS = (
    "set global timezone = 'UTC'",
    # the files of a Delta table never change
    "set global parquet_metadata_cache = true",
    # by default, 80 % of the machine's memory
    "set global memory_limit = '1GB'",
)
# The cache holds 10 to 30 kB of each file that was ever opened, and gives nothing back before that limit.  Every slice
# writes new files and leaves old ones unread, so the cache starts again after this many: a file costs 50 us to reopen.
MOST_CACHED_FILES = 1000


class Engine:
    """One database in memory, safe to share between threads."""

    def __init__(self) -> None:
        self._connection, self._lock = _connect(), Lock()
        self._cached: frozenset[str] = frozenset()

    def rows(self, sql: str, parameters: Mapping[str, Any]) -> list[Row]:
        """Run one statement, which reads no files but `$files`, and return its rows.  Raises duckdb.Error."""
        self._make_room(parameters.get("files", ()))
        connection = self._connection
        try:
            return connection.cursor().execute(sql, dict(parameters)).fetchall()
        except (duckdb.InternalException, duckdb.FatalException):
            # a corrupt file can bring the whole database down, which then answers nothing, even about other files
            self._replace(connection)
            raise

    def _make_room(self, files: Iterable[str]) -> None:
        """Start again with an empty cache if these files, together with those in it, are too many."""
        if self._cached.issuperset(files):
            return
        with self._lock:
            wanted = frozenset(files)
            cached = self._cached | wanted
            # what one statement reads again and again stays, however many files it has
            if len(cached) > max(MOST_CACHED_FILES, 3 * len(wanted)):
                # statements that run go on with the connection that they have
                self._connection, cached = _connect(), wanted
            self._cached = cached

    def _replace(self, broken: duckdb.DuckDBPyConnection) -> None:
        with self._lock:
            if self._connection is broken:
                self._connection, self._cached = _connect(), frozenset()


def _connect() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for setting in _SETTINGS:
        connection.execute(setting)
    return connection

"""Records beside Bronze's table: what became of events that the table does not hold, or not whole."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class RecordError(Exception):
    """A record is damaged.  It cannot be made again from the table: only a backup has it."""


@contextmanager
def reading_record(path: Path) -> Iterator[None]:
    """Raises RecordError for whatever a damaged file makes of its reader."""
    try:
        yield
    except (ValueError, TypeError, KeyError, AttributeError, sqlite3.DatabaseError) as error:
        raise RecordError(f"the record {path} cannot be read ({error}); bring it back from a backup") from error

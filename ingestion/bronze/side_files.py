"""Records beside Bronze's table: what became of events that the table does not hold, or holds only in part."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ingestion.lake.delta_tables import LakeError


@contextmanager
def reading_record(path: Path) -> Iterator[None]:
    """Raises LakeError for any error that a damaged file causes in its reader."""
    try:
        yield
    except sqlite3.OperationalError:
        # busy, or no space: the record itself is whole
        raise
    except (ValueError, TypeError, KeyError, AttributeError, sqlite3.DatabaseError) as error:
        raise LakeError(f"the record {path} cannot be read ({error}); restore it from a backup") from error

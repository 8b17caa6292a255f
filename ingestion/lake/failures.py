"""Why a question has no answer.  Any reader may see the messages; the causes attached to them are for the log."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb
from deltalake.exceptions import DeltaError

from ingestion.errors import SalesError
from ingestion.lake.delta_tables import LakeError


class NeverPublishedError(SalesError):
    """There is no such slice, or nothing was published by then; the message says what there is."""


class VersionGoneError(SalesError):
    """The slice was published, but its files have been vacuumed since."""


class LakeUnreadableError(LakeError):
    """A file is missing or torn, or a table carries a Delta feature that reading by file list cannot honour."""

    @property
    def for_log(self) -> str:
        """The message with the first line of its cause, which may name paths."""
        cause = str(self.__cause__ or "").partition("\n")[0]
        return f"{self}: {cause}" if cause else str(self)


@contextmanager
def reading(what: str) -> Iterator[None]:
    """Raises LakeUnreadableError for any error that a missing, torn or corrupt file causes in the reading libraries."""
    try:
        yield
    except LakeUnreadableError:
        raise
    except (duckdb.Error, DeltaError, LakeError, OSError, ValueError) as error:
        raise LakeUnreadableError(f"{what} cannot be read") from error

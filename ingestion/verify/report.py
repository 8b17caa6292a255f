"""The result of a verification: one check for each line of its table."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

import duckdb
import pyarrow as pa
from deltalake.exceptions import DeltaError

from ingestion.bronze.gaps import Gap
from ingestion.errors import for_operators
from ingestion.lake.delta_tables import LakeError
from ingestion.printable import printable

Progress = Callable[[str, int, int], None]

MOST_EXAMPLES = 5
NOT_YET_PUBLISHED = "not yet published"
LEFT_IN_KAFKA = "left in Kafka"
# the errors that a missing, torn or corrupt file causes in the libraries that read it
UNREADABLE = (duckdb.Error, DeltaError, LakeError, pa.ArrowException, sqlite3.Error, OSError)


@dataclass(frozen=True, slots=True)
class Check:
    """`count`: how much was compared or, on a line that only reports, found.  `examples`: a few differences."""

    name: str
    compared: str
    count: int
    differences: int = 0
    examples: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        return self.differences == 0


@dataclass(frozen=True, slots=True)
class Verification:
    """`note`: why there was little to compare.  `raisons`: published events by verdict, the rejected ones by reason.

    `gaps`: what was accepted as lost, and is not expected in Bronze.
    """

    checks: tuple[Check, ...]
    note: str | None
    raisons: dict[str, int]
    gaps: tuple[Gap, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)

    @property
    def waiting(self) -> int:
        """Events in the topic that no slice holds yet."""
        return sum(check.count for check in self.checks if check.name == NOT_YET_PUBLISHED)

    @property
    def left(self) -> int:
        """Events whose bytes only Kafka has."""
        return sum(check.count for check in self.checks if check.name == LEFT_IN_KAFKA)

    @property
    def examples(self) -> dict[str, tuple[str, ...]]:
        """By the name of the check, up to five of its differences in words."""
        return {check.name: check.examples for check in self.checks if check.examples}


def unread(what: str, error: Exception) -> str:
    """One line for what cannot be read."""
    return printable(f"{what} cannot be read: {for_operators(error).strip().partition(chr(10))[0]}")

"""Offsets that never held an event: transaction markers, and events whose producer aborted them.

Kafka numbers them like events, but does not deliver them to a consumer that reads committed events only, so Bronze's
rows have holes there.  While Kafka still holds the offsets, it can be asked what they were.  Afterwards, only this
register distinguishes a hole without an event from a lost event.  The `bronze` process writes it, from what the stream
has read.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from deltalake import DeltaTable

from ingestion.bronze.gaps import accepted_gaps
from ingestion.bronze.side_files import reading_record
from ingestion.event import Offsets
from ingestion.lake.delta_tables import query, table_exists

_CREATE = """
create table if not exists eventless (
    kafka_partition integer, from_offset integer, to_offset integer, primary key (kafka_partition, from_offset)
) without rowid;
create table if not exists examined (kafka_partition integer primary key, to_offset integer);
"""

# the offsets between two rows of Bronze, and after the last one
_HOLES = """
with
ends as (select * from (values {ends}) as ends (kafka_partition, from_offset, to_offset)),
held as (
    select kafka_partition, kafka_offset
    from ventes_raw
    where {within}
    union
    select kafka_partition, to_offset from ends
    union
    select kafka_partition, from_offset - 1 from ends
)
select kafka_partition, lag(kafka_offset) over per_partition + 1 as from_offset, kafka_offset as to_offset
from held
window per_partition as (partition by kafka_partition order by kafka_offset)
qualify from_offset < to_offset
"""


class Range(NamedTuple):
    """A range of offsets in one partition; `to_offset` is exclusive."""

    kafka_partition: int
    from_offset: int
    to_offset: int


def eventless_offsets(bronze: Path) -> list[Range]:
    """Every recorded range, ordered by partition and offset; the ranges do not overlap."""
    return [Range(*row) for row in _rows(bronze, "eventless", "1, 2")]


def examined(bronze: Path) -> Offsets:
    """By partition, the offset (exclusive) up to which the register is complete."""
    return dict(_rows(bronze, "examined", "1"))


def note_eventless(bronze: Path, read: Offsets, first: Offsets) -> int:
    """Record the holes that the stream has left up to `read` (exclusive); return how many offsets they contain.

    Offsets below `first`, the lowest that Kafka still holds, are left out, because events there may have been lost; so
    are accepted gaps.
    """
    known = examined(bronze)
    ends = {n: (max(known.get(n, 0), first.get(n, 0)), end) for n, end in read.items()}
    ends = {n: (start, end) for n, (start, end) in ends.items() if start < end}
    if not ends:
        return 0
    lost = [Range(gap.partition, gap.from_offset, gap.to_offset) for gap in accepted_gaps(bronze)]
    found = [part for hole in _holes(bronze, ends) for part in without(hole, lost)]
    write_eventless(bronze, found, {n: end for n, (_, end) in ends.items()})
    return sum(part.to_offset - part.from_offset for part in found)


def write_eventless(bronze: Path, found: Iterable[Range], to: Offsets) -> None:
    """Add ranges to the register; `to`: by partition, the offset (exclusive) up to which they complete it."""
    with _register(bronze) as register:
        register.executescript(_CREATE)
        register.executemany("insert or replace into eventless values (?, ?, ?)", found)
        register.executemany("insert or replace into examined values (?, ?)", to.items())
        register.commit()


def without(hole: Range, taken: list[Range]) -> Iterator[Range]:
    """The parts of a range that remain when others are removed from it."""
    start = hole.from_offset
    for other in sorted(other for other in taken if other.kafka_partition == hole.kafka_partition):
        if start < min(other.from_offset, hole.to_offset):
            yield hole._replace(from_offset=start, to_offset=min(other.from_offset, hole.to_offset))
        start = max(start, other.to_offset)
    if start < hole.to_offset:
        yield hole._replace(from_offset=start)


def _holes(bronze: Path, ends: dict[int, tuple[int, int]]) -> list[Range]:
    if not table_exists(bronze):
        return []
    values = ", ".join(f"({n}, {start}, {end})" for n, (start, end) in ends.items())
    # literals, so that files can be skipped
    within = " or ".join(
        f"(kafka_partition = {n} and kafka_offset >= {start} and kafka_offset < {end})"
        for n, (start, end) in ends.items()
    )
    rows = query(_HOLES.format(ends=values, within=within), ventes_raw=DeltaTable(str(bronze)))
    return [Range(*row) for row in rows]


def _rows(bronze: Path, table: str, order: str) -> list[Any]:
    """All rows of a table; empty if there is no register, or if its tables have not been created yet."""
    if not _file(bronze).exists():
        return []
    with _register(bronze) as register:
        if not register.execute("select 1 from sqlite_master where name = ?", [table]).fetchall():
            return []
        return register.execute(f"select * from {table} order by {order}").fetchall()


def _file(bronze: Path) -> Path:
    return bronze / "_eventless.sqlite"


@contextmanager
def _register(bronze: Path) -> Iterator[sqlite3.Connection]:
    with reading_record(_file(bronze)), closing(sqlite3.connect(_file(bronze), timeout=30)) as connection:
        yield connection

"""A scratch database that holds both sides of the comparison; what is large spills to disk."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from ingestion.printable import printable
from ingestion.verify.report import MOST_EXAMPLES, UNREADABLE, Check, unread

MEMORY_LIMIT = "600MB"

_COORDINATES = (
    "kafka_partition int, kafka_offset bigint, kafka_timestamp bigint, key_md5 uhugeint, value_md5 uhugeint, "
    "is_too_large boolean"
)

# Instants are microseconds since 1970, amounts are cents, and of bytes only the MD5 sums are kept.
_TABLES = f"""
-- the broker's log, and the bounds of what it holds
create table topic ({_COORDINATES});
create table held (kafka_partition int, first_offset bigint, end_offset bigint);
-- what Kafka has dropped before Bronze read it, and somebody has accepted as lost
create table accepted (kafka_partition int, from_offset bigint, to_offset bigint);
-- offsets that the stream has read and that never held an event: transaction markers, aborted events
create table eventless (kafka_partition int, from_offset bigint, to_offset bigint);
create view explained as select * from accepted union all select * from eventless;
-- Bronze's rows, replayed ones too, each evaluated by itself
create table copies (
    {_COORDINATES}, raison varchar, vente_id bigint, client_id int, produit_id int, "timestamp" bigint, quantite int,
    montant bigint
);
-- the closed slices
create table ledger (
    tranche int, kafka_partition int, from_offset bigint, to_offset bigint,
    rows_read bigint, rows_clean bigint, rows_rejected bigint, rows_duplicates bigint, closed_at bigint
);
create view published as select kafka_partition, max(to_offset) as end_offset from ledger group by all;
-- the catalogues as they are now
create table clients (client_id int, client_nom varchar, pays varchar, segment varchar);
create table produits (produit_id int, produit_nom varchar, categorie varchar);
-- the published events with their verdicts
create table judged (
    kafka_partition int, kafka_offset bigint, tranche int, verdict varchar, raison varchar
);
"""


class Workbench:
    """The tables above, and Silver's tables under their own names once they are loaded."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection

    def run(self, sql: str) -> list[tuple[Any, ...]]:
        return self._connection.execute(sql).fetchall()

    def number(self, sql: str) -> int:
        value: int = self.run(sql)[0][0]
        return value

    def register(self, name: str, rows: Any) -> None:
        """Make an Arrow table or dataset available under this name."""
        self._connection.register(name, rows)

    def fill(self, table: str, rows: list[tuple[Any, ...]]) -> None:
        if rows:
            self._connection.executemany(f"insert into {table} values ({', '.join('?' * len(rows[0]))})", rows)

    def check(self, name: str, compared: str, count: str, differences: str) -> Check:
        """One line: `count` selects how much was compared, `differences` one text for each difference.

        Data that cannot be read counts as a difference.
        """
        try:
            found = self.run(f"select text, count(*) over () from ({differences}) as found(text) limit {MOST_EXAMPLES}")
            compared_count = self.number(count)
        except UNREADABLE as error:
            return Check(name, compared, 0, 1, (unread("a table", error),))
        total = found[0][1] if found else 0
        return Check(name, compared, compared_count, total, tuple(printable(str(text)) for text, _ in found))


@contextmanager
def open_workbench() -> Iterator[Workbench]:
    with (
        TemporaryDirectory(prefix="sales-verify-") as scratch,
        duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "temp_directory": scratch}) as connection,
    ):
        connection.execute("set timezone = 'UTC'")
        connection.execute(_TABLES)
        yield Workbench(connection)

"""A Silver with many sales for the API to read, written directly as Delta tables for measurements and tests.

The sales come from the generator and are spread over four weeks.  The tables have Silver's columns and types: one file
for each day of `ventes_clean`, one for each other table, and a ledger with one closed slice.  The unit tests of the
page and the API make their tables from a few sales in the same way.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import duckdb
import pyarrow as pa
from deltalake import write_deltalake

from ingestion.event import EVENT_FIELDS, Offsets, VenteEvent
from ingestion.lake.ledger import PUBLISHED
from ingestion.source.generator import make_ventes, past_times

SEED = 1
SPAN = timedelta(days=28)
PARTITIONS = 3
FIRST_ID = 10**15
BLOCK = 100_000
MOMENT = pa.timestamp("us", "UTC")
CLEAN = pa.schema(
    [
        ("vente_id", pa.int64()),
        ("client_id", pa.int32()),
        ("produit_id", pa.int32()),
        ("timestamp", MOMENT),
        ("quantite", pa.int32()),
        ("montant", pa.decimal128(12, 2)),
        ("client_nom", pa.string()),
        ("produit_nom", pa.string()),
        ("categorie", pa.string()),
        ("pays", pa.string()),
        ("segment", pa.string()),
        ("date_vente", pa.date32()),
        ("kafka_partition", pa.int32()),
        ("kafka_offset", pa.int64()),
        ("kafka_timestamp", MOMENT),
        ("tranche", pa.int32()),
    ]
)
REJECTED = pa.schema(
    [
        ("kafka_partition", pa.int32()),
        ("kafka_offset", pa.int64()),
        ("kafka_timestamp", MOMENT),
        ("value", pa.binary()),
        ("raison", pa.string()),
        ("tranche", pa.int32()),
    ]
)
LEDGER = pa.schema(
    [
        ("tranche", pa.int32()),
        ("kafka_partition", pa.int32()),
        ("from_offset", pa.int64()),
        ("to_offset", pa.int64()),
        ("rows_read", pa.int64()),
        ("rows_clean", pa.int64()),
        ("rows_rejected", pa.int64()),
        ("rows_duplicates", pa.int64()),
        ("versions", pa.string()),
        ("closed_at", MOMENT),
    ]
)
# each query may read the tables before it
SUM_QUERIES = {
    "cube_horaire": """
        select date_trunc('hour', "timestamp") as heure, produit_nom, pays, segment,
            sum(montant)::decimal(18, 2) as total_montant, sum(quantite)::bigint as total_quantite,
            count(*) as nombre_ventes
        from ventes_clean group by all order by heure""",
    "ventes_aggreges": """
        select produit_nom, pays, sum(total_montant)::decimal(18, 2) as total_montant,
            sum(total_quantite)::bigint as total_quantite
        from cube_horaire group by all""",
    "top_produits": """
        select row_number() over (order by sum(total_montant) desc, produit_nom)::int as rank, produit_nom,
            sum(total_montant)::decimal(18, 2) as total_montant
        from cube_horaire group by produit_nom order by rank limit 10""",
    "hourly_sales": """
        select heure, sum(total_montant)::decimal(18, 2) as total_montant,
            sum(total_quantite)::bigint as total_quantite
        from cube_horaire group by heure""",
}


def write_lake(silver: Path, count: int, until: datetime) -> None:
    """Write a Silver of `count` sales, spread over the four weeks up to that time."""
    ventes = pa.concat_tables(_clean(count, until))
    _write(silver, "ventes_clean", ventes, partition_by=["date_vente"])
    _write(silver, "ventes_rejetees", REJECTED.empty_table())
    with duckdb.connect() as connection:
        connection.execute("set timezone = 'UTC'")
        for name, table in published_tables(connection, ventes):
            _write(silver, name, table)
    _write(silver, "bilan_ingestion", _ledger(_ends(count), until))


def published_tables(connection: duckdb.DuckDBPyConnection, ventes: pa.Table) -> Iterator[tuple[str, pa.Table]]:
    """The tables that Silver derives from these rows of `ventes_clean`; the connection's zone must be UTC."""
    connection.register("ventes_clean", ventes)
    for name, sql in SUM_QUERIES.items():
        connection.execute(f"create temp table {name} as {sql}")
        yield name, connection.table(name).to_arrow_table()


def _write(silver: Path, name: str, table: pa.Table, partition_by: list[str] | None = None) -> None:
    write_deltalake(str(silver / name), table, partition_by=partition_by)


def _clean(count: int, until: datetime) -> Iterator[pa.Table]:
    numbered = zip(range(FIRST_ID, FIRST_ID + count), past_times(SEED, count, until, SPAN), strict=True)
    ventes = make_ventes(SEED, numbered)
    while block := list(islice(ventes, BLOCK)):
        yield _block(block)


def _block(ventes: list[VenteEvent]) -> pa.Table:
    times = [vente.timestamp for vente in ventes]
    numbers = [vente.vente_id - FIRST_ID for vente in ventes]
    columns = {name: [getattr(vente, name) for vente in ventes] for name in EVENT_FIELDS} | {
        "date_vente": [time.astimezone(UTC).date() for time in times],
        "kafka_partition": [number % PARTITIONS for number in numbers],
        "kafka_offset": [number // PARTITIONS for number in numbers],
        "kafka_timestamp": times,
        "tranche": [1] * len(ventes),
    }
    return pa.table(columns, schema=CLEAN)


def _ends(count: int) -> Offsets:
    return {partition: len(range(partition, count, PARTITIONS)) for partition in range(PARTITIONS)}


def _ledger(ends: Offsets, closed_at: datetime) -> pa.Table:
    versions = json.dumps(dict.fromkeys(PUBLISHED, 0))
    rows = [(1, partition, 0, end, end, end, 0, 0, versions, closed_at) for partition, end in ends.items()]
    return pa.table([list(column) for column in zip(*rows, strict=True)], schema=LEDGER)

"""What readers may show: the tables as they were when the last slice closed.

The ledger (`bilan_ingestion`) is written last in a run and names, for each slice, the version of every table.  A
reader that opens those versions sees totals that agree with each other and nothing that did not balance.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from deltalake import DeltaTable

from ingestion.event import Offsets
from ingestion.lake.delta import query, table_exists

# a slice only adds rows to them
GROWING = ("ventes_clean", "ventes_rejetees")
# a slice makes them again, the cube for the hours that it touches
SUMS = ("cube_horaire", "ventes_aggreges", "top_produits", "hourly_sales")
# whose versions the ledger names (dbt_sales/models/published/)
PUBLISHED = GROWING + SUMS


@dataclass(frozen=True)
class Publication:
    """One closed slice: the tables' versions, the offsets published so far (exclusive), and its counts of events."""

    tranche: int
    closed_at: datetime
    versions: dict[str, int]
    offsets: Offsets
    rows_read: int
    rows_clean: int
    rows_rejected: int
    rows_duplicates: int

    @property
    def etag(self) -> str:
        """Changes when, and only when, an answer could."""
        return "-".join([str(self.tranche), *(str(version) for _, version in sorted(self.versions.items()))])


def publications(silver: Path) -> list[Publication]:
    """Every closed slice, the oldest first; empty when none was closed yet."""
    path = silver / "bilan_ingestion"
    if not table_exists(path):
        return []
    rows = query(
        """
        select
            tranche, max(closed_at), max(versions), list(kafka_partition), list(to_offset),
            sum(rows_read)::bigint, sum(rows_clean)::bigint, sum(rows_rejected)::bigint, sum(rows_duplicates)::bigint
        from bilan_ingestion group by tranche order by tranche
        """,
        bilan_ingestion=DeltaTable(str(path)),
    )
    return [
        Publication(tranche, closed_at, json.loads(versions), dict(zip(partitions, ends, strict=True)), *counts)
        for tranche, closed_at, versions, partitions, ends, *counts in rows
    ]

"""The ledger of Gold: which versions of the marts belong together, and the slice that they stand on.

`bilan_gold` is written last in a run of Gold, as Silver's ledger is in a slice (`ledger.py`).
"""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from deltalake import DeltaTable

from ingestion.lake.delta_tables import data_files, table_exists
from ingestion.lake.engine import Engine
from ingestion.lake.failures import reading

# what readers open at the versions of `bilan_gold` (dbt_sales/models/gold/marts/)
MARTS = ("ventes_journalieres", "performance_produits", "valeur_clients", "cohortes_clients", "saisonnalite")
# what only Gold itself adds to (dbt_sales/models/gold/internal/)
INTERNAL = ("clients_mensuels",)

_NEWEST = """
select tranche, fuseau, jour_reference, nombre_ventes, versions, versions_silver, published_at::timestamp
from read_parquet($files) order by published_at desc limit 1
"""


@dataclass(frozen=True)
class GoldPublication:
    """Marts that belong together.

    `tranche`, `silver_versions`: the slice that they were made from, and the versions of its tables.  `fuseau`: the
    time zone of their days.  `reference_day`: the last day with a sale; None if there is none.
    """

    tranche: int
    fuseau: str
    reference_day: date | None
    sales: int
    versions: dict[str, int]
    silver_versions: dict[str, int]
    published_at: datetime


def newest_gold(gold: Path) -> GoldPublication | None:
    """What was published last, or None.  Raises LakeUnreadableError."""
    path = gold / "bilan_gold"
    with reading("the ledger of Gold"):
        files = data_files(DeltaTable(str(path))) if table_exists(path) else []
        rows = Engine().rows(_NEWEST, {"files": files}) if files else []
    if not rows:
        return None
    tranche, fuseau, day, sales, versions, silver, published_at = rows[0]
    return GoldPublication(
        tranche, fuseau, day, sales or 0, json.loads(versions), json.loads(silver), published_at.replace(tzinfo=UTC)
    )

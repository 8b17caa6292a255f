"""The ledger of Gold: which versions of the marts belong together, and the slice that they stand on.

`bilan_gold` is written last in a run of Gold, as Silver's ledger is in a slice (`ledger.py`).
"""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Lock

from deltalake import DeltaTable

from ingestion.lake.delta_tables import commit_file, data_files, refuse_empty_commit, table_exists
from ingestion.lake.engine import Engine, Row
from ingestion.lake.failures import reading

# what readers open at the versions of `bilan_gold` (dbt_sales/models/gold/marts/)
MARTS = ("ventes_journalieres", "performance_produits", "valeur_clients", "cohortes_clients", "saisonnalite")
# what was said of the future, to which a run adds (dbt_sales/models/gold/forecasts/)
FORECASTS = ("previsions_horaires", "previsions_journalieres", "evaluation_previsions")
# what arrived, what was expected, and where the two did not agree (dbt_sales/models/gold/anomalies/)
ANOMALIES = ("mesures", "attentes", "alertes", "anomalies")
# what only Gold itself adds to (dbt_sales/models/gold/internal/)
INTERNAL = ("clients_mensuels",)
# what every run writes for itself, so that nobody opens it at a version
SCRATCH = ("previsions_calculees",)

_PUBLICATIONS = """
select publication, tranche, fuseau, jour_reference, nombre_ventes, versions, versions_silver, published_at::timestamp
from read_parquet($files) order by publication
"""
_NEWEST = f"{_PUBLICATIONS} desc limit 1"
# a day longer than figures are promised (ingestion/silver/maintenance.py), and the one that was the newest then
_RECENT = _PUBLICATIONS.replace(
    "order by",
    """where publication >= (
        select max(publication) from read_parquet($files)
        where published_at <= (select max(published_at) - interval 8 days from read_parquet($files))
    ) is not false order by""",
)


@dataclass(frozen=True)
class GoldPublication:
    """Marts that belong together; `publication` counts them, since a clock may be set back.

    `tranche`, `silver_versions`: the slice that they were made from, and the versions of its tables.  `fuseau`: the
    time zone of their days.  `reference_day`: the last day with a sale; None if there is none.
    """

    publication: int
    tranche: int
    fuseau: str
    reference_day: date | None
    sales: int
    versions: dict[str, int]
    silver_versions: dict[str, int]
    published_at: datetime

    @property
    def etag(self) -> str:
        """Changes if, and only if, an answer could have changed."""
        return f"gold-{self.publication}-{self.published_at.timestamp():.6f}"


class GoldLedger:
    """The publications of the last days.  A call costs one `stat` if nothing is new; otherwise, it reads the ledger.

    Every call may raise LakeUnreadableError; the next one tries again.
    """

    def __init__(self, path: Path, engine: Engine) -> None:
        self._path, self._engine, self._lock = path, engine, Lock()
        # one value, so that threads never see the version of one read beside the rows of another
        self._known: tuple[int, tuple[GoldPublication, ...]] = (-1, ())

    def publications(self) -> tuple[GoldPublication, ...]:
        """Those whose files are not deleted yet, oldest first."""
        with reading("the ledger of Gold"):
            if self._is_outdated():
                with self._lock:
                    if self._is_outdated():
                        self._known = self._read()
            return self._known[1]

    def newest(self) -> GoldPublication | None:
        known = self.publications()
        return known[-1] if known else None

    def last_by(self, as_of: int | datetime) -> GoldPublication | None:
        """What was newest at that moment, or when that slice was the newest."""
        for each in reversed(self.publications()):
            if (each.tranche if isinstance(as_of, int) else each.published_at) <= as_of:  # type: ignore[operator]
                return each
        return None

    def _is_outdated(self) -> bool:
        version = self._known[0]
        return commit_file(self._path, version + 1).exists() or (version < 0 and table_exists(self._path))

    def _read(self) -> tuple[int, tuple[GoldPublication, ...]]:
        table = DeltaTable(str(self._path))
        refuse_empty_commit(self._path, table.version())
        files = data_files(table)
        rows = self._engine.rows(_RECENT, {"files": files}) if files else []
        return table.version(), tuple(map(_publication, rows))


def newest_gold(gold: Path) -> GoldPublication | None:
    """What was published last, or None.  Raises LakeUnreadableError."""
    path = gold / "bilan_gold"
    with reading("the ledger of Gold"):
        files = data_files(DeltaTable(str(path))) if table_exists(path) else []
        rows = Engine().rows(_NEWEST, {"files": files}) if files else []
    return _publication(rows[0]) if rows else None


def gold_publication(gold: Path, number: int) -> GoldPublication | None:
    """The publication with that number, or None.  Raises LakeUnreadableError."""
    with reading("the ledger of Gold"):
        files = data_files(DeltaTable(str(gold / "bilan_gold")))
        found = [_publication(row) for row in Engine().rows(_PUBLICATIONS, {"files": files})]
    return next((each for each in found if each.publication == number), None)


def _publication(row: Row) -> GoldPublication:
    publication, tranche, fuseau, day, sales, versions, silver, published_at = row
    return GoldPublication(
        publication,
        tranche,
        fuseau,
        day,
        sales or 0,
        json.loads(versions),
        json.loads(silver),
        published_at.replace(tzinfo=UTC),
    )

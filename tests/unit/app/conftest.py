"""A tiny lake of real Delta tables, written as Silver writes it: the tables first, the ledger last."""

import json
from collections import defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import DeltaTable, write_deltalake

from ingestion.freshness import Freshness
from streamlit_app.live import Sampler
from streamlit_app.queries import Lake

MOMENT, MONEY = pa.timestamp("us", "UTC"), pa.decimal128(18, 2)
CLEAN = pa.schema(
    [
        ("vente_id", pa.int64()),
        ("client_id", pa.int32()),
        ("produit_nom", pa.string()),
        ("pays", pa.string()),
        ("segment", pa.string()),
        ("timestamp", MOMENT),
        ("quantite", pa.int32()),
        ("montant", pa.decimal128(12, 2)),
        ("date_vente", pa.date32()),
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
CUBE = pa.schema(
    [
        ("heure", MOMENT),
        ("produit_nom", pa.string()),
        ("pays", pa.string()),
        ("segment", pa.string()),
        ("total_montant", MONEY),
        ("total_quantite", pa.int64()),
        ("nombre_ventes", pa.int64()),
    ]
)
PAIRS = pa.schema(
    [
        ("produit_nom", pa.string()),
        ("pays", pa.string()),
        ("total_montant", MONEY),
        ("total_quantite", pa.int64()),
    ]
)
TOP = pa.schema([("rank", pa.int32()), ("produit_nom", pa.string()), ("total_montant", MONEY)])
HOURLY = pa.schema([("heure", MOMENT), ("total_montant", MONEY), ("total_quantite", pa.int64())])
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

# client, product, country, segment, time, quantity, amount
FIRST = [
    (1, "Souris sans fil", "France", "Particulier", "2025-12-22T09:59:59.999999", 2, "51.00"),
    (3, "Souris sans fil", "UK", "Enterprise", "2025-12-22T10:00:00", 1, "25.50"),
    (1, "Casque audio", "France", "Particulier", "2025-12-22T10:30:00", 1, "59.99"),
]
SECOND = [(5, "Livre Data Science", "Italy", "Enterprise", "2025-12-23T00:00:00", 3, "12.50")]


class TinyLake:
    """Writes slices; `lake` is what the code under test reads."""

    def __init__(self, silver: Path) -> None:
        self.silver = silver
        self.lake = Lake(silver)
        self.tranche = 0
        self.ventes: list[tuple] = []

    def publish(self, ventes: list[tuple] = (), rejected: list[tuple] = (), closed_at: str | None = None) -> int:
        """Close a slice with these sales and these rejected events (offset, raison, value)."""
        self.write(ventes, rejected)
        self.close(len(ventes), len(rejected), closed_at)
        return self.tranche

    def write(self, ventes: list[tuple], rejected: list[tuple] = ()) -> None:
        """Write the tables of the next slice and leave it open."""
        self.tranche += 1
        self.ventes += ventes
        self._append("ventes_clean", CLEAN, [self._clean(vente) for vente in ventes], partition_by=["date_vente"])
        moment = datetime(2025, 12, 22, 10, tzinfo=UTC)
        rows = [(0, offset, moment, value, raison, self.tranche) for offset, raison, value in rejected]
        self._append("ventes_rejetees", REJECTED, rows)
        for name, schema, rows in self._published():
            self._append(name, schema, rows, mode="overwrite")

    def close(self, clean: int, rejected: int, closed_at: str | None = None) -> None:
        moment = datetime.fromisoformat(closed_at or f"2026-01-01T00:{self.tranche:02d}:00").replace(tzinfo=UTC)
        tables = ("ventes_clean", "ventes_rejetees", "cube_horaire", "ventes_aggreges", "top_produits", "hourly_sales")
        versions = json.dumps({name: DeltaTable(str(self.silver / name)).version() for name in tables})
        end = 10 * self.tranche
        # all events in partition 0; partition 1 is idle
        rows = [
            (self.tranche, 0, end - 10, end, clean + rejected, clean, rejected, 0, versions, moment),
            (self.tranche, 1, 0, 0, 0, 0, 0, 0, versions, moment),
        ]
        self._append("bilan_ingestion", LEDGER, rows)

    def vacuum(self) -> None:
        """Delete the files that only older versions need."""
        for name in ("ventes_aggreges", "top_produits", "cube_horaire", "hourly_sales"):
            DeltaTable(str(self.silver / name)).vacuum(0, dry_run=False, enforce_retention_duration=False)

    def _clean(self, vente: tuple) -> tuple:
        client, produit, pays, segment, moment, quantite, montant = vente
        at = datetime.fromisoformat(moment).replace(tzinfo=UTC)
        return (len(self.ventes), client, produit, pays, segment, at, quantite, Decimal(montant), at.date())

    def _published(self) -> list[tuple]:
        cube = self._sums(lambda hour, produit, pays, segment: (hour, produit, pays, segment))
        pairs = self._sums(lambda hour, produit, pays, segment: (produit, pays))
        hours = self._sums(lambda hour, produit, pays, segment: (hour,))
        products = self._sums(lambda hour, produit, pays, segment: (produit,))
        best = sorted(products.items(), key=lambda each: (-each[1][0], each[0]))
        return [
            ("cube_horaire", CUBE, [(*key, *sums) for key, sums in cube.items()]),
            ("ventes_aggreges", PAIRS, [(*key, *sums[:2]) for key, sums in pairs.items()]),
            ("hourly_sales", HOURLY, [(*key, *sums[:2]) for key, sums in hours.items()]),
            ("top_produits", TOP, [(rank, *key, sums[0]) for rank, (key, sums) in enumerate(best, start=1)][:10]),
        ]

    def _sums(self, key_of) -> dict[tuple, tuple]:
        sums = defaultdict(lambda: (Decimal("0.00"), 0, 0))
        for _, produit, pays, segment, moment, quantite, montant in self.ventes:
            hour = datetime.fromisoformat(moment).replace(tzinfo=UTC, minute=0, second=0, microsecond=0)
            key = key_of(hour, produit, pays, segment)
            total, items, count = sums[key]
            sums[key] = (total + Decimal(montant), items + quantite, count + 1)
        return sums

    def _append(self, name: str, schema: pa.Schema, rows: list[tuple], mode: str = "append", **options) -> None:
        table = pa.Table.from_pylist([dict(zip(schema.names, row, strict=True)) for row in rows], schema=schema)
        write_deltalake(str(self.silver / name), table, mode=mode, **options)


@pytest.fixture
def tiny(tmp_path: Path) -> TinyLake:
    """An empty lake that can be written to."""
    return TinyLake(tmp_path / "silver")


@pytest.fixture
def published(tiny: TinyLake) -> TinyLake:
    """A lake with two slices: FIRST, then SECOND."""
    tiny.publish(FIRST)
    tiny.publish(SECOND)
    return tiny


@pytest.fixture
def sampler() -> Sampler:
    """One measurement, just now: everything is published and the stream runs."""
    sampler = Sampler(lambda: Freshness(datetime.now(UTC), 0, None, None), interval=60)
    sampler._latest = sampler._measure()
    return sampler

"""Small lakes of real Delta tables: sound ones, to be damaged row by row before they are written."""

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from deltalake import write_deltalake

from ingestion.bronze.eventless import Range, write_eventless
from ingestion.bronze.gaps import Gap, accept_gaps
from ingestion.catalogue import clients, produits
from ingestion.event import VenteEvent
from ingestion.lake.ledger import PUBLISHED
from ingestion.sizes import TOO_LARGE
from ingestion.source.faulty import KINDS
from ingestion.source.generator import make_ventes
from ingestion.verify import Record, TopicLog, Verification, verify
from ingestion.verify.strict_json import UnreadableError, read_object
from ingestion.verify.verdict import Evaluation, evaluate
from tests.sales import with_catalogues

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ARRIVED = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
UTC_TIME, MONEY = pa.timestamp("us", "UTC"), pa.decimal128(18, 2)
PLACE = {"kafka_partition": pa.int32(), "kafka_offset": pa.int64(), "kafka_timestamp": UTC_TIME}
COUNTS = ("rows_read", "rows_clean", "rows_rejected", "rows_duplicates")
SCHEMAS = {
    "bronze/ventes_raw": {
        "key": pa.binary(),
        "value": pa.binary(),
        **PLACE,
        "date": pa.date32(),
        "parse_error": pa.string(),
        # as text; only whether they are marked matters here
        **dict.fromkeys(("vente_id", "client_id", "produit_id", "quantite", "montant"), pa.string()),
    },
    "silver/ventes_clean": {
        "vente_id": pa.int64(),
        "client_id": pa.int32(),
        "produit_id": pa.int32(),
        "timestamp": UTC_TIME,
        "quantite": pa.int32(),
        "montant": pa.decimal128(12, 2),
        **dict.fromkeys(("client_nom", "produit_nom", "categorie", "pays", "segment"), pa.string()),
        "date_vente": pa.date32(),
        **PLACE,
        "tranche": pa.int32(),
    },
    "silver/ventes_rejetees": {**PLACE, "value": pa.binary(), "raison": pa.string(), "tranche": pa.int32()},
    "silver/tranches": {
        "tranche": pa.int32(),
        "kafka_partition": pa.int32(),
        "from_offset": pa.int64(),
        "to_offset": pa.int64(),
    },
    "silver/bilan_ingestion": {
        "tranche": pa.int32(),
        "kafka_partition": pa.int32(),
        "from_offset": pa.int64(),
        "to_offset": pa.int64(),
        **dict.fromkeys(COUNTS, pa.int64()),
        "versions": pa.string(),
        "closed_at": UTC_TIME,
    },
    "silver/cube_horaire": {
        "heure": UTC_TIME,
        "produit_nom": pa.string(),
        "pays": pa.string(),
        "segment": pa.string(),
        "total_montant": MONEY,
        "total_quantite": pa.int64(),
        "nombre_ventes": pa.int64(),
    },
    "silver/ventes_aggreges": {
        "produit_nom": pa.string(),
        "pays": pa.string(),
        "total_montant": MONEY,
        "total_quantite": pa.int64(),
    },
    "silver/top_produits": {"rank": pa.int32(), "produit_nom": pa.string(), "total_montant": MONEY},
    "silver/hourly_sales": {"heure": UTC_TIME, "total_montant": MONEY, "total_quantite": pa.int64()},
}
VERSIONS = json.dumps(dict.fromkeys(PUBLISHED, 0))
CLIENTS = {client.client_id: client for client in clients()}
PRODUITS = {produit.produit_id: produit for produit in produits()}

Row = dict[str, Any]


@dataclass
class Lake:
    """The rows of every table and the topic's records, to be damaged before they are written."""

    topic: list[Record]
    tables: dict[str, list[Row]] = field(default_factory=lambda: {name.split("/")[1]: [] for name in SCHEMAS})
    first: dict[int, int] = field(default_factory=dict)
    gaps: list[Gap] = field(default_factory=list)
    # offsets that the stream has passed over, as (partition, from, to)
    eventless: list[Range] = field(default_factory=list)
    now: datetime = ARRIVED + timedelta(minutes=1)

    def __getattr__(self, name: str) -> list[Row]:
        if name in self.tables:
            return self.tables[name]
        raise AttributeError(name)

    def write(self, folder: Path) -> None:
        for path, schema in SCHEMAS.items():
            rows = self.tables[path.split("/")[1]]
            if path in ("bronze/ventes_raw", "silver/ventes_clean") or self.bilan_ingestion:
                write_deltalake(str(folder / path), pa.Table.from_pylist(rows, pa.schema(list(schema.items()))))
        if self.gaps:
            accept_gaps(folder / "bronze" / "ventes_raw", self.gaps)
        if self.eventless:
            write_eventless(folder / "bronze" / "ventes_raw", self.eventless, {})

    def verify(self, folder: Path) -> Verification:
        self.write(folder)
        return verify(topic_log=self.log, lake=folder, now=self.now)

    def log(self) -> AbstractContextManager[TopicLog]:
        ends = {p: max(r.offset for r in self.topic if r.partition == p) + 1 for p in {r.partition for r in self.topic}}
        first = {partition: self.first.get(partition, 0) for partition in ends}
        held = [record for record in self.topic if record.offset >= first[record.partition]]
        return nullcontext(TopicLog(first, ends, [held[:3], [], held[3:]]))


def ventes(count: int) -> list[VenteEvent]:
    moments = ((1000 + n, ARRIVED - timedelta(minutes=7 * n)) for n in range(count))
    return list(make_ventes(5, moments))


def sound_lake(values: Sequence[bytes | None], slices: tuple[int, ...] = (), partitions: int = 2) -> Lake:
    """A lake that took these events in their order; `slices`: how many of them each closed slice holds."""
    ends: dict[int, int] = dict.fromkeys(range(partitions), 0)
    lake = Lake([])
    for n, value in enumerate(values):
        partition = n % partitions
        too_large = parse_error(value) == TOO_LARGE
        lake.topic.append(Record(partition, ends[partition], b"%d" % n, value, micros(ARRIVED) // 1000, too_large))
        ends[partition] += 1
    for record in lake.topic:
        lake.ventes_raw.append(
            {
                "key": record.key,
                "value": record.value,
                "kafka_partition": record.partition,
                "kafka_offset": record.offset,
                "kafka_timestamp": ARRIVED,
                "date": ARRIVED.date(),
                "parse_error": parse_error(record.value),
            }
        )
    taken: dict[int, Evaluation] = {}
    start = 0
    for tranche, count in enumerate(slices, 1):
        close_slice(lake, tranche, lake.topic[start : start + count], taken, partitions)
        start += count
    return lake


def parse_error(value: bytes | None) -> str | None:
    try:
        read_object(value)
    except UnreadableError as error:
        return str(error)
    return None


def close_slice(lake: Lake, tranche: int, records: list[Record], taken: dict[int, Evaluation], partitions: int) -> None:
    """The rules of the order, by hand: the first of a `vente_id` by (slice, partition, offset) is the sale."""
    counts = {partition: dict.fromkeys(COUNTS, 0) for partition in range(partitions)}
    for record in sorted(records, key=lambda record: record[:2]):
        found = evaluate(record.value, record.timestamp * 1000)
        raison = with_catalogues(found, CLIENTS.keys(), PRODUITS.keys())
        first = found if raison else taken.setdefault(found.vente_id or 0, found)
        place = {
            "kafka_partition": record.partition,
            "kafka_offset": record.offset,
            "kafka_timestamp": ARRIVED,
            "tranche": tranche,
        }
        count = counts[record.partition]
        count["rows_read"] += 1
        if raison or first != found:
            count["rows_rejected"] += 1
            value = None if record.is_too_large else record.value
            lake.ventes_rejetees.append({**place, "value": value, "raison": raison or "conflit"})
        elif first is found:
            count["rows_clean"] += 1
            lake.ventes_clean.append({**place, **typed(found)})
        else:
            count["rows_duplicates"] += 1
    for partition, count in counts.items():
        begin = max((row["to_offset"] for row in lake.tranches if row["kafka_partition"] == partition), default=0)
        bounds = {
            "tranche": tranche,
            "kafka_partition": partition,
            "from_offset": begin,
            "to_offset": begin + count["rows_read"],
        }
        lake.tranches.append(bounds)
        lake.bilan_ingestion.append({**bounds, **count, "versions": VERSIONS, "closed_at": ARRIVED})
    aggregate(lake)


def typed(found: Evaluation) -> Row:
    assert found.timestamp is not None
    assert found.montant is not None
    assert found.client_id is not None
    assert found.produit_id is not None
    moment = EPOCH + timedelta(microseconds=found.timestamp)
    client, produit = CLIENTS[found.client_id], PRODUITS[found.produit_id]
    return {
        **found._asdict(),
        "timestamp": moment,
        "montant": Decimal(found.montant) / 100,
        "client_nom": client.client_nom,
        "pays": client.pays,
        "segment": client.segment,
        "produit_nom": produit.produit_nom,
        "categorie": produit.categorie,
        "date_vente": moment.date(),
    }


def aggregate(lake: Lake) -> None:
    def totals(*keys: str) -> list[Row]:
        groups: dict[tuple[Any, ...], Row] = {}
        for row in lake.ventes_clean:
            row = {**row, "heure": row["timestamp"].replace(minute=0, second=0, microsecond=0)}
            group = groups.setdefault(
                tuple(row[key] for key in keys),
                {**{key: row[key] for key in keys}, "total_montant": 0, "total_quantite": 0, "nombre_ventes": 0},
            )
            group["total_montant"] += row["montant"]
            group["total_quantite"] += row["quantite"]
            group["nombre_ventes"] += 1
        return list(groups.values())

    best = sorted(totals("produit_nom"), key=lambda row: (-row["total_montant"], row["produit_nom"]))
    lake.tables["cube_horaire"] = totals("heure", "produit_nom", "pays", "segment")
    lake.tables["ventes_aggreges"] = totals("produit_nom", "pays")
    lake.tables["hourly_sales"] = totals("heure")
    lake.tables["top_produits"] = [{**row, "rank": rank} for rank, row in enumerate(best[:10], 1)]


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def dirty_lake() -> Lake:
    """Twelve sales, and one event of every faulty kind, in two slices and a rest that no slice holds yet."""
    clean = ventes(12 + len(KINDS) + 3)
    faulty = [kind.make(clean[n % 12] if kind.copies else clean[12 + n]) for n, kind in enumerate(KINDS)]
    values = [vente.to_json() for vente in clean[:12]] + faulty + [vente.to_json() for vente in clean[-3:]]
    return sound_lake(values, slices=(12, len(values) - 15))


def fields(vente: VenteEvent) -> dict[str, Any]:
    return {name: getattr(vente, name) for name in VenteEvent.__dataclass_fields__}


def failed(found: Verification) -> dict[str, int]:
    return {check.name: check.differences for check in found.checks if not check.ok}

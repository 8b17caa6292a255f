"""`verify` on small lakes: a sound one passes, and every kind of damage is found by the check that should find it."""

import json
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.catalogue import clients, produits
from ingestion.dirty import KINDS
from ingestion.event import VenteEvent, encode
from ingestion.gaps import Gap, accept_gaps
from ingestion.generator import make_ventes
from ingestion.topic import BrokerError
from ingestion.verdict import Evaluation, evaluate
from ingestion.verify import Record, TopicLog, Verification, verify

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
ARRIVED = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
UTC_TIME, MONEY = pa.timestamp("us", "UTC"), pa.decimal128(18, 2)
PLACE = {"kafka_partition": pa.int32(), "kafka_offset": pa.int64(), "kafka_timestamp": UTC_TIME}
COUNTS = ("rows_read", "rows_clean", "rows_rejected", "rows_duplicates")
SCHEMAS = {
    "bronze/ventes_raw": {"key": pa.binary(), "value": pa.binary(), **PLACE, "date": pa.date32()},
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
PUBLISHED = ("ventes_clean", "ventes_rejetees", "cube_horaire", "ventes_aggreges", "top_produits", "hourly_sales")
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

    def __getattr__(self, name: str) -> list[Row]:
        if name in self.tables:
            return self.tables[name]
        raise AttributeError(name)

    def verify(self, folder: Path) -> Verification:
        for path, schema in SCHEMAS.items():
            rows = self.tables[path.split("/")[1]]
            if path in ("bronze/ventes_raw", "silver/ventes_clean") or self.bilan_ingestion:
                write_deltalake(str(folder / path), pa.Table.from_pylist(rows, pa.schema(list(schema.items()))))
        if self.gaps:
            accept_gaps(folder / "bronze" / "ventes_raw", self.gaps)
        return verify(topic_log=self.log, lake=folder)

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
        lake.topic.append(Record(partition, ends[partition], b"%d" % n, value, micros(ARRIVED) // 1000))
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
            }
        )
    taken: dict[int, Evaluation] = {}
    start = 0
    for tranche, count in enumerate(slices, 1):
        close_slice(lake, tranche, lake.topic[start : start + count], taken, partitions)
        start += count
    return lake


def close_slice(lake: Lake, tranche: int, records: list[Record], taken: dict[int, Evaluation], partitions: int) -> None:
    """The rules of the order, by hand: the first of a `vente_id` by (slice, partition, offset) is the sale."""
    counts = {partition: dict.fromkeys(COUNTS, 0) for partition in range(partitions)}
    for record in sorted(records, key=lambda record: record[:2]):
        found = evaluate(record.value, record.timestamp * 1000)
        raison = found.with_catalogues(CLIENTS.keys(), PRODUITS.keys())
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
            lake.ventes_rejetees.append({**place, "value": record.value, "raison": raison or "conflit"})
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


def failed(found: Verification) -> dict[str, int]:
    return {check.name: check.differences for check in found.checks if not check.ok}


def test_sound_lake_passes(tmp_path: Path) -> None:
    found = dirty_lake().verify(tmp_path)
    assert failed(found) == {}
    assert found.ok
    assert found.note is None
    assert found.examples == {}
    assert found.raisons["valide"] >= 12
    assert {"doublon", "conflit", "illisible", "client_inconnu"} <= set(found.raisons)
    assert {check.name: check.count for check in found.checks}["not yet published"] == 3


def test_empty_lake_passes_and_says_so(tmp_path: Path) -> None:
    found = verify(topic_log=lambda: nullcontext(TopicLog({0: 0}, {0: 0}, [])), lake=tmp_path)
    assert found.ok
    assert found.note == "the lake is empty: nothing in the topic, nothing published"


def test_events_that_no_slice_holds_are_waiting(tmp_path: Path) -> None:
    lake = sound_lake([vente.to_json() for vente in ventes(6)])
    del lake.ventes_raw[4:]
    found = lake.verify(tmp_path)
    assert found.ok
    assert found.note == "nothing is published yet"
    assert {check.name: check.count for check in found.checks}["not yet published"] == 6


def test_replayed_and_dropped_events_are_lines_of_their_own(tmp_path: Path) -> None:
    lake = dirty_lake()
    lake.ventes_raw.append(dict(lake.ventes_raw[3]))
    lake.first = {0: 5, 1: 2}
    found = lake.verify(tmp_path)
    counts = {check.name: check.count for check in found.checks}
    assert found.ok, found.examples
    assert counts["replayed copies"] == 1
    assert counts["no longer in the topic"] == 7


def lake_with_gap(missing: range, first: int, gaps: list[Gap]) -> Lake:
    """Twelve events of one partition in two slices; Bronze never got `missing`, the broker begins at `first`."""
    lake = sound_lake([vente.to_json() for vente in ventes(12)], partitions=1)
    lake.ventes_raw[:] = [row for row in lake.ventes_raw if row["kafka_offset"] not in missing]
    taken: dict[int, Evaluation] = {}
    close_slice(lake, 1, lake.topic[:4], taken, 1)
    if missing.stop < 12:
        close_slice(lake, 2, lake.topic[missing.stop :], taken, 1)
        move_slice("to_offset", missing.stop - 4, 1)(lake)
    lake.first, lake.gaps = {0: first}, gaps
    return lake


@pytest.mark.parametrize("first", [0, 5, 7, 9], ids="the broker begins at {}".format)
def test_accepted_gap_is_counted_and_is_no_fault(first: int, tmp_path: Path) -> None:
    """Also where a broker whose data was restored holds its events again, or some of them."""
    found = lake_with_gap(range(4, 7), first, [Gap(0, 4, 7)]).verify(tmp_path)
    counts = {check.name: check.count for check in found.checks}
    assert found.ok, found.examples
    assert found.gaps == (Gap(0, 4, 7),)
    assert counts["accepted gaps"] == 3
    assert counts["no longer in the topic"] == len(set(range(first)) - {4, 5, 6})


def test_an_accepted_gap_at_the_end_is_no_fault(tmp_path: Path) -> None:
    found = lake_with_gap(range(4, 12), 12, [Gap(0, 4, 12)]).verify(tmp_path)
    assert found.ok, found.examples
    assert {check.name: check.count for check in found.checks}["accepted gaps"] == 8


def test_what_came_back_after_all_is_not_counted_as_lost(tmp_path: Path) -> None:
    found = lake_with_gap(range(4, 7), 7, [Gap(0, 3, 7)]).verify(tmp_path)
    assert found.ok, found.examples
    assert {check.name: check.count for check in found.checks}["accepted gaps"] == 3


LOST = "neither in Bronze nor in the topic, and not accepted as lost"


@pytest.mark.parametrize(
    ("missing", "first", "gaps", "expected"),
    [
        pytest.param(range(4, 7), 7, [], f"partition 0, offsets 4 to 6: 3 {LOST}", id="not accepted"),
        pytest.param(range(4, 7), 7, [Gap(0, 4, 6)], f"partition 0, offsets 4 to 6: 1 {LOST}", id="more missing"),
        pytest.param(range(4, 7), 7, [Gap(0, 5, 6)], f"partition 0, offsets 4 to 6: 2 {LOST}", id="around it"),
        pytest.param(range(4, 7), 7, [Gap(1, 4, 7)], f"partition 0, offsets 4 to 6: 3 {LOST}", id="in another"),
        pytest.param(range(4, 12), 6, [], f"partition 0, offsets 4 to 5: 2 {LOST}", id="at the end"),
    ],
)
def test_any_other_offset_that_the_broker_has_dropped_is_missed(
    missing: range, first: int, gaps: list[Gap], expected: str, tmp_path: Path
) -> None:
    found = lake_with_gap(missing, first, gaps).verify(tmp_path)
    assert failed(found) == {"no longer in the topic": 1}
    assert found.examples["no longer in the topic"] == (expected,)


def test_what_the_broker_holds_is_missed_one_by_one_beside_an_accepted_gap(tmp_path: Path) -> None:
    found = lake_with_gap(range(4, 7), 0, [Gap(0, 5, 6)]).verify(tmp_path)
    assert failed(found) == {"topic in Bronze": 2}
    places = [text.split(": ")[0] for text in found.examples["topic in Bronze"]]
    assert places == ["partition 0, offset 4", "partition 0, offset 6"]


def test_silent_broker_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ingestion.settings import KafkaSettings, load
    from ingestion.verify import topic_log

    nowhere = load(KafkaSettings).model_copy(update={"bootstrap_servers": "127.0.0.1:9"})
    monkeypatch.setattr(topic_log, "load", lambda kind: nowhere)
    with pytest.raises(BrokerError, match=r"no Kafka broker answers at 127\.0\.0\.1:9"):
        verify(lake=tmp_path)


Damage = Callable[[Lake], object]


def find(rows: list[Row], **values: Any) -> Row:
    return next(row for row in rows if all(row[name] == value for name, value in values.items()))


def change(table: str, index: int = 0, **changes: Any) -> Damage:
    return lambda lake: lake.tables[table][index].update(changes)


def remove(table: str, index: int = 0) -> Damage:
    return lambda lake: lake.tables[table].pop(index)


def repeat(table: str, index: int = 0, **changes: Any) -> Damage:
    return lambda lake: lake.tables[table].append({**lake.tables[table][index], **changes})


def more(table: str, index: int, column: str, step: Any) -> Damage:
    return lambda lake: lake.tables[table][index].update({column: lake.tables[table][index][column] + step})


def move_slice(column: str, step: int, index: int) -> Damage:
    def damage(lake: Lake) -> None:
        for table in ("tranches", "bilan_ingestion"):
            lake.tables[table][index][column] += step

    return damage


def swap_values(lake: Lake) -> None:
    first, second = lake.ventes_raw[0], lake.ventes_raw[1]
    first["value"], second["value"] = second["value"], first["value"]


CENT = Decimal("0.01")
STORED, RECOMPUTED, ANY_NAMES = "stored, not recomputed", "recomputed, not stored", "names"
# By check: each damage, to a row of its own, and the differences that it alone makes.
DAMAGES: dict[str, list[tuple[Damage, list[str]]]] = {
    "topic in Bronze": [
        (swap_values, ["another value in Bronze than in the topic"] * 2),
        (change("ventes_raw", 3, value=b"{}"), ["another value in Bronze than in the topic"]),
        (change("ventes_raw", 4, value=None), ["another value in Bronze than in the topic"]),
        (change("ventes_raw", 5, key=None), ["another key in Bronze than in the topic"]),
        (change("ventes_raw", 6, kafka_timestamp=EPOCH), ["another timestamp in Bronze than in the topic"]),
        (repeat("ventes_raw", 7, kafka_offset=99), ["in Bronze, not in the topic"]),
        (repeat("ventes_raw", 7, kafka_partition=7), ["in Bronze, not in the topic"]),
        (lambda lake: lake.topic.pop(2), ["in Bronze, not in the topic"]),
        (remove("ventes_raw", 10), ["in the topic, not in Bronze"]),
    ],
    "valid sales": [
        (more("ventes_clean", 1, "montant", CENT), ["in ventes_clean with another montant"]),
        (more("ventes_clean", 2, "vente_id", 1), ["in ventes_clean with another vente_id"]),
        (more("ventes_clean", 3, "quantite", 1), ["in ventes_clean with another quantite"]),
        (more("ventes_clean", 4, "timestamp", timedelta(microseconds=1)), ["in ventes_clean with another timestamp"]),
        (more("ventes_clean", 5, "date_vente", timedelta(1)), ["in ventes_clean with another date_vente"]),
        (change("ventes_clean", 6, tranche=2), ["in ventes_clean with another tranche"]),
        (change("ventes_clean", 7, montant=None), ["in ventes_clean with another montant"]),
        (change("ventes_clean", 8, kafka_timestamp=EPOCH), ["in ventes_clean with another kafka_timestamp"]),
        (change("ventes_clean", 9, client_id=9, produit_id=9), ["in ventes_clean with another client_id, produit_id"]),
        (
            more("ventes_clean", 10, "kafka_offset", 50),
            ["a valid sale that is not in ventes_clean", "in ventes_clean, and not a valid sale"],
        ),
        (repeat("ventes_clean", 11), ["twice in ventes_clean"]),
        (
            lambda lake: lake.ventes_clean.append(
                {**lake.ventes_clean[0], **{name: lake.ventes_rejetees[0][name] for name in PLACE}, "vente_id": 5}
            ),
            ["in ventes_clean, and not a valid sale"],
        ),
        (remove("ventes_clean"), ["a valid sale that is not in ventes_clean"]),
    ],
    "rejected events": [
        (change("ventes_rejetees", 2, raison=None), ["raison null where the rules say {r[2]}"]),
        (change("ventes_rejetees", 3, raison="?"), ["raison ? where the rules say {r[3]}"]),
        (change("ventes_rejetees", 4, value=b"x"), ["another value than in Bronze"]),
        (change("ventes_rejetees", 5, value=None), ["another value than in Bronze"]),
        (more("ventes_rejetees", 6, "tranche", 1), ["another slice than in the ledger"]),
        (change("ventes_rejetees", 7, kafka_timestamp=EPOCH), ["another timestamp than in Bronze"]),
        (repeat("ventes_rejetees", 8), ["twice in ventes_rejetees"]),
        (
            repeat("ventes_rejetees", 9, kafka_offset=77, raison="?"),
            ["in ventes_rejetees (?), and not rejected by the rules"],
        ),
        (
            lambda lake: lake.ventes_rejetees.append(
                {**{name: lake.ventes_clean[0][name] for name in (*PLACE, "tranche")}, "value": b"", "raison": "?"}
            ),
            ["in ventes_rejetees (?), and not rejected by the rules"],
        ),
        (
            lambda lake: find(lake.ventes_rejetees, raison="produit_inconnu").update(raison="client_inconnu"),
            ["raison client_inconnu where the rules say produit_inconnu"],
        ),
        (remove("ventes_rejetees", 1), ["rejected ({r[1]}), and not in ventes_rejetees"]),
    ],
    "names": [
        (change("ventes_clean", 0, pays="Portugal"), [ANY_NAMES]),
        (
            lambda lake: [
                row.update(categorie=None)
                for row in lake.ventes_clean
                if row["tranche"] == 1 and row["produit_id"] == 102
            ],
            [ANY_NAMES],
        ),
    ],
    "cube_horaire": [
        (more("cube_horaire", 0, "nombre_ventes", 1), [STORED, RECOMPUTED]),
        (more("cube_horaire", 1, "heure", timedelta(1)), [STORED, RECOMPUTED]),
        (change("cube_horaire", 2, segment=None), [STORED, RECOMPUTED]),
        (repeat("cube_horaire", 3), [STORED]),
        (remove("cube_horaire", 4), [RECOMPUTED]),
    ],
    "ventes_aggreges": [
        (more("ventes_aggreges", 0, "total_montant", CENT), [STORED, RECOMPUTED]),
        (change("ventes_aggreges", 1, pays="Portugal"), [STORED, RECOMPUTED]),
    ],
    "top_produits": [
        (more("top_produits", 1, "total_montant", -CENT), [STORED, RECOMPUTED]),
        (change("top_produits", 0, rank=2), [STORED, RECOMPUTED]),
    ],
    "hourly_sales": [
        (more("hourly_sales", 0, "total_quantite", 1), [STORED, RECOMPUTED]),
        (change("hourly_sales", 1, total_montant=None), [STORED, RECOMPUTED]),
    ],
}


@pytest.mark.parametrize("check", DAMAGES)
def test_every_damaged_row_is_found_and_told(check: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.verify.workbench.MOST_EXAMPLES", 100)
    lake = dirty_lake()
    raisons = [row["raison"] for row in lake.ventes_rejetees]
    expected = []
    for damage, texts in DAMAGES[check]:
        damage(lake)
        expected += [text.format(r=raisons) for text in texts]
    found = lake.verify(tmp_path)
    told = [text.split(": ", 1)[1] for text in found.examples[check]]
    if check in ("names", "cube_horaire", "ventes_aggreges", "top_produits", "hourly_sales"):
        told = [text.split(": ", 1)[0] for text in found.examples[check]]
        told = [ANY_NAMES if text.startswith("slice") else text for text in told]
    assert sorted(told) == sorted(expected)
    assert failed(found)[check] == len(expected)


BROKEN_LEDGERS: dict[str, tuple[Damage, str, str]] = {
    "gap": (move_slice("from_offset", 1, 2), "slices", "slice 2, partition 0: starts at 7, slice 1 ended at 6"),
    "overlap": (move_slice("from_offset", -1, 2), "slices", "slice 2, partition 0: starts at 5, slice 1 ended at 6"),
    "late start": (
        move_slice("from_offset", 1, 0),
        "slices",
        "slice 1, partition 0: is the first and starts at 1, Bronze at 0",
    ),
    "backwards": (move_slice("to_offset", -99, 3), "slices", "slice 2, partition 1: ends at -"),
    "twice": (repeat("bilan_ingestion", 1), "slices", "slice 1, partition 1: appears twice"),
    "never opened": (
        remove("tranches", 1),
        "slices",
        "slice 1, partition 1: the ledger says 0 to 6, the slice was opened as nothing",
    ),
    "a partition missing": (
        remove("bilan_ingestion", 3),
        "slices",
        "slice 2, partition 1: the ledger says nothing, the slice was opened as 6 to ",
    ),
    "opened otherwise": (
        more("tranches", 0, "to_offset", -1),
        "slices",
        "slice 1, partition 0: the ledger says 0 to 6, the slice was opened as 0 to 5",
    ),
    "unbalanced": (
        more("bilan_ingestion", 0, "rows_duplicates", 1),
        "ledger",
        "slice 1, partition 0: read 6 is not 6 clean + 0 rejected + 1 duplicates",
    ),
    "balanced, read count wrong": (
        lambda lake: [more("bilan_ingestion", 0, name, 1)(lake) for name in ("rows_read", "rows_duplicates")],
        "ledger",
        "slice 1, partition 0: read 7 in the ledger, read 6 in Bronze",
    ),
    "balanced, clean and rejected wrong": (
        lambda lake: [
            more("bilan_ingestion", 0, name, step)(lake) for name, step in (("rows_clean", -1), ("rows_rejected", 1))
        ],
        "ledger",
        "slice 1, partition 0: clean 5 in the ledger, clean 6 in ventes_clean",
    ),
    "a version that is not there": (
        lambda lake: [row.update(versions=VERSIONS.replace("0", "5")) for row in lake.bilan_ingestion],
        "published tables",
        "cube_horaire, version 5, cannot be read: ",
    ),
    "a version not named": (
        lambda lake: [row.update(versions="{}") for row in lake.bilan_ingestion],
        "published tables",
        "cube_horaire: the ledger names no version",
    ),
}


@pytest.mark.parametrize("name", BROKEN_LEDGERS)
def test_broken_ledger_is_found_and_told(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ingestion.verify.workbench.MOST_EXAMPLES", 100)
    damage, check, text = BROKEN_LEDGERS[name]
    lake = dirty_lake()
    damage(lake)
    found = lake.verify(tmp_path)
    assert any(example.startswith(text) for example in found.examples[check]), found.examples
    assert not found.ok


def delete(file: Path) -> None:
    file.unlink()


def tear(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:100])


def garble(file: Path) -> None:
    content = file.read_bytes()
    file.write_bytes(content[:8] + bytes(200) + content[208:])


@pytest.mark.parametrize("damage", [delete, tear, garble])
@pytest.mark.parametrize(
    ("table", "failing"),
    [
        ("bronze/ventes_raw", {"files of Bronze", "topic in Bronze", "ledger", "valid sales", "rejected events"}),
        ("silver/ventes_rejetees", {"verdicts"}),
        ("silver/cube_horaire", {"cube_horaire"}),
        ("silver/tranches", {"slices"}),
        ("silver/bilan_ingestion", {"published tables"}),
    ],
)
def test_file_that_cannot_be_read_is_a_difference_and_hides_no_other(
    table: str, failing: set[str], damage: Callable[[Path], None], tmp_path: Path
) -> None:
    lake = dirty_lake()
    lake.verify(tmp_path)
    (file,) = (tmp_path / table).glob("*.parquet")
    damage(file)
    found = verify(topic_log=lake.log, lake=tmp_path)
    assert set(failed(found)) == failing
    assert "cannot be read: " in found.examples[next(name for name in found.examples if name != "topic in Bronze")][0]


def test_replayed_copy_with_another_value_is_a_fault(tmp_path: Path) -> None:
    lake = dirty_lake()
    repeat("ventes_raw", 4, value=b"{}")(lake)
    assert set(failed(lake.verify(tmp_path))) >= {"topic in Bronze", "replayed copies"}


def test_many_differences_are_counted_and_five_are_told(tmp_path: Path) -> None:
    lake = dirty_lake()
    for row in lake.ventes_rejetees:
        row["raison"] = "?"
    found = lake.verify(tmp_path)
    assert failed(found) == {"rejected events": len(lake.ventes_rejetees)}
    assert len(found.examples["rejected events"]) == 5


def test_ties_among_the_best_products_go_by_name_and_end_at_ten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = sound_lake([vente.to_json() for vente in ventes(12)], slices=(12,))
    for n, row in enumerate(lake.ventes_clean):
        row.update(produit_nom=f"produit {n % 12}", montant=Decimal("5.00"))
    aggregate(lake)
    found = lake.verify(tmp_path)
    assert [row["produit_nom"] for row in lake.top_produits][:3] == ["produit 0", "produit 1", "produit 10"]
    assert "top_produits" not in failed(found)


def test_catalogue_that_changed_since_is_only_reported(tmp_path: Path) -> None:
    client = find_client_of_two(lake := dirty_lake())
    for row in lake.ventes_clean:
        if row["client_id"] == client:
            row["client_nom"] = "Nom d'avant"
    found = lake.verify(tmp_path)
    counts = {check.name: check.count for check in found.checks}
    assert found.ok, found.examples
    assert counts["catalogue since changed"] == len(
        {row["tranche"] for row in lake.ventes_clean if row["client_id"] == client}
    )


def find_client_of_two(lake: Lake) -> int:
    found = [row["client_id"] for row in lake.ventes_clean]
    client: int = max(found, key=found.count)
    return client


def test_client_that_was_known_then_or_is_known_since_is_only_reported(tmp_path: Path) -> None:
    newcomer, gone = ventes(4)[0], ventes(4)[1]
    values = [encode({**fields(vente), "client_id": 9}) for vente in (newcomer, gone)]
    lake = sound_lake([ventes(4)[2].to_json(), *values], slices=(3,), partitions=1)
    for row in lake.ventes_rejetees:
        assert row["raison"] == "client_inconnu"
    # the slice knew client 9, whom today's catalogue does not know
    kept = [{**typed(evaluate(ventes(4)[n].to_json(), micros(ARRIVED))), "client_id": 9} for n in (0, 1)]
    lake.ventes_clean.extend(
        {**row, "kafka_partition": 0, "kafka_offset": 1 + n, "kafka_timestamp": ARRIVED, "tranche": 1}
        | {"client_nom": "Neuf", "pays": "Italy", "segment": "Enterprise"}
        for n, row in enumerate(kept)
    )
    lake.ventes_rejetees.clear()
    lake.bilan_ingestion[0].update(rows_clean=3, rows_rejected=0)
    aggregate(lake)
    found = lake.verify(tmp_path)
    assert found.ok, found.examples
    assert {check.name: check.count for check in found.checks}["catalogue since changed"] == 1


def fields(vente: VenteEvent) -> dict[str, Any]:
    return {name: getattr(vente, name) for name in VenteEvent.__dataclass_fields__}


@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.tuples(st.integers(1, 4), st.integers(0, 2), st.sampled_from([1, 3, 9])), min_size=1, max_size=12),
    st.lists(st.integers(1, 5), min_size=1, max_size=4),
    st.integers(1, 3),
)
def test_first_duplicate_and_conflict_go_by_slice_partition_and_offset(
    tmp_path_factory: pytest.TempPathFactory, drawn: list[tuple[int, int, int]], slices: list[int], partitions: int
) -> None:
    base = ventes(1)[0]
    values = [
        encode({**fields(base), "vente_id": vente_id, "quantite": quantite, "client_id": client_id})
        for vente_id, quantite, client_id in drawn
    ]
    found = sound_lake(values, tuple(slices), partitions).verify(tmp_path_factory.mktemp("lake"))
    assert found.ok, found.examples

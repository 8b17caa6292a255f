"""`verify` finds every kind of damage to a row by the check that should find it."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.unit.verify.damage import Damage, change, more, remove, repeat
from tests.unit.verify.lake import EPOCH, PLACE, Lake, Row, dirty_lake, failed


def find(rows: list[Row], **values: Any) -> Row:
    return next(row for row in rows if all(row[name] == value for name, value in values.items()))


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

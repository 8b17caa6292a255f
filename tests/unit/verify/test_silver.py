"""`verify` of Silver rules over several events: duplicates, ties, and catalogues that have changed since."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingestion.event import encode
from ingestion.verify.verdict import evaluate
from tests.unit.verify.lake import (
    ARRIVED,
    Lake,
    aggregate,
    dirty_lake,
    failed,
    fields,
    micros,
    sound_lake,
    typed,
    ventes,
)


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

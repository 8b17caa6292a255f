"""Each faulty event earns the verdict that it announces, by the rules as they are written without Spark."""

import re
from collections import Counter
from datetime import UTC, datetime

import pytest

from ingestion.catalogue import clients, produits
from ingestion.event import VenteEvent
from ingestion.source.faulty import KINDS, Kind
from ingestion.source.generator import make_ventes
from ingestion.verify.verdict import RAISONS, Evaluation, evaluate
from tests.sales import with_catalogues

NOW = datetime(2025, 12, 22, 10, 30, 45, 123456, tzinfo=UTC)
CLIENTS = {client.client_id for client in clients()}
PRODUITS = {produit.produit_id for produit in produits()}


@pytest.fixture
def vente() -> VenteEvent:
    return next(make_ventes(1, [(1766399445123456, NOW)]))


def judge(value: bytes | None) -> Evaluation:
    return evaluate(value, int(NOW.timestamp() * 1_000_000))


@pytest.mark.parametrize("kind", [kind for kind in KINDS if not kind.copies], ids=lambda kind: kind.name)
def test_event_earns_the_verdict_that_it_announces(kind: Kind, vente: VenteEvent) -> None:
    raison = with_catalogues(judge(kind.make(vente)), CLIENTS, PRODUITS)
    assert (raison or "valide") == kind.verdict


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.copies], ids=lambda kind: kind.name)
def test_copy_is_readable_and_equal_exactly_when_it_is_a_duplicate(kind: Kind, vente: VenteEvent) -> None:
    original, copy = judge(vente.to_json()), judge(kind.make(vente))
    assert copy.raison is None
    assert copy.vente_id == original.vente_id
    assert (copy == original) == (kind.verdict == "doublon")


def test_amount_with_an_exponent_is_the_same_amount(vente: VenteEvent) -> None:
    (kind,) = [kind for kind in KINDS if kind.name == "exposant"]
    value = kind.make(vente)
    assert value is not None
    assert re.search(rb'"montant": [0-9.]+E[0-9]', value)
    assert judge(value) == judge(vente.to_json())


def test_every_verdict_of_the_rules_is_there() -> None:
    assert {kind.verdict for kind in KINDS} == {*RAISONS, "valide", "doublon"}


def test_kinds_have_names_of_their_own() -> None:
    assert max(Counter(kind.name for kind in KINDS).values()) == 1

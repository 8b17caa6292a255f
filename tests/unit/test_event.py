"""The event's JSON: exact amounts, microseconds, the fields in their order."""

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

from ingestion.event import EVENT_FIELDS, VenteEvent, encode

VENTE = VenteEvent(
    vente_id=1766399445123456,
    client_id=1,
    produit_id=101,
    timestamp=datetime(2025, 12, 22, 10, 30, 45, 123456, tzinfo=UTC),
    quantite=2,
    montant=Decimal("1799.98"),
    client_nom="Jean Dupont",
    produit_nom="Ordinateur portable",
    categorie="Electronics",
    pays="France",
    segment="Particulier",
)


def test_json_is_the_event_field_by_field() -> None:
    assert VENTE.to_json() == (
        b'{"vente_id": 1766399445123456, "client_id": 1, "produit_id": 101, '
        b'"timestamp": "2025-12-22T10:30:45.123456", "quantite": 2, "montant": 1799.98, '
        b'"client_nom": "Jean Dupont", "produit_nom": "Ordinateur portable", "categorie": "Electronics", '
        b'"pays": "France", "segment": "Particulier"}'
    )


def test_fields_stand_in_the_order_of_the_model() -> None:
    assert tuple(json.loads(VENTE.to_json())) == EVENT_FIELDS


def test_amount_keeps_its_digits_beyond_what_a_float_holds() -> None:
    assert encode({"montant": Decimal("9999999999.90")}) == b'{"montant": 9999999999.90}'


def test_whole_second_keeps_its_microseconds() -> None:
    assert encode({"timestamp": datetime(2025, 12, 22, 10, 0, tzinfo=UTC)}) == (
        b'{"timestamp": "2025-12-22T10:00:00.000000"}'
    )


def test_texts_are_utf8_and_escaped() -> None:
    assert encode({"pays": 'Côte "d\'Ivoire"\n'}) == '{"pays": "Côte \\"d\'Ivoire\\"\\n"}'.encode()


def test_null_is_null() -> None:
    assert encode({"vente_id": None}) == b'{"vente_id": null}'


def test_offset_is_dropped_not_converted_because_events_are_in_utc() -> None:
    paris = datetime(2025, 12, 22, 10, 0, tzinfo=timezone(timedelta(0)))
    assert b"10:00:00.000000" in encode({"timestamp": paris})

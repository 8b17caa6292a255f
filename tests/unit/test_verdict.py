"""The rules of the verdict, one by one, at their boundaries; then the fast reading against the strict one."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingestion.catalogue import clients, produits
from ingestion.event import encode
from ingestion.sizes import LARGEST_EVENT
from ingestion.source.faulty import KINDS, Kind
from ingestion.verify.verdict import _ORDINARY, RAISONS, Evaluation, evaluate
from tests.sales import SALE, with_catalogues

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
KAFKA = datetime(2025, 12, 22, 10, 30, 46, tzinfo=UTC)
CLIENTS = {client.client_id for client in clients()}
PRODUITS = {produit.produit_id for produit in produits()}


def micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def event(**texts: str) -> bytes:
    """The sale with some members replaced by literal JSON text."""
    members: dict[str, str] = {name: json.dumps(value) for name, value in json.loads(SALE.to_json()).items()}
    return ("{" + ", ".join(f'"{name}": {text}' for name, text in (members | texts).items()) + "}").encode()


def raison(value: bytes | None) -> str | None:
    return with_catalogues(evaluate(value, micros(KAFKA)), CLIENTS, PRODUITS)


def test_valid_sale_has_its_six_typed_fields() -> None:
    moment = micros(SALE.timestamp)
    assert evaluate(SALE.to_json(), micros(KAFKA)) == (None, SALE.vente_id, 4, 102, moment, 2, 5100)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_faulty_kind_gets_its_verdict(kind: Kind) -> None:
    first, second = evaluate(SALE.to_json(), micros(KAFKA)), evaluate(kind.make(SALE), micros(KAFKA))
    found = with_catalogues(second, CLIENTS, PRODUITS)
    if kind.copies and found is None:
        found = "doublon" if first == second else "conflit"
    assert (found or "valide") == kind.verdict


INVALID = {
    "vente_id": [
        "null",
        "true",
        "{}",
        "[1]",
        '""',
        '"x"',
        "1.5",
        "1e-3",
        "1e16",
        '" 1"',
        '"1 "',
        '"1\\n"',
        '"\\u0661"',
        '"1."',
        '".5"',
    ],
    "client_id": ["null", "2147483648", "-2147483649", '"2147483648.0"', '"--1"', '"0x1"', '"1_0"', '"NaN"'],
    "produit_id": ["null", '"null"', "102.1", '"102,0"', "9999999999999999999999999999999999999999"],
    "timestamp": ["null", "2025", "2.025e3", '""', '"2025-12-22"', '"10:30"', '"2025-12-22T10:30:45.123456\\n"'],
    "quantite": ["null", "false", "1.01", "15e-1", "2147483648", "2.147483648e9", '"1e1000"', "1." + "0" * 39 + "1"],
    "montant": [
        "null",
        "12.345",
        '"12.345"',
        "1.2345e1",
        "10000000000",
        "1e10",
        '"-10000000000.00"',
        '"1,5"',
        '"1.e5"',
        "12." + "0" * 39 + "1",
        "1e999999999",
        "1e-999999999",
        "0e999999999",
    ],
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in INVALID.items() for text in texts])
def test_uncastable_field_is_invalid(name: str, text: str) -> None:
    assert raison(event(**{name: text})) == f"{name}_invalide"


@pytest.mark.parametrize("name", INVALID)
def test_missing_field_is_invalid(name: str) -> None:
    fields = json.loads(SALE.to_json())
    del fields[name]
    assert raison(json.dumps(fields).encode()) == f"{name}_invalide"


def test_timestamp_one_day_ahead_is_valid_and_a_microsecond_more_is_not() -> None:
    limit = (KAFKA + timedelta(days=1)).replace(tzinfo=None)
    assert raison(event(timestamp=f'"{limit.isoformat()}"')) is None
    assert raison(event(timestamp=f'"{limit.isoformat()}.0000009"')) is None
    assert raison(event(timestamp=f'"{limit.isoformat()}.000001"')) == "timestamp_futur"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ({"quantite": "1"}, None),
        ({"quantite": "0"}, "quantite_inferieure_a_1"),
        ({"quantite": "-0.0"}, "quantite_inferieure_a_1"),
        ({"montant": "0"}, None),
        ({"montant": "-0.00"}, None),
        ({"montant": "-0.01"}, "montant_negatif"),
        ({"client_id": "0"}, "client_inconnu"),
        ({"client_id": '"+4.0"'}, None),
        ({"produit_id": "106"}, "produit_inconnu"),
    ],
)
def test_boundaries_of_the_other_rules(texts: dict[str, str], expected: str | None) -> None:
    assert raison(event(**texts)) == expected


def test_the_first_rule_in_order_wins() -> None:
    faults = {
        "vente_id": "null",
        "client_id": "null",
        "produit_id": "null",
        "timestamp": "null",
        "quantite": "null",
        "montant": "null",
    }
    mended = {
        "vente_id": "1",
        "client_id": "999",
        "produit_id": "999",
        "timestamp": '"2099-01-01T00:00:00"',
        "quantite": "0",
        "montant": "-1",
    }
    found = []
    for name in (*faults, "quantite", "montant", "client_id", "produit_id", "timestamp"):
        found.append(raison(event(**faults)))
        faults[name] = mended[name] if faults[name] == "null" else json.dumps(json.loads(SALE.to_json())[name])
    assert found == list(RAISONS[1:-1])
    assert raison(event(**faults)) is None


def test_a_number_and_its_text_are_alike() -> None:
    assert evaluate(
        event(quantite='"2.0"', montant='"51"', vente_id='"+01766399445123456"'), micros(KAFKA)
    ) == evaluate(SALE.to_json(), micros(KAFKA))


@pytest.mark.parametrize("text", ["5.1e1", "51." + "0" * 40])
def test_a_number_that_bronze_has_marked_stays_invalid(text: str) -> None:
    value = event(montant=text)
    assert evaluate(value, micros(KAFKA)).montant == 5100
    assert evaluate(value, micros(KAFKA), {"montant"}) == Evaluation("montant_invalide")


@pytest.mark.parametrize("text", ["51.00", "51", '"51.0"'])
def test_a_number_that_bronze_cannot_have_marked_counts(text: str) -> None:
    assert evaluate(event(montant=text), micros(KAFKA), {"montant"}).montant == 5100


def test_a_sale_of_ours_is_read_the_fast_way() -> None:
    assert _ORDINARY.fullmatch(SALE.to_json())


def strict(value: bytes) -> Evaluation:
    """The same event by the strict reading: a member more keeps it off the fast way."""
    return evaluate(value[:-1] + b', "autre": 1}', micros(KAFKA))


numbers = st.one_of(
    st.integers(0, 10**17).map(str),
    st.decimals(min_value=0, max_value=10**11, places=2).map(lambda number: format(number, "f")),
    st.sampled_from(
        ["0", "00", "-1", "01.00", "1.0", "9007199254740991", "9007199254740992", "999999999", "2147483648"]
    ),
)
texts = st.one_of(st.text(st.characters(codec="ascii"), max_size=5), st.text(max_size=5)).map(json.dumps)
moments = st.one_of(
    st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(
        lambda moment: moment.isoformat(timespec="microseconds")
    ),
    st.from_regex(r"20(25|24)-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\.[0-9]{6}", fullmatch=True),
).map(lambda text: f'"{text}"')


@given(numbers, numbers, numbers, moments, numbers, numbers, texts)
def test_ordinary_events_are_read_as_strictly_as_all_others(
    vente_id: str, client_id: str, produit_id: str, timestamp: str, quantite: str, montant: str, client_nom: str
) -> None:
    value = event(
        vente_id=vente_id,
        client_id=client_id,
        produit_id=produit_id,
        timestamp=timestamp,
        quantite=quantite,
        montant=montant,
        client_nom=client_nom,
    )
    assert evaluate(value, micros(KAFKA)) == strict(value)


@given(
    st.integers(1 - 2**53, 2**53 - 1),
    st.sampled_from(sorted(CLIENTS)),
    st.sampled_from(sorted(PRODUITS)),
    st.datetimes(datetime(1970, 1, 1), KAFKA.replace(tzinfo=None)),
    st.integers(1, 2**31 - 1),
    st.decimals(min_value=0, max_value="9999999999.99", places=2),
    st.booleans(),
)
def test_every_valid_sale_comes_back_as_it_was(
    vente_id: int, client_id: int, produit_id: int, timestamp: datetime, quantite: int, montant: Decimal, spaced: bool
) -> None:
    value = encode(
        {
            "vente_id": vente_id,
            "client_id": client_id,
            "produit_id": produit_id,
            "timestamp": timestamp,
            "quantite": quantite,
            "montant": Decimal(format(montant, "f")),
        }
    )
    found = evaluate(value if spaced else value.replace(b" ", b""), micros(KAFKA))
    moment = micros(timestamp.replace(tzinfo=UTC))
    assert found == (None, vente_id, client_id, produit_id, moment, quantite, int(montant * 100))


@given(st.one_of(st.none(), st.binary(max_size=200), st.text(max_size=100).map(str.encode)))
def test_no_bytes_at_all_make_it_fail(value: bytes | None) -> None:
    assert raison(value) in RAISONS


@given(st.integers(0, 2**32), st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=2)), min_size=1, max_size=3))
def test_a_damaged_event_is_never_better_than_strict_reading_finds_it(seed: int, cuts: list[tuple[int, bytes]]) -> None:
    value = SALE.to_json()
    for place, inserted in cuts:
        value = value[: place % len(value)] + inserted + value[place % len(value) + seed % 3 :] or b"{}"
    by_hand = evaluate(b" " + value, micros(KAFKA))  # a blank in front keeps it off the fast way
    assert evaluate(value, micros(KAFKA)) == by_hand


def test_exactly_two_mebibytes_is_read_and_one_byte_more_is_not() -> None:
    vente = b'{"vente_id": 1, "client_id": 1, "produit_id": 101, "timestamp": "2025-12-22T10:30:45.123456", '
    vente += b'"quantite": 2, "montant": 1799.98, "client_nom": "%s", "produit_nom": "a", "categorie": "b", '
    vente += b'"pays": "c", "segment": "d"}'
    whole = vente % (b"x" * (LARGEST_EVENT - len(vente) + 2))
    kafka_timestamp = (KAFKA - EPOCH) // timedelta(microseconds=1)
    assert len(whole) == LARGEST_EVENT
    assert evaluate(whole, kafka_timestamp).raison is None
    assert evaluate(whole.replace(b'"c"', b'"cc"'), kafka_timestamp).raison == "illisible"

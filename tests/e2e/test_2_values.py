"""The values that other producers send: both implementations of the verdict judge each of them alike."""

import json
import random
from contextlib import closing
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pyarrow.parquet as pq
import pytest
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource

from ingestion.event import VenteEvent, encode
from tests.sales import SALE

pytestmark = pytest.mark.e2e

COUNT = 4000
# by hand, what no chance should decide, each as JSON; with the verdict
BY_HAND = {
    ("montant", "1.23456789E7"): None,
    ("montant", "1E+2"): None,
    ("montant", "-0e0"): None,
    ("montant", '"1.5e1"'): None,
    ("montant", "12.34" + "0" * 60): None,
    # a cast of all these zeros would take a minute
    ("montant", '"12.34' + "0" * 1_900_000 + '"'): None,
    ("vente_id", "-9223372036854775808"): "vente_id_invalide",
    ("montant", "1.2345e1"): "montant_invalide",
    ("montant", "1e999999999"): "montant_invalide",
    ("montant", "1e-999999999"): "montant_invalide",
    ("montant", "0e999999999"): "montant_invalide",
    ("montant", '"1.e5"'): "montant_invalide",
    ("montant", "1.e5"): "illisible",
    ("montant", "+1"): "illisible",
    ("montant", '"+1"'): None,
    ("quantite", "2.0E0"): None,
    ("quantite", "1e2"): None,
    ("quantite", "5e-1"): "quantite_invalide",
    ("client_id", "4e0"): None,
    ("produit_id", "1.02e2"): None,
    ("timestamp", '"0001-01-01T00:00:00"'): "timestamp_invalide",
    ("timestamp", '"0001-01-01T00:00:00+02:00"'): "timestamp_invalide",
    ("timestamp", '"1600-05-01T10:00:00"'): "timestamp_invalide",
    ("timestamp", '"1969-12-31T23:59:59.999999"'): "timestamp_invalide",
    ("timestamp", '"1970-01-01T00:00:00"'): None,
    ("timestamp", '"1970-01-01t02:00:00.0+02"'): None,
    ("timestamp", '"2025-12-22t10:30z"'): None,
    ("timestamp", '"2025-12-22T23:59:60"'): "timestamp_invalide",
    ("timestamp", '"2025-12-22T24:00:00"'): "timestamp_invalide",
    ("timestamp", '"9999-12-31T23:00-02:00"'): "timestamp_futur",
}
CHANCE = random.Random(20251222)


def odd_number() -> str:
    """A number as nobody should write it."""
    sign = CHANCE.choice(["", "", "", "-"])
    whole = CHANCE.choice(["0", "1", "4", "12", "101", "1234567", "9007199254740991", "1" + "0" * 39])
    fraction = CHANCE.choice(["", "", ".0", ".5", ".25", ".123", ".1200", ".99", "." + "0" * 40, ".000000001"])
    exponent = CHANCE.choice(["", "e", "E"])
    if exponent:
        exponent += CHANCE.choice(["", "+", "-"]) + CHANCE.choice(["", "0", "000"])
        exponent += str(CHANCE.choice([0, 0, 1, 2, 3, 9, 15, 39, 40, 998, 999, 1000, 999999999]))
    text = sign + whole + fraction + exponent
    return CHANCE.choice([text, text, text, f'"{text}"', f'"+{whole}{fraction}{exponent}"', f'" {text}"', f"[{text}]"])


def odd_time() -> str:
    """A time that is one, or nearly."""
    year = CHANCE.choice(["0000", "0001", "1600", "1969", "1970", "2024", "2025", "9999"])
    day = CHANCE.choice(["01-01", "12-31", "02-29", "02-30", "13-01", "00-10", "06-15"])
    clock = CHANCE.choice(["00:00", "23:59", "24:00", "10:60", "10:30"])
    second = CHANCE.choice(["", ":00", ":59", ":60", ":45.1", ":59.9999999", ":45.123456789", ":45,5"])
    zone = CHANCE.choice(["", "", "Z", "z", "+02", "+0200", "-02:00", "+18:00", "+18:01", "-00:00", " UTC"])
    return f'"{year}-{day}{CHANCE.choice(["T", "t", " ", "_"])}{clock}{second}{zone}"'


def event(number: int, **texts: str) -> bytes:
    """The sale with some members replaced by literal JSON."""
    fields = VenteEvent.__dataclass_fields__
    members = {name: encode({name: getattr(SALE, name)}).decode()[1:-1].partition(": ")[2] for name in fields}
    members |= {"vente_id": str(number)} | texts
    return ("{" + ", ".join(f'"{name}": {text}' for name, text in members.items()) + "}").encode()


def odd(vente_id: int) -> bytes:
    """One or two fields of chance."""
    kinds = CHANCE.sample(["montant", "quantite", "client_id", "produit_id", "vente_id", "timestamp"], k=2)
    texts = {kind: odd_time() if kind == "timestamp" else odd_number() for kind in kinds[: CHANCE.choice([1, 1, 2])]}
    return event(vente_id, **texts)


@pytest.fixture(scope="module")
def judged(stack, send):
    """By the event's key, its `raison`; None for a sale."""
    records = {f"odd {n}".encode(): odd(10_000 + n) for n in range(COUNT)}
    records |= {f"hand {n}".encode(): event(1000 + n, **{name: text}) for n, (name, text) in enumerate(BY_HAND)}
    records[b"spelt"] = event(0, vente_id="3.0E3")
    records[b"ahead"] = event(2000, timestamp=f'"{ahead().isoformat()}"')
    send(records)
    stack.publish_all()
    bronze = stack.table("bronze/ventes_raw").select("key, kafka_partition, kafka_offset").fetchall()
    rejected = {
        (partition, offset): raison
        for partition, offset, raison in stack.table("silver/ventes_rejetees")
        .select("kafka_partition, kafka_offset, raison")
        .fetchall()
    }
    return {key: rejected.get((partition, offset)) for key, partition, offset in bronze if key in records}


def ahead() -> datetime:
    return (datetime.now(UTC) + timedelta(hours=2)).replace(tzinfo=None)


def test_every_stored_verdict_is_the_references(judged, stack):
    assert len(judged) == COUNT + len(BY_HAND) + 2
    assert {None, "vente_id_invalide", "timestamp_invalide", "montant_invalide"} < set(judged.values())
    stack.verify()


@pytest.mark.parametrize(("number", "case"), list(enumerate(BY_HAND)), ids=[" ".join(case)[:60] for case in BY_HAND])
def test_values_of_other_clients_get_their_verdict(judged, number, case):
    assert judged[f"hand {number}".encode()] == BY_HAND[case]


def test_a_number_keeps_its_own_text_in_bronze(judged, stack):
    montants = dict(stack.table("bronze/ventes_raw").select("key, montant").fetchall())
    assert montants[b"hand 0"] == "1.23456789E7"
    assert not [text for text in montants.values() if text and text.startswith("~")]


def test_a_sale_is_found_by_an_exponent_in_its_number(judged, stack):
    assert judged[b"spelt"] is None
    assert "valide" in stack.sales("explain", "3000")


def test_no_time_is_written_as_int96(judged, stack):
    """Neither by the stream over Connect, nor by dbt over Thrift, nor by a compaction; INT96 ends in the year 2262."""
    before = data_files(stack.lake)
    stack.sales("maintain")
    files = data_files(stack.lake)
    assert files > before
    kinds = {
        (file.relative_to(stack.lake).parts[1], schema.column(number).physical_type)
        for file in files
        for schema in [pq.ParquetFile(file).schema]
        for number in range(len(schema))
    }
    assert {("ventes_raw", "INT64"), ("ventes_clean", "INT64"), ("cube_horaire", "INT64")} < kinds
    assert not [kind for kind in kinds if kind[1] == "INT96"]


def data_files(lake):
    """What commits have added; any other file may be half written."""
    return {
        log.parent.parent / unquote(action["add"]["path"])
        for log in lake.rglob("_delta_log/*.json")
        for action in map(json.loads, log.read_text().splitlines())
        if "add" in action
    }


def test_a_sale_ahead_of_now_has_no_negative_age(judged, stack):
    status = stack.get("/api/status")
    assert datetime.fromisoformat(status["newest_vente_at"]) > datetime.now(UTC)
    assert status["newest_vente_age_seconds"] == 0
    assert status["data_age_seconds"] >= 0


def test_producers_that_date_the_events_are_named(judged, stack):
    """A topic that somebody else has made may have it; the broker's clock is what days and rules rest on."""
    with closing(KafkaAdminClient(bootstrap_servers=stack.kafka.bootstrap_servers)) as admin:
        for kind in ("CreateTime", "LogAppendTime"):
            resource = ConfigResource("TOPIC", stack.kafka.topic, {"message.timestamp.type": kind})
            admin.alter_configs([resource])
            said = "must have message.timestamp.type=LogAppendTime, got CreateTime"
            assert (said in stack.sales("status")) == (kind == "CreateTime")

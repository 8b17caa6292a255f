"""Whatever arrives reaches Bronze, and what Bronze makes of it is what the reference makes of it."""

import json
from decimal import Decimal

import pytest

from ingestion.verify.strict_json import UnreadableError, read_object

pytestmark = pytest.mark.e2e

VENTE = b'{"vente_id": 1, "montant": 12.10, "canal": {"nom": ["web", 1.50]}}'
NASTY = {
    "plain": VENTE,
    "white space around": b" \n" + VENTE + b"\t ",
    "text behind": VENTE + b" x",
    "two objects": VENTE + VENTE,
    "text behind a flat object": b'{"a": 1} x',
    "brace behind": b'{"a": 1}}',
    "object behind": b'{"a": 1}{"b": 2}',
    "brace in a string": b'{"a": "}"}',
    "a string, then a brace": b'"a"}',
    "empty object": b"{}",
    "closes the array it is counted in": b'{"a": 1}], [{"b": 2}',
    "duplicate key": b'{"a": 1, "a": 2}',
    "duplicate key inside": b'{"a": {"b": 1, "b": 2}}',
    "array": b"[1]",
    "null": b"null",
    "number": b"12",
    "empty": b"",
    "blank": b" \t\r\n",
    "tombstone": None,
    "truncated": VENTE[:20],
    "single quotes": b"{'a': 1}",
    "NaN": b'{"a": NaN}',
    "leading zero": b'{"a": 01}',
    "trailing comma": b'{"a": 1,}',
    "BOM": b"\xef\xbb\xbf" + VENTE,
    "UTF-16": VENTE.decode().encode("utf-16"),
    "not UTF-8": b'{"a": "\xff"}',
    "encoded surrogate": b'{"a": "\xed\xa0\x80"}',
    "lone surrogate": b'{"a": "\\ud800"}',
    "surrogate pair": b'{"a": "\\ud83d\\ude00"}',
    "control character": b'{"a": "x\x01"}',
    "escaped NUL": b'{"a": "\\u0000"}',
    "2 000 deep": b'{"a": ' + b"[" * 2000 + b"]" * 2000 + b"}",
    "998 deep": b'{"a": ' + b"[" * 998 + b"]" * 998 + b"}",
    "999 deep": b'{"a": ' + b"[" * 999 + b"]" * 999 + b"}",
    "number of 1 000 digits": b'{"a": ' + b"9" * 1000 + b"}",
    "number of 1 001 digits": b'{"a": ' + b"9" * 1001 + b"}",
    "name of 50 001 characters": b'{"' + b"n" * 50_001 + b'": 1}',
    "exponent": b'{"montant": 1e2}',
    "small exponent": b'{"montant": -1.5E-7}',
    "beyond a double": b'{"montant": 1e999}',
    "38 digits": b'{"montant": ' + b"9" * 38 + b"}",
    "39 digits": b'{"montant": ' + b"9" * 39 + b"}",
    "38 decimals": b'{"montant": 0.' + b"3" * 38 + b"}",
    "39 decimals": b'{"montant": 0.' + b"3" * 39 + b"}",
    "exponent in a string": b'{"montant": "1e2"}',
    "amount in a string": b'{"montant": "12.50"}',
    "infinity in a string": b'{"montant": "Infinity"}',
    "1 MB of text": b'{"a": "' + b"x" * 1_000_000 + b'"}',
}


@pytest.fixture(scope="module")
def arrived(stack, send):
    send({name.encode(): value for name, value in NASTY.items()})
    stack.sales("drain")
    rows = stack.table("bronze/ventes_raw").select("key, value, parse_error, montant, unknown_fields").fetchall()
    return {key.decode(): rest for key, *rest in rows if key.decode() in NASTY}


def test_the_bytes_are_kept(arrived):
    assert {name: value for name, (value, *_) in arrived.items()} == NASTY


@pytest.mark.parametrize("name", NASTY)
def test_it_reads_what_the_reference_reads(arrived, name):
    _, parse_error, *_ = arrived[name]
    try:
        read_object(NASTY[name])
        expected = None
    except UnreadableError as error:
        expected = str(error)
    assert parse_error == expected


@pytest.mark.parametrize("name", [name for name, value in NASTY.items() if value and b'"montant"' in value])
def test_a_number_keeps_its_value(arrived, name):
    """Its text, too, where a double could not hold it."""
    montant = arrived[name][2]
    try:
        expected = read_object(NASTY[name])["montant"]
    except UnreadableError:
        assert montant is None
        return
    if expected.replace(".", "").isdigit():
        assert Decimal(montant) == Decimal(expected)
    else:
        assert montant == expected


def test_unknown_fields_are_kept_and_reported(arrived, stack):
    assert json.loads(dict(arrived["plain"][3])["canal"])["nom"][0] == "web"
    assert "canal" in stack.sales("status")


def test_it_does_not_stop_silver(arrived, stack):
    stack.publish_all()
    stack.verify()
